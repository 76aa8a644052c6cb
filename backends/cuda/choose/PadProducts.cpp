// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. weights: padded constants, sliced inside of the region; 2. activations: their maker stores padded rows when it computes element by element, else a copy does, once for all readers that ask.
#include "backends/cuda/choose/Passes.h"
#include "dialects/Graph/AssumedSizes.h"
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CUDAPADPRODUCTS
#include "backends/cuda/CudaPasses.h.inc"

namespace {

constexpr int64_t kLanes = 8;          // of 16 bytes of halves; f32 has 4
constexpr int64_t kLineBytes = 128;    // of memory: with boxes of 64 halves that lie across two, and across five sectors, a product of 4096 x 1000 x 768 took 18.1 us instead of 14.3
constexpr int64_t kMostWaste = 8;      // weights grow by one part in so many at most to have whole lines, or halves and quarters of them
constexpr int64_t kWorthLine = 256;
constexpr int64_t kWorthRow = 32;
constexpr int64_t kWorth = 1 << 24;    // multiply-adds of a product that is worth a copy of its activations
constexpr int64_t kWorthColumns = 256; // whose rows are read by more than one tile

int64_t roundUp(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

struct CudaPadProducts : impl::CudaPadProductsBase<CudaPadProducts> {
  using CudaPadProductsBase::CudaPadProductsBase;

  void runOnOperation() override {
    ShapeFacts shapes(getOperation());
    if (!shapes.valid())
      return signalPassFailure();
    facts = &shapes;
    AssumedSizes sizes(getOperation(), shapes);
    SmallVector<MatMulOp> products;
    getOperation().walk([&](MatMulOp product) {
      if (isa<RegionOp>(product->getParentOp()))
        products.push_back(product);
    });
    for (MatMulOp product : products) {
      if (!facts->elementType(product.getY()).isF32() && facts->elementType(product.getY()).getIntOrFloatBitWidth() != 16)
        continue;
      padWeights(product);
      padActivations(product, sizes);
    }
    padded.clear();
  }

private:
  /// Counts to add at the end of each dim so that rows are whole vectors; none when they are, when their length is not known, or when they are so short that the zeros would weigh.
  std::optional<Dims> counts(Value v) {
    Dims high(facts->dims(v).size(), DimExpr(0));
    auto n = facts->dims(v).back().constant();
    if (!n || *n % kLanes == 0 || *n < kWorthRow)
      return std::nullopt;
    high.back() = roundUp(*n) - *n;
    return high;
  }

  Value pad(OpBuilder &b, Value v, const Dims &high) {
    Dims low(high.size(), DimExpr(0));
    return facts->make<PadOp>(b, v.getLoc(), v, {b.getNamedAttr("low", DimsAttr::get(&getContext(), low)), b.getNamedAttr("high", DimsAttr::get(&getContext(), high))});
  }

  /// The region reads `now`, which is longer, in place of the value of `argument`.
  void replaceInput(BlockArgument argument, Value now) {
    auto region = cast<RegionOp>(argument.getOwner()->getParentOp());
    OpBuilder within = OpBuilder::atBlockBegin(argument.getOwner());
    Dims dims(facts->dims(argument)), starts(dims.size(), DimExpr(0));
    BlockArgument longer = addInput(region, now, *facts);
    SmallVector<int64_t> steps(dims.size(), 1);
    Value slice = facts->make<SliceOp>(within, argument.getLoc(), longer,
                                       {within.getNamedAttr("starts", DimsAttr::get(&getContext(), starts)), within.getNamedAttr("steps", within.getDenseI64ArrayAttr(steps)),
                                        within.getNamedAttr("dims", DimsAttr::get(&getContext(), dims))});
    argument.replaceAllUsesWith(slice);
    dropInput(argument);
  }

  /// The argument that an operand is, maybe transposed.
  static BlockArgument argumentOf(Value operand) {
    if (auto transpose = operand.getDefiningOp<TransposeOp>(); transpose && transpose->hasOneUse())
      operand = transpose.getX();
    auto argument = dyn_cast<BlockArgument>(operand);
    return argument && argument.hasOneUse() ? argument : BlockArgument();
  }

  void padWeights(MatMulOp product) {
    BlockArgument argument = argumentOf(product.getB());
    if (!argument || facts->rank(argument) != 2)
      return;
    auto region = cast<RegionOp>(product->getParentOp());
    Value weights = region.getInputs()[argument.getArgNumber()];
    auto n = facts->dims(weights).back().constant();
    if (!isConstantExpression(weights) || !n || *n < kWorthRow)
      return;
    const int64_t longer = longerRow(*n, facts->elementType(weights).getIntOrFloatBitWidth() / 8);
    if (longer == *n)
      return;
    OpBuilder before(region);
    replaceInput(argument, pad(before, weights, {DimExpr(0), DimExpr(longer - *n)}));
    ++weightsPadded;
  }

  /// Whole lines of memory, sectors at least, where that wastes little; else whole vectors.
  static int64_t longerRow(int64_t n, int64_t elementBytes) {
    for (int64_t bytes = kLineBytes; bytes >= 32 && n >= kWorthLine; bytes /= 2) {
      int64_t lanes = bytes / elementBytes, longer = (n + lanes - 1) / lanes * lanes;
      if ((longer - n) * kMostWaste <= n)
        return longer;
    }
    return roundUp(n);
  }

  void padActivations(MatMulOp product, const AssumedSizes &sizes) {
    auto argument = dyn_cast<BlockArgument>(product.getA());
    if (!argument || !argument.hasOneUse() || facts->rank(argument) < 2)
      return;
    Dims y(facts->dims(product.getY()));
    DimExpr work = facts->dims(argument).back();
    for (const DimExpr &d : y)
      work = work * d;
    auto columns = y.back().constant();
    auto region = cast<RegionOp>(product->getParentOp());
    Value v = region.getInputs()[argument.getArgNumber()];
    auto high = counts(v);
    if (!high || isConstantExpression(v) || sizes(work) < kWorth || !columns || *columns < kWorthColumns)
      return;
    replaceInput(argument, paddedRows(v, *high));
  }

  /// Regions whose kernels store whatever they compute by elements, so that zeros behind a row cost nothing to speak of.
  static bool isElementwise(RegionOp region) {
    return llvm::all_of(region.getBody().front().without_terminator(), [](Operation &op) { return op.hasTrait<Pointwise>() || isa<ConstantOp>(op); });
  }

  Value paddedRows(Value v, const Dims &high) {
    if (Value known = padded.lookup(v))
      return known;
    auto maker = v.getDefiningOp<RegionOp>();
    if (maker && maker.getNumResults() == 1 && v.hasOneUse() && isElementwise(maker)) {
      Operation *yield = maker.getBody().front().getTerminator();
      OpBuilder inside(yield);
      Value now = pad(inside, yield->getOperand(0), high);
      yield->setOperand(0, now);
      v.setType(cast<RankedTensorType>(now.getType()));
      facts->set(v, facts->elementType(now), Dims(facts->dims(now)));
      ++stored;
      return v;
    }
    OpBuilder after(&getContext());
    after.setInsertionPointAfterValue(v);
    auto copy = RegionOp::create(after, v.getLoc(), TypeRange(), ValueRange{v}, after.getStringAttr("move"));
    OpBuilder inside(&getContext());
    Block *block = inside.createBlock(&copy.getBody());
    BlockArgument argument = block->addArgument(v.getType(), v.getLoc());
    facts->set(argument, facts->elementType(v), Dims(facts->dims(v)));
    Value now = pad(inside, argument, high);
    YieldOp::create(inside, v.getLoc(), now);
    auto typed = RegionOp::create(after, v.getLoc(), TypeRange{now.getType()}, ValueRange{v}, after.getStringAttr("move"));
    typed.getBody().takeBody(copy.getBody());
    copy.erase();
    facts->set(typed.getResult(0), facts->elementType(now), Dims(facts->dims(now)));
    ++copied;
    return padded[v] = typed.getResult(0);
  }

  ShapeFacts *facts = nullptr;
  DenseMap<Value, Value> padded;
};

} // namespace
} // namespace mlc

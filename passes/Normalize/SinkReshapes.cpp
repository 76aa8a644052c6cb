// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_SINKRESHAPES
#include "passes/Normalize/Passes.h.inc"

namespace {

class Sinker {
public:
  explicit Sinker(ShapeFacts &facts) : facts(facts) {}

  /// The value that replaces the op's result, or null.
  Value visit(Operation *op) {
    if (auto reshape = dyn_cast<ReshapeOp>(op)) { // back to where it came from
      Value x = source(reshape.getX());
      return Dims(facts.dims(x)) == Dims(facts.dims(reshape.getY())) ? x : Value();
    }
    if (auto product = dyn_cast<MatMulOp>(op))
      return ofProduct(product);
    return op->hasTrait<Pointwise>() && !isa<ExpandOp, CastOp>(op) && op->getNumResults() == 1 ? pointwise(op) : Value();
  }

private:
  /// What all reshapes before a value start from.
  static Value source(Value v) {
    while (auto reshape = v.getDefiningOp<ReshapeOp>())
      v = reshape.getX();
    return v;
  }

  /// The rows of a product are what they are, however they are counted: reshape(x) w = reshape(x w).
  Value ofProduct(MatMulOp op) {
    Value x = source(op.getA());
    if (x == op.getA() || facts.rank(op.getB()) != 2 || facts.rank(op.getA()) < 2 || facts.rank(x) < 2 || facts.dims(x).back() != facts.dims(op.getA()).back())
      return {};
    Build b(op, facts);
    return b.reshape(b.make<MatMulOp>({x, op.getB()}), Dims(facts.dims(op.getY())));
  }

  /// f(reshape(x), reshape(y), c) = reshape(f(x, y, c)) when x and y have one shape and c follows the last dim, which stays, or is one element.
  Value pointwise(Operation *op) {
    Dims out(facts.dims(op->getResult(0)));
    std::optional<Dims> inner;
    for (Value v : op->getOperands())
      if (Value x = source(v); x != v && Dims(facts.dims(v)) == out && !inner)
        inner = Dims(facts.dims(x));
    if (!inner || inner->empty() || out.empty())
      return {};
    Build b(op, facts);
    bool keepsLast = inner->back() == out.back();
    SmallVector<Value> operands;
    for (Value v : op->getOperands()) {
      Dims dims(facts.dims(v));
      if (Value x = source(v); dims == out && Dims(facts.dims(x)) == *inner) {
        operands.push_back(x);
        continue;
      }
      bool one = product(dims).isConstant(1), row = keepsLast && !dims.empty() && dims.back() == out.back() && product(ArrayRef<DimExpr>(dims).drop_back()).isConstant(1);
      if ((one || row) && dims.size() <= inner->size())
        operands.push_back(v);
      else if (Value spread = spreadOver(b, v, *inner, out))
        operands.push_back(spread);
      else
        return {};
    }
    Operation *made = facts.create(b.b, op->getLoc(), op->getName().getStringRef(), operands, op->getAttrs());
    if (!made || Dims(facts.dims(made->getResult(0))) != *inner)
      return {};
    Value behind = beforeBlocks(made);
    return b.reshape(behind ? behind : made->getResult(0), out);
  }

  /// f(blocks, c) with blocks = transpose(reshape(p)) of a product p, whose columns become the pixels of a block and their channels (a deconvolution whose windows do not overlap), and constants c that
  /// follow the channels: f is the product's epilogue, f(blocks(p), c) = blocks(f(p, c for each pixel)). Null when it is something else.
  Value beforeBlocks(Operation *op) {
    TransposeOp blocks;
    for (Value v : op->getOperands())
      if (auto t = v.getDefiningOp<TransposeOp>())
        blocks = t;
    constexpr int64_t kMaxPixels = 64;
    int64_t rank = blocks ? blocks.getPerm().size() : 0;
    if (rank < 5 || blocks.getPerm().back() + 1 != rank || !isReadBy(blocks, op))
      return {};
    Value p = source(blocks.getX());
    Dims fine(facts.dims(blocks.getX())), columns(facts.dims(p));
    Operation *maker = p.getDefiningOp();
    if (!maker || !(isa<MatMulOp>(maker) || maker->hasTrait<Pointwise>()) || columns.empty())
      return {};
    // The last dims of the blocks are the product's columns.
    DimExpr inner = 1;
    for (size_t i = fine.size(); i-- > 0 && inner != columns.back();)
      inner = inner * fine[i];
    auto width = columns.back().constant(), channels = fine.back().constant();
    if (inner != columns.back() || !width || !channels || *channels == 0 || *width % *channels || *width / *channels > kMaxPixels)
      return {};
    Build b(op, facts);
    SmallVector<Value> operands;
    for (Value v : op->getOperands()) {
      bool one = product(facts.dims(v)).isConstant(1);
      if (v == blocks.getY())
        operands.push_back(p);
      else if (one && facts.rank(v) <= static_cast<int64_t>(columns.size()))
        operands.push_back(v);
      else if (derivesFromConstants(v) && facts.rank(v) > 0 && product(facts.dims(v)) == fine.back() && facts.dims(v).back() == fine.back())
        operands.push_back(b.make<ConcatOp>(SmallVector<Value>(*width / *channels, b.reshape(v, {fine.back()})), b.b.getNamedAttr("axis", b.b.getI64IntegerAttr(0))));
      else
        return {};
    }
    Operation *made = facts.create(b.b, op->getLoc(), op->getName().getStringRef(), operands, op->getAttrs());
    if (!made || Dims(facts.dims(made->getResult(0))) != columns)
      return {};
    return b.make<TransposeOp>(b.reshape(made->getResult(0), fine), b.b.getNamedAttr("perm", blocks.getPermAttr()));
  }

  /// Whether a value's readers are `op` and the views that it was read through before.
  static bool isReadBy(TransposeOp t, Operation *op) {
    return llvm::all_of(t->getUsers(), [&](Operation *user) { return user == op || (isa<ReshapeOp>(user) && user->getResult(0).hasOneUse()); });
  }

  /// An operand for [a*b, ..] of one for [a, b, ..] that is smaller than the result (the mask of each window, for all samples and heads), repeated over a; or null.
  Value spreadOver(Build &b, Value v, const Dims &inner, const Dims &out) {
    Dims dims(facts.dims(v));
    bool splitsFirst = out.size() == inner.size() + 1 && inner[0] == out[0] * out[1] && llvm::equal(ArrayRef<DimExpr>(inner).drop_front(), ArrayRef<DimExpr>(out).drop_front(2));
    if (!splitsFirst || dims.size() != out.size() || dims[1] != out[1] || (!dims[0].isConstant(1) && dims[0] != out[0]))
      return {};
    ArrayRef<DimExpr> rest = ArrayRef<DimExpr>(dims).drop_front(2);
    if (llvm::equal(rest, ArrayRef<DimExpr>(out).drop_front(2)))
      return {};
    if (dims[0] != out[0]) {
      dims[0] = out[0];
      v = b.make<ExpandOp>(v, b.b.getNamedAttr("dims", DimsAttr::get(b.b.getContext(), ArrayRef<DimExpr>(dims))));
    }
    Dims joined{inner[0]};
    llvm::append_range(joined, rest);
    return b.reshape(v, joined);
  }

  ShapeFacts &facts;
};

struct SinkReshapes : impl::SinkReshapesBase<SinkReshapes> {
  using SinkReshapesBase::SinkReshapesBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Sinker sinker(facts);
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (Value y = sinker.visit(op)) {
        op->getResult(0).replaceAllUsesWith(y);
        ++numSunk;
      }
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace mlc

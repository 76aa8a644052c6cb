// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/choose/Library.h"
#include "backends/cuda/emit/Product.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::cuda {
namespace {

// Multiply-adds, and the least of M, N and K, from which cuBLASLt is expected to win: an H100 runs f16 products of thousands at 455 to 677 TFLOP/s by it, at 210 to 260 by our mma.sync templates (docs/results.md), while
// products of a few microseconds lose more by its launch, which starts after all before it has ended, than they gain.
constexpr int64_t kWorth = int64_t(1) << 30, kLeastSide = 128;

// What NVIDIA recommends for its library.
constexpr uint64_t kWorkspace = 4 << 20, kHopperWorkspace = 32 << 20;

/// An argument of the region with the steps between its elements along each dim of the value that is made of it.
struct Operand {
  BlockArgument argument;
  Dims strides;
};

class Matcher {
public:
  Matcher(RegionOp region, ShapeFacts &facts, const Placements &placements, std::string *why) : region(region), facts(facts), placements(placements), why(why) {}

  std::optional<LibraryMatch> run() {
    if (!findProduct() || !followResult() || !addOperands())
      return std::nullopt;
    if (seen.size() != llvm::range_size(region.getBody().front().without_terminator()))
      return no("something else is computed too");
    unsigned inputs = region.getNumOperands();
    match.product.out = inputs;
    match.product.workspace = inputs + 1;
    return match;
  }

private:
  std::nullopt_t no(const llvm::Twine &reason) {
    if (why)
      *why = reason.str();
    return std::nullopt;
  }
  bool fails(const llvm::Twine &reason) {
    no(reason);
    return false;
  }

  bool findProduct() {
    for (Operation &op : region.getBody().front())
      if (auto found = dyn_cast<MatMulOp>(op)) {
        if (product)
          return fails("there are two products");
        product = found;
      }
    if (!product)
      return fails("there is no product");
    if (region.getNumResults() != 1)
      return fails("there are several results");
    element = facts.elementType(product.getA());
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return fails("it has no product of this element type");
    seen.insert(product);
    match.product.element = element;
    return true;
  }

  /// From the product to the yield: casts, bias, activation.
  bool followResult() {
    Value v = product.getY();
    bool hasActivation = false;
    for (;;) {
      if (!v.hasOneUse())
        return fails("a value has two readers");
      Operation *op = *v.user_begin();
      if (isa<YieldOp>(op))
        break;
      seen.insert(op);
      Type type = facts.elementType(v);
      if (auto to = dyn_cast<CastOp>(op)) {
        if (type == element && to.getTo().isF32() && v == product.getY()) // of the sums themselves
          isWide = true;
        else if (to.getTo() != element || !type.isF32())
          return fails("its result has another type");
      } else if (!(isWide || element.isF32()) && !isa<ReluOp>(op)) { // ReLU and rounding may change places
        return fails("sums are rounded in between");
      } else if (isWide && !type.isF32()) {
        return fails("sums are rounded in between");
      } else if (auto add = dyn_cast<AddOp>(op)) {
        Value other = add.getOperand(add.getOperand(0) == v ? 1 : 0);
        if (other == v || hasActivation || !(addBias(other) || addAddend(other)))
          return fails("what is added is no bias and no value of the result's type");
      } else if (isa<ReluOp>(op) || (isa<GeluOp>(op) && cast<GeluOp>(op).getApproximate() == "tanh")) {
        if (hasActivation)
          return fails("there are two activations");
        hasActivation = true;
        match.product.activation = isa<ReluOp>(op) ? LibraryProduct::Activation::Relu : LibraryProduct::Activation::GeluTanh;
      } else {
        return fails("it has no epilogue '" + op->getName().getStringRef() + "'" + (isa<GeluOp>(op) ? " by erf" : ""));
      }
      v = op->getResult(0);
    }
    if (Dims(facts.dims(v)) != Dims(facts.dims(product.getY())))
      return fails("the result has other dims");
    match.product.outElement = facts.elementType(v);
    if (addend && facts.elementType(addend->argument) != match.product.outElement)
      return fails("what is added has another type than the result");
    match.biasIsWide = match.bias && facts.elementType(match.bias) != match.product.outElement;
    return true;
  }

  /// One number for each column, as it lies in memory.
  bool addBias(Value v) {
    v = uncast(v);
    auto argument = dyn_cast<BlockArgument>(v);
    if (match.bias || !argument || !argument.hasOneUse() || placements.of(region.getInputs()[argument.getArgNumber()]))
      return false;
    Type type = facts.elementType(argument);
    Dims dims(facts.dims(argument)), y(facts.dims(product.getY()));
    if (dims.empty() || dims.back() != y.back() || !llvm::all_of(ArrayRef<DimExpr>(dims).drop_back(), [](const DimExpr &d) { return d.isConstant(1); }) || (!type.isF32() && type != element))
      return false;
    match.bias = argument;
    match.product.bias = argument.getArgNumber();
    return true;
  }

  Value uncast(Value v) {
    auto widening = v.getDefiningOp<CastOp>();
    if (!widening || !widening->hasOneUse())
      return v;
    seen.insert(widening);
    return widening.getX();
  }

  /// One number for each of the result's, such as the residual.
  bool addAddend(Value v) {
    v = uncast(v);
    if (addend || Dims(facts.dims(v)) != Dims(facts.dims(product.getY())))
      return false;
    addend = operandOf(v);
    return addend.has_value();
  }

  std::optional<Operand> operandOf(Value v) {
    if (auto argument = dyn_cast<BlockArgument>(v)) {
      Value outer = region.getInputs()[argument.getArgNumber()];
      const Placement *place = placements.of(outer);
      return Operand{argument, place ? Dims(place->strides) : denseStrides(facts.dims(argument))};
    }
    Operation *op = v.getDefiningOp();
    if (!isa<TransposeOp, SliceOp, ReshapeOp>(op) || !v.hasOneUse())
      return no("an operand is computed");
    seen.insert(op);
    auto inner = operandOf(op->getOperand(0));
    if (!inner)
      return std::nullopt;
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      Dims strides;
      for (int64_t p : transpose.getPerm())
        strides.push_back(inner->strides[p]);
      inner->strides = strides;
    } else if (auto slice = dyn_cast<SliceOp>(op)) { // the front of longer rows (cuda-pad-products)
      if (!llvm::all_of(slice.getStarts().getDims(), [](const DimExpr &d) { return d.isConstant(0); }) || !llvm::all_of(slice.getSteps(), [](int64_t s) { return s == 1; }))
        return no("an operand is a part that begins inside");
    } else {
      auto strides = stridesThroughView(facts.dims(op->getOperand(0)), inner->strides, facts.dims(v));
      if (!strides)
        return no("a reshaped operand has no steps");
      inner->strides = *strides;
    }
    return inner;
  }

  /// The one step of dims that are counted as one; nothing when there are gaps. 0 when they have but one element.
  static std::optional<DimExpr> stepOf(ArrayRef<DimExpr> dims, ArrayRef<DimExpr> strides) {
    std::optional<DimExpr> step, next;
    for (size_t i = dims.size(); i-- > 0;) {
      if (dims[i].isConstant(1))
        continue;
      if (next && strides[i] != *next)
        return std::nullopt;
      if (!step)
        step = strides[i];
      next = strides[i] * dims[i];
    }
    return step ? *step : DimExpr(0);
  }

  /// The step from matrix to matrix of a value whose last `tail` dims are the matrix.
  std::optional<DimExpr> batchStep(Value v, const Dims &strides, size_t tail) {
    Dims dims(facts.dims(v)), steps;
    size_t own = dims.size() - tail;
    for (size_t i = 0; i < batch.size(); ++i) {
      bool isThere = i + own >= batch.size() && !dims[i + own - batch.size()].isConstant(1);
      steps.push_back(isThere ? strides[i + own - batch.size()] : DimExpr(0));
    }
    return stepOf(batch, steps);
  }

  /// Rows (step `row`) of columns (step `column`): whether it is stored the other way round, and the step from row to row of how it is stored.
  static std::optional<std::pair<bool, DimExpr>> layoutOf(const DimExpr &rows, const DimExpr &columns, const DimExpr &row, const DimExpr &column) {
    if (column.isConstant(1) || columns.isConstant(1))
      return std::pair(false, rows.isConstant(1) ? columns : row);
    if (row.isConstant(1) || rows.isConstant(1))
      return std::pair(true, column);
    return std::nullopt;
  }

  bool addOperands() {
    Dims y(facts.dims(product.getY())), a(facts.dims(product.getA())), r(facts.dims(product.getB()));
    if (a.size() < 2 || r.size() < 2)
      return fails("an operand is a vector");
    bool flat = r.size() == 2 && a.size() == y.size();
    size_t outer = flat ? 0 : y.size() - 2;
    batch.assign(y.begin(), y.begin() + outer);
    Dims rowDims(y.begin() + outer, y.end() - 1);
    DimExpr M = mlc::product(rowDims), N = y.back(), K = a.back();
    if (!isPositive(K))
      return fails("only a run decides whether there is anything to add up");
    auto left = operandOf(product.getA()), right = operandOf(product.getB());
    if (!left || !right)
      return false;
    Value result = region.getResult(0);
    const Placement *place = placements.of(result);
    Dims out = place ? Dims(place->strides) : denseStrides(y);
    ArrayRef<DimExpr> leftRows(left->strides), outRows(out);
    auto leftRow = stepOf(rowDims, leftRows.take_back(rowDims.size() + 1).drop_back()), outRow = stepOf(rowDims, outRows.take_back(rowDims.size() + 1).drop_back());
    auto leftBatch = batchStep(product.getA(), left->strides, rowDims.size() + 1), rightBatch = batchStep(product.getB(), right->strides, 2), outBatch = stepOf(batch, outRows.take_front(outer));
    if (!leftRow || !outRow || !leftBatch || !rightBatch || !outBatch)
      return fails("its rows or matrices have no one step");
    auto leftLayout = layoutOf(M, K, *leftRow, left->strides.back());
    auto rightLayout = layoutOf(K, N, right->strides[r.size() - 2], right->strides.back());
    auto outLayout = layoutOf(M, N, *outRow, out.back());
    if (!leftLayout || !rightLayout || !outLayout || outLayout->first)
      return fails("neither rows nor columns lie together");
    LibraryProduct &p = match.product;
    DimExpr addendStep = 0, addendBatch = 0;
    if (addend) {
      ArrayRef<DimExpr> rows(addend->strides);
      auto row = stepOf(rowDims, rows.take_back(rowDims.size() + 1).drop_back()), matrix = stepOf(batch, rows.take_front(outer));
      auto layout = row && matrix ? layoutOf(M, N, *row, rows.back()) : std::nullopt;
      if (!layout || layout->first)
        return fails("what is added has no one step from row to row");
      p.addend = addend->argument.getArgNumber();
      addendStep = layout->second;
      addendBatch = *matrix;
    }
    p.left = left->argument.getArgNumber();
    p.right = right->argument.getArgNumber();
    if (p.left == p.right || (p.addend && (*p.addend == p.left || *p.addend == p.right)))
      return fails("two operands are one");
    p.leftTransposed = leftLayout->first;
    p.rightTransposed = rightLayout->first;
    DimExpr count = mlc::product(batch), all = count * M * N;
    match.scalars = {count, M, N, K, leftLayout->second, rightLayout->second, outLayout->second, addendStep, *leftBatch, *rightBatch, *outBatch, addendBatch};
    match.grid = isPositive(all) ? DimExpr(1) : DimExpr::min(1, all, facts.symbols);
    return true;
  }

  bool isPositive(const DimExpr &size) {
    if (auto c = size.constant())
      return *c > 0;
    auto symbol = size.asSymbol();
    return symbol && facts.symbols.lookup(*symbol).min > 0;
  }

  RegionOp region;
  ShapeFacts &facts;
  const Placements &placements;
  std::string *why;
  MatMulOp product;
  Type element;
  Dims batch;
  bool isWide = false; // what follows the product reads its sums in f32
  std::optional<Operand> addend;
  llvm::DenseSet<Operation *> seen;
  LibraryMatch match;
};

} // namespace

std::optional<LibraryMatch> matchLibraryProduct(RegionOp region, ShapeFacts &facts, const Placements &placements, std::string *why) { return Matcher(region, facts, placements, why).run(); }

bool isForLibrary(const ProductShape &s) {
  double work = static_cast<double>(s.batch) * s.M * s.N * s.K;
  return work >= kWorth && std::min({s.M, s.N, s.K}) >= kLeastSide;
}

LibraryChoice chooseLibrary(const ProductShape &shape, StringRef problem, const CudaTarget &target, const Tuning &tuning, llvm::function_ref<bool(StringRef)> isKnown) {
  unsigned place = isForLibrary(shape) ? 0 : 1;
  // What comes with the compiler was measured without the library.
  if (auto tuned = tuning.find(target.arch(), problem, [&](StringRef config) { return config == kLibraryConfig || isKnown(config); }, /*withBuiltIn=*/place > 0))
    return {*tuned == kLibraryConfig, tuning.candidate};
  return {tuning.candidate == place, tuning.candidate > place ? tuning.candidate - 1 : tuning.candidate};
}

Kernel libraryKernel(LibraryMatch match, StringRef problem, const CudaTarget &target) {
  Kernel kernel;
  match.product.workspaceBytes = target.capability >= 90 ? kHopperWorkspace : kWorkspace;
  kernel.library = match.product;
  kernel.kind = kLibraryConfig;
  kernel.scalars = match.scalars;
  kernel.grid = match.grid;
  kernel.workspaces = {DimExpr(static_cast<int64_t>(match.product.workspaceBytes))};
  kernel.problem = problem.str();
  kernel.config = kLibraryConfig;
  return kernel;
}

} // namespace mlc::cuda

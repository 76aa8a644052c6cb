// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"
#include <cmath>

using namespace mlir;

namespace mlc {
#define GEN_PASS_DEF_SIMPLIFYALGEBRA
#include "passes/Normalize/Passes.h.inc"

namespace {

/// What a rule sees. A rule gives the value that replaces the op's result, or null.
struct Rules {
  graph::ShapeFacts &facts;

  bool sameDims(Value a, Value b) { return Dims(facts.dims(a)) == Dims(facts.dims(b)); }
  /// `x` when it has the dims and element type of the result.
  Value keep(Operation *op, Value x) { return sameDims(x, op->getResult(0)) && facts.elementType(x) == facts.elementType(op->getResult(0)) ? x : Value(); }
  static bool is(Value v, double number) { return splatValue(v) == number; }
  static bool allZero(const Dims &dims) { return llvm::all_of(dims, [](const DimExpr &d) { return d.isConstant(0); }); }

  // ---- arithmetic
  Value apply(graph::AddOp op) { return is(op.getB(), 0) ? keep(op, op.getA()) : is(op.getA(), 0) ? keep(op, op.getB()) : Value(); }
  Value apply(graph::SubOp op) { return is(op.getB(), 0) ? keep(op, op.getA()) : Value(); }
  Value apply(graph::MulOp op) { return is(op.getB(), 1) ? keep(op, op.getA()) : is(op.getA(), 1) ? keep(op, op.getB()) : Value(); }
  Value apply(graph::DivOp op) {
    if (is(op.getB(), 1))
      return keep(op, op.getA());
    // A power of two has an exact reciprocal.
    auto divisor = splatValue(op.getB());
    Type type = facts.elementType(op.getB());
    int exponent;
    if (!divisor || !isa<FloatType>(type) || *divisor == 0 || std::fabs(std::frexp(*divisor, &exponent)) != 0.5 || std::abs(exponent) > 12)
      return {};
    Build k(op, facts);
    auto shape = cast<RankedTensorType>(op.getB().getType());
    auto inverse = graph::ConstantOp::create(k.b, op.getLoc(), cast<ElementsAttr>(DenseElementsAttr::get(shape, k.b.getFloatAttr(type, 1 / *divisor).getValue())));
    (void)facts.infer(inverse);
    return k.make<graph::MulOp>({op.getA(), inverse});
  }
  Value apply(graph::PowOp op) {
    Value x = op.getA();
    auto power = splatValue(op.getB());
    if (!power || !sameDims(x, op.getY()))
      return {};
    Build k(op, facts);
    bool floats = isa<FloatType>(facts.elementType(x));
    if (*power == 1)
      return x;
    if (*power == 2)
      return k.make<graph::MulOp>({x, x});
    if (*power == 3)
      return k.make<graph::MulOp>({k.make<graph::MulOp>({x, x}), x});
    if (*power == 0.5 && floats)
      return k.make<graph::SqrtOp>(x);
    return *power == -1 && floats ? k.make<graph::ReciprocalOp>(x) : Value();
  }
  Value apply(graph::WhereOp op) {
    auto condition = splatValue(op.getCondition());
    if (!condition)
      return {};
    Value x = *condition ? op.getA() : op.getB();
    if (Value same = keep(op, x))
      return same;
    Build k(op, facts);
    Dims dims(facts.dims(op.getY()));
    return k.make<graph::ExpandOp>(x, k.b.getNamedAttr("dims", graph::DimsAttr::get(op.getContext(), ArrayRef<DimExpr>(dims))));
  }

  /// v p^T = (p v^T)^T with a softmax p: attention as it is known, with its probabilities on the left.
  Value probabilitiesOnTheLeft(graph::MatMulOp op) {
    auto turned = op.getB().getDefiningOp<graph::TransposeOp>();
    auto softmax = turned ? turned.getX().getDefiningOp<graph::SoftmaxOp>() : graph::SoftmaxOp();
    int64_t rank = facts.rank(op.getB()), axis = softmax ? static_cast<int64_t>(softmax.getAxis()) : 0;
    SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(rank));
    if (!softmax || rank < 2 || facts.rank(op.getA()) != rank || !turned->hasOneUse() || !softmax->hasOneUse() || (axis != -1 && axis != rank - 1))
      return {};
    std::swap(swap[rank - 1], swap[rank - 2]);
    if (turned.getPerm() != ArrayRef<int64_t>(swap))
      return {};
    Build k(op, facts);
    auto transposed = [&](Value v) { return k.make<graph::TransposeOp>(v, k.b.getNamedAttr("perm", k.b.getDenseI64ArrayAttr(swap))); };
    return transposed(k.make<graph::MatMulOp>({softmax.getY(), transposed(op.getA())}));
  }

  /// x I = x
  Value apply(graph::MatMulOp op) {
    if (Value y = probabilitiesOnTheLeft(op))
      return y;
    Dims dims(facts.dims(op.getB()));
    auto constant = op.getB().getDefiningOp<graph::ConstantOp>();
    if (!constant || dims.size() != 2 || dims[0] != dims[1] || !facts.elementType(op.getB()).isF32())
      return {};
    SmallVector<float> elements;
    if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
      elements.assign(dense.value_begin<float>(), dense.value_end<float>());
    else if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(constant.getValue()))
      if (auto array = resource.tryGetAsArrayRef()) // not when it is elided
        elements.assign(array->begin(), array->end());
    size_t n = *dims[0].constant();
    for (size_t i = 0; i < elements.size(); ++i)
      if (elements[i] != (i / n == i % n ? 1.0f : 0.0f))
        return {};
    return elements.empty() ? Value() : keep(op, op.getA());
  }

  // ---- casts
  /// Whether every value of `from` is one of `to`.
  static bool lossless(Type from, Type to) {
    auto a = dyn_cast<IntegerType>(from), b = dyn_cast<IntegerType>(to);
    if (from.isInteger(1))
      return true;
    if (a && b)
      return a.isUnsigned() == b.isUnsigned() ? a.getWidth() <= b.getWidth() : a.isUnsigned() && a.getWidth() < b.getWidth();
    auto f = dyn_cast<FloatType>(from), g = dyn_cast<FloatType>(to);
    if (f && g)
      return APFloat::isRepresentableBy(f.getFloatSemantics(), g.getFloatSemantics());
    return a && g && a.getWidth() <= g.getFPMantissaWidth();
  }
  Value apply(graph::CastOp op) {
    if (Value same = keep(op, op.getX()))
      return same;
    auto inner = op.getX().getDefiningOp<graph::CastOp>();
    if (!inner || !lossless(facts.elementType(inner.getX()), inner.getTo()))
      return {};
    return Build(op, facts).cast(inner.getX(), op.getTo());
  }

  // ---- moves
  /// transpose(softmax(x)) = softmax(transpose(x)) along the axis that becomes the last, which is one kernel.
  Value softmaxOfRows(graph::TransposeOp op) {
    auto softmax = op.getX().getDefiningOp<graph::SoftmaxOp>();
    int64_t rank = op.getPerm().size(), axis = softmax ? static_cast<int64_t>(softmax.getAxis()) : -1;
    axis += axis < 0 ? rank : 0;
    if (!softmax || !softmax->hasOneUse() || axis + 1 == rank || op.getPerm().back() != axis)
      return {};
    Build k(op, facts);
    k.loc = softmax.getLoc();
    return k.make<graph::SoftmaxOp>(k.make<graph::TransposeOp>(softmax.getX(), op->getAttrs()), k.b.getNamedAttr("axis", k.b.getI64IntegerAttr(rank - 1)));
  }
  Value apply(graph::ExpandOp op) { return keep(op, op.getX()); }
  Value apply(graph::ReshapeOp op) { return keep(op, op.getX()); }
  /// `like` with an operand and starts of its own.
  Value slice(graph::SliceOp like, Value x, const Dims &starts) {
    auto attr = [&](const Dims &d) { return graph::DimsAttr::get(like.getContext(), ArrayRef<DimExpr>(d)); };
    Build k(like, facts);
    return k.make<graph::SliceOp>(x, {k.b.getNamedAttr("starts", attr(starts)), k.b.getNamedAttr("steps", like.getStepsAttr()), k.b.getNamedAttr("dims", attr(Dims(facts.dims(like.getY()))))});
  }
  Value apply(graph::SliceOp op) {
    if (!llvm::all_of(op.getSteps(), [](int64_t s) { return s == 1; }))
      return {};
    Dims starts = op.getStarts().getDims();
    if (Value same = allZero(starts) ? keep(op, op.getX()) : Value())
      return same;
    if (auto inner = op.getX().getDefiningOp<graph::SliceOp>(); inner && llvm::all_of(inner.getSteps(), [](int64_t s) { return s == 1; })) {
      for (auto [sum, start] : llvm::zip(starts, inner.getStarts().getDims()))
        sum = sum + start;
      return slice(op, inner.getX(), starts);
    }
    auto concat = op.getX().getDefiningOp<graph::ConcatOp>();
    return concat ? sliceOfPart(op, concat, starts) : Value();
  }
  /// A slice of a concat that lies in one part is a slice of the part.
  Value sliceOfPart(graph::SliceOp op, graph::ConcatOp concat, Dims starts) {
    int64_t axis = concat.getAxis();
    auto begin = starts[axis].constant(), length = facts.dim(op.getY(), axis).constant();
    int64_t at = 0;
    for (Value part : concat.getXs()) {
      auto extent = facts.dim(part, axis).constant();
      if (!begin || !length || !extent)
        return {}; // where the parts lie is not known
      if (*begin >= at && *begin + *length <= at + *extent) {
        starts[axis] = *begin - at;
        Value same = allZero(starts) ? keep(op, part) : Value();
        return same ? same : slice(op, part, starts);
      }
      at += *extent;
    }
    return {};
  }
  /// A cast in front of a gather goes behind it, to the pointwise ops there, unless that makes more work of it.
  Value apply(graph::GatherNDOp op) {
    auto cast = op.getX().getDefiningOp<graph::CastOp>();
    if (!cast || !cast->hasOneUse() || product(Dims(facts.dims(op.getX()))) != product(Dims(facts.dims(op.getY()))))
      return {};
    Build k(op, facts);
    Value y = k.make<graph::GatherNDOp>({cast->getOperand(0), op.getIndices()}, k.b.getNamedAttr("batch_dims", op.getBatchDimsAttr()));
    return k.cast(y, facts.elementType(op.getY()));
  }
  /// One element along the axis: a slice.
  Value apply(graph::GatherOp op) {
    auto indices = facts.constantElements(op.getIndices());
    Dims x(facts.dims(op.getX()));
    int64_t axis = op.getAxis();
    axis += axis < 0 ? x.size() : 0;
    auto extent = x[axis].constant();
    if (!indices || indices->size() != 1 || !extent)
      return {};
    int64_t i = (*indices)[0] < 0 ? (*indices)[0] + *extent : (*indices)[0];
    if (i < 0 || i >= *extent)
      return {}; // a fault at run time
    Build k(op, facts);
    Dims starts(x.size(), DimExpr(0)), dims(x);
    starts[axis] = i;
    dims[axis] = 1;
    auto attr = [&](StringRef name, const Dims &d) { return k.b.getNamedAttr(name, graph::DimsAttr::get(op.getContext(), ArrayRef<DimExpr>(d))); };
    SmallVector<int64_t> steps(x.size(), 1);
    Value slice = k.make<graph::SliceOp>(op.getX(), {attr("starts", starts), k.b.getNamedAttr("steps", k.b.getDenseI64ArrayAttr(steps)), attr("dims", dims)});
    return k.reshape(slice, Dims(facts.dims(op.getY())));
  }
  Value apply(graph::PadOp op) { return allZero(op.getLow().getDims()) && allZero(op.getHigh().getDims()) ? op.getX() : Value(); }
  Value apply(graph::TileOp op) { return llvm::all_of(op.getRepeats().getDims(), [](const DimExpr &r) { return r.isConstant(1); }) ? op.getX() : Value(); }
  /// The slice's range along `axis`, when it takes all of the other dims.
  std::optional<std::pair<DimExpr, DimExpr>> rangeAlong(graph::SliceOp slice, int64_t axis) {
    Dims starts = slice.getStarts().getDims(), in(facts.dims(slice.getX())), out(facts.dims(slice.getY()));
    for (size_t i = 0; i < in.size(); ++i)
      if (slice.getSteps()[i] != 1 || (static_cast<int64_t>(i) != axis && in[i] != out[i]))
        return std::nullopt;
    return std::pair(starts[axis], starts[axis] + out[axis]);
  }
  Value apply(graph::ConcatOp op) {
    if (op.getXs().size() == 1)
      return op.getXs()[0];
    // Neighbouring slices of one value are one slice of it.
    Build k(op, facts);
    int64_t axis = op.getAxis();
    SmallVector<Value> parts;
    bool joined = false;
    for (Value v : op.getXs()) {
      auto slice = v.getDefiningOp<graph::SliceOp>(), before = parts.empty() ? graph::SliceOp() : parts.back().getDefiningOp<graph::SliceOp>();
      auto range = slice ? rangeAlong(slice, axis) : std::nullopt, last = before ? rangeAlong(before, axis) : std::nullopt;
      if (!range || !last || slice.getX() != before.getX() || last->second != range->first) {
        parts.push_back(v);
        continue;
      }
      Dims starts(facts.rank(v), DimExpr(0)), dims(facts.dims(v));
      starts[axis] = last->first;
      dims[axis] = range->second - last->first;
      SmallVector<int64_t> steps(dims.size(), 1);
      auto attr = [&](StringRef name, const Dims &d) { return k.b.getNamedAttr(name, graph::DimsAttr::get(op.getContext(), ArrayRef<DimExpr>(d))); };
      parts.back() = dims == Dims(facts.dims(slice.getX()))
                         ? Value(slice.getX())
                         : k.make<graph::SliceOp>(slice.getX(), {attr("starts", starts), k.b.getNamedAttr("steps", k.b.getDenseI64ArrayAttr(steps)), attr("dims", dims)});
      joined = true;
    }
    if (!joined)
      return {};
    return parts.size() == 1 ? keep(op, parts[0]) : k.make<graph::ConcatOp>(parts, op->getAttrs());
  }
  /// The dims of a transpose's operand that are not 1, in the order of its result.
  SmallVector<int64_t> realOrder(graph::TransposeOp op) {
    SmallVector<int64_t> order;
    for (int64_t p : op.getPerm())
      if (!facts.dim(op.getX(), p).isConstant(1))
        order.push_back(p);
    return order;
  }
  Dims realDims(Value v) {
    Dims dims(facts.dims(v));
    llvm::erase_if(dims, [](const DimExpr &d) { return d.isConstant(1); });
    return dims;
  }
  /// transpose(reshape(transpose(x))) that ends in x's own order, when the reshape does nothing but add and remove dims of extent 1.
  Value putBack(graph::TransposeOp op) {
    Value middle = op.getX();
    while (auto view = middle.getDefiningOp<graph::ReshapeOp>())
      middle = view.getX();
    auto first = middle.getDefiningOp<graph::TransposeOp>();
    if (!first || realDims(middle) != realDims(op.getX()))
      return {};
    SmallVector<int64_t> before = realOrder(first), after = realOrder(op), sorted(after), ends;
    llvm::sort(sorted);
    for (int64_t p : after)
      ends.push_back(before[llvm::find(sorted, p) - sorted.begin()]);
    return llvm::is_sorted(ends) ? Build(op, facts).reshape(first.getX(), Dims(facts.dims(op.getY()))) : Value();
  }
  Value apply(graph::TransposeOp op) {
    if (Value rows = softmaxOfRows(op))
      return rows;
    // The dims that are not 1 keep their order.
    return llvm::is_sorted(realOrder(op)) ? Build(op, facts).reshape(op.getX(), Dims(facts.dims(op.getY()))) : putBack(op);
  }
};

struct SimplifyAlgebra : impl::SimplifyAlgebraBase<SimplifyAlgebra> {
  void runOnOperation() override {
    graph::ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Rules rules{facts};
    // Nothing is erased before the end: facts are kept by value.
    getOperation().walk([&](Operation *op) {
      Value y = llvm::TypeSwitch<Operation *, Value>(op)
                    .Case<graph::AddOp, graph::SubOp, graph::MulOp, graph::DivOp, graph::PowOp, graph::WhereOp, graph::MatMulOp, graph::CastOp, graph::ExpandOp, graph::ReshapeOp, graph::SliceOp, graph::GatherOp, graph::GatherNDOp,
                          graph::PadOp, graph::TileOp, graph::ConcatOp, graph::TransposeOp>([&](auto known) { return rules.apply(known); })
                    .Default([](Operation *) { return Value(); });
      if (!y || y == op->getResult(0))
        return;
      op->getResult(0).replaceAllUsesWith(y);
      ++numSimplified;
    });
    eraseDead(getOperation());
    // A replaced result may have a sharper type.
    func::FuncOp func = getOperation();
    func.setFunctionType(FunctionType::get(&getContext(), func.getArgumentTypes(), func.getBody().front().getTerminator()->getOperandTypes()));
  }
};

} // namespace
} // namespace mlc

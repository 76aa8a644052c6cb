// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Shapes of the pointwise ops, and shape arithmetic on the elements of small integer tensors.
#include "dialects/Graph/Constraints.h"

using namespace mlir;

namespace mlc::graph {
namespace {

using ElementFn = llvm::function_ref<std::optional<DimExpr>(ArrayRef<DimExpr>)>;

/// Applies `fn` to each group of broadcast elements; knows nothing as soon as one group is unknown.
void inferElements(ShapeFacts &facts, Operation *op, ArrayRef<DimExpr> dims, ElementFn fn) {
  int64_t count = 1;
  for (const DimExpr &d : dims) {
    auto c = d.constant();
    if (!c || *c < 0 || *c > ShapeFacts::kMaxElements)
      return;
    count *= *c;
    if (count > ShapeFacts::kMaxElements)
      return;
  }
  SmallVector<ArrayRef<DimExpr>> operands;
  for (Value v : op->getOperands()) {
    auto e = facts.elements(v);
    if (!e)
      return;
    operands.push_back(*e);
  }
  std::vector<DimExpr> out;
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<DimExpr> group;
    for (auto [k, e] : llvm::enumerate(operands)) {
      auto od = facts.dims(op->getOperand(k));
      int64_t rest = i, index = 0, stride = 1;
      for (size_t a = 0; a < dims.size(); ++a) {
        int64_t extent = *dims[dims.size() - 1 - a].constant(), at = rest % extent;
        rest /= extent;
        if (a < od.size()) {
          int64_t own = *od[od.size() - 1 - a].constant();
          index += (own == 1 ? 0 : at) * stride;
          stride *= own;
        }
      }
      group.push_back(e[index]);
    }
    auto r = fn(group);
    if (!r)
      return;
    out.push_back(*r);
  }
  facts.setElements(op->getResult(0), out);
}

LogicalResult inferPointwise(ShapeFacts &facts, Operation *op, Type elementType, ElementFn fn = nullptr) {
  auto dims = facts.broadcast(op, op->getOperands());
  if (failed(dims))
    return failure();
  facts.set(op->getResult(0), elementType, *dims);
  if (fn)
    inferElements(facts, op, *dims, fn);
  return success();
}

/// pointwise_c1: operands that meet in arithmetic have one element type.
LogicalResult checkSameTypes(Operation *op, ValueRange operands) {
  Type first = cast<ShapedType>(operands[0].getType()).getElementType();
  for (Value v : operands)
    if (cast<ShapedType>(v.getType()).getElementType() != first)
      return op->emitOpError() << "[pointwise_c1] has operands of types " << first << " and " << cast<ShapedType>(v.getType()).getElementType();
  return success();
}

/// The sign of a - b when the symbols' ranges decide it: -1, 0, 1.
std::optional<int> compare(ShapeFacts &facts, const DimExpr &a, const DimExpr &b) {
  if (a == b)
    return 0;
  auto [low, high] = (a - b).bounds(facts.symbols);
  if (low > 0)
    return 1;
  if (high < 0)
    return -1;
  return std::nullopt;
}

/// Element rule of a comparison: known when every possible sign gives the same answer.
template <typename Pred> auto compareRule(ShapeFacts &facts, Pred pred) {
  return [&facts, pred](ArrayRef<DimExpr> e) -> std::optional<DimExpr> {
    if (auto sign = compare(facts, e[0], e[1]))
      return DimExpr(pred(*sign) ? 1 : 0);
    auto [low, high] = (e[0] - e[1]).bounds(facts.symbols);
    if (low == 0 && pred(0) == pred(1))
      return DimExpr(pred(0) ? 1 : 0);
    if (high == 0 && pred(0) == pred(-1))
      return DimExpr(pred(0) ? 1 : 0);
    return std::nullopt;
  };
}

template <typename Fn> auto constants(Fn fn) {
  return [fn](ArrayRef<DimExpr> e) -> std::optional<DimExpr> {
    SmallVector<int64_t> c;
    for (const DimExpr &x : e) {
      auto v = x.constant();
      if (!v)
        return std::nullopt;
      c.push_back(*v);
    }
    return fn(ArrayRef<int64_t>(c));
  };
}

} // namespace

#define SAME_TYPE(OP) \
  LogicalResult OP::inferShapes(ShapeFacts &facts) { \
    if (failed(checkSameTypes(*this, (*this)->getOperands()))) \
      return failure(); \
    return inferPointwise(facts, *this, facts.elementType((*this)->getOperand(0))); \
  }
SAME_TYPE(CeilOp) SAME_TYPE(FloorOp) SAME_TYPE(RoundOp) SAME_TYPE(SignOp) SAME_TYPE(SqrtOp) SAME_TYPE(ReciprocalOp)
SAME_TYPE(ExpOp) SAME_TYPE(LogOp) SAME_TYPE(SinOp) SAME_TYPE(CosOp) SAME_TYPE(TanOp) SAME_TYPE(AsinOp) SAME_TYPE(AcosOp) SAME_TYPE(AtanOp)
SAME_TYPE(SinhOp) SAME_TYPE(CoshOp) SAME_TYPE(TanhOp) SAME_TYPE(AsinhOp) SAME_TYPE(AcoshOp) SAME_TYPE(AtanhOp) SAME_TYPE(ErfOp)
SAME_TYPE(BitwiseNotOp) SAME_TYPE(BitwiseAndOp) SAME_TYPE(BitwiseOrOp) SAME_TYPE(BitwiseXorOp) SAME_TYPE(BitShiftOp)
SAME_TYPE(ReluOp) SAME_TYPE(SigmoidOp) SAME_TYPE(SoftplusOp) SAME_TYPE(SoftsignOp) SAME_TYPE(MishOp) SAME_TYPE(HardSwishOp) SAME_TYPE(LeakyReluOp)
SAME_TYPE(EluOp) SAME_TYPE(CeluOp) SAME_TYPE(ThresholdedReluOp) SAME_TYPE(SwishOp) SAME_TYPE(SeluOp) SAME_TYPE(HardSigmoidOp) SAME_TYPE(ShrinkOp)
SAME_TYPE(GeluOp) SAME_TYPE(PReluOp)
#undef SAME_TYPE

#define ARITHMETIC(OP, RULE) \
  LogicalResult OP::inferShapes(ShapeFacts &facts) { \
    if (failed(checkSameTypes(*this, (*this)->getOperands()))) \
      return failure(); \
    auto rule = RULE; \
    return inferPointwise(facts, *this, facts.elementType((*this)->getOperand(0)), rule); \
  }
#define RULE2(EXPR) [&facts](ArrayRef<DimExpr> e) -> std::optional<DimExpr> { (void)facts; return EXPR; }
ARITHMETIC(AddOp, RULE2(e[0] + e[1]))
ARITHMETIC(SubOp, RULE2(e[0] - e[1]))
ARITHMETIC(MulOp, RULE2(e[0] * e[1]))
ARITHMETIC(NegOp, RULE2(DimExpr(0) - e[0]))
ARITHMETIC(AbsOp, RULE2(DimExpr::max(e[0], DimExpr(0) - e[0], facts.symbols)))
ARITHMETIC(MinimumOp, RULE2(DimExpr::min(e[0], e[1], facts.symbols)))
ARITHMETIC(MaximumOp, RULE2(DimExpr::max(e[0], e[1], facts.symbols)))
ARITHMETIC(NotOp, constants([](ArrayRef<int64_t> c) { return DimExpr(!c[0]); }))
ARITHMETIC(AndOp, constants([](ArrayRef<int64_t> c) { return DimExpr(c[0] && c[1]); }))
ARITHMETIC(OrOp, constants([](ArrayRef<int64_t> c) { return DimExpr(c[0] || c[1]); }))
ARITHMETIC(XorOp, constants([](ArrayRef<int64_t> c) { return DimExpr((c[0] != 0) != (c[1] != 0)); }))
#undef RULE2
// Integer division truncates, floordiv floors: the same for non-negative numerators and positive divisors.
ARITHMETIC(DivOp, ([&facts](ArrayRef<DimExpr> e) -> std::optional<DimExpr> {
             auto c0 = e[0].constant(), c1 = e[1].constant();
             if (c0 && c1)
               return *c1 && (*c1 != -1 || *c0 != INT64_MIN) ? std::optional<DimExpr>(*c0 / *c1) : std::nullopt;
             if (e[0].bounds(facts.symbols).first < 0 || e[1].bounds(facts.symbols).first <= 0)
               return std::nullopt;
             return DimExpr::floorDiv(e[0], e[1]);
           }))
ARITHMETIC(ModOp, ([&facts](ArrayRef<DimExpr> e) -> std::optional<DimExpr> {
             if (e[0].bounds(facts.symbols).first < 0 || e[1].bounds(facts.symbols).first <= 0)
               return std::nullopt;
             return DimExpr::mod(e[0], e[1]);
           }))
#undef ARITHMETIC

LogicalResult PowOp::inferShapes(ShapeFacts &facts) {
  auto rule = constants([](ArrayRef<int64_t> c) -> std::optional<DimExpr> {
    if (c[1] < 0 || c[1] > 62)
      return std::nullopt;
    int64_t r = 1;
    for (int64_t i = 0; i < c[1]; ++i)
      if (__builtin_mul_overflow(r, c[0], &r))
        return std::nullopt;
    return DimExpr(r);
  });
  return inferPointwise(facts, *this, facts.elementType(getA()), rule);
}

#define COMPARE(OP, TEST) \
  LogicalResult OP::inferShapes(ShapeFacts &facts) { \
    if (failed(checkSameTypes(*this, (*this)->getOperands()))) \
      return failure(); \
    auto rule = compareRule(facts, [](int sign) { return TEST; }); \
    return inferPointwise(facts, *this, IntegerType::get(getContext(), 1), rule); \
  }
COMPARE(EqualOp, sign == 0)
COMPARE(LessOp, sign < 0)
COMPARE(LessOrEqualOp, sign <= 0)
COMPARE(GreaterOp, sign > 0)
COMPARE(GreaterOrEqualOp, sign >= 0)
#undef COMPARE

LogicalResult IsNaNOp::inferShapes(ShapeFacts &facts) { return inferPointwise(facts, *this, IntegerType::get(getContext(), 1)); }
LogicalResult IsInfOp::inferShapes(ShapeFacts &facts) { return inferPointwise(facts, *this, IntegerType::get(getContext(), 1)); }

LogicalResult WhereOp::inferShapes(ShapeFacts &facts) {
  if (failed(checkSameTypes(*this, {getA(), getB()})))
    return failure();
  auto rule = [](ArrayRef<DimExpr> e) -> std::optional<DimExpr> {
    if (e[1] == e[2])
      return e[1];
    auto c = e[0].constant();
    return c ? std::optional<DimExpr>(*c ? e[1] : e[2]) : std::nullopt;
  };
  return inferPointwise(facts, *this, facts.elementType(getA()), rule);
}

LogicalResult CastOp::inferShapes(ShapeFacts &facts) {
  bool integers = isa<IntegerType>(facts.elementType(getX())) && isa<IntegerType>(getTo());
  bool toBool = getTo().isInteger(1);
  auto rule = [&](ArrayRef<DimExpr> e) -> std::optional<DimExpr> {
    if (!integers)
      return std::nullopt;
    if (!toBool)
      return e[0];
    auto c = e[0].constant();
    return c ? std::optional<DimExpr>(*c != 0) : std::nullopt;
  };
  return inferPointwise(facts, *this, getTo(), rule);
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getX().getType() == getType() ? OpFoldResult(getX()) : OpFoldResult();
}

LogicalResult QuantizeLinearOp::inferShapes(ShapeFacts &facts) { return inferPointwise(facts, *this, facts.elementType(getZeroPoint())); }
LogicalResult DequantizeLinearOp::inferShapes(ShapeFacts &facts) { return inferPointwise(facts, *this, facts.elementType(getScale())); }

LogicalResult BitShiftOp::verify() {
  if (getDirection() != "LEFT" && getDirection() != "RIGHT")
    return emitOpError() << "[bit_shift_c1] has direction '" << getDirection() << "', expected LEFT or RIGHT";
  return success();
}

LogicalResult GeluOp::verify() {
  if (getApproximate() != "none" && getApproximate() != "tanh")
    return emitOpError() << "[gelu_c1] has approximate '" << getApproximate() << "', expected none or tanh";
  return success();
}

} // namespace mlc::graph

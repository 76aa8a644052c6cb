// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The scalar formulas: one row per pointwise op. A row gets its operands in compute type, f16 and bf16 already widened to f32.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

/// Arithmetic on scalars or vectors of one element type, with the signedness of `type`.
struct Arith {
  Emitter &e;
  Type type; // element type as in the graph
  OpBuilder &b = e.b;
  Location loc = e.loc;

  bool isFloat() const { return isa<FloatType>(type); }
  bool isUnsigned() const { return Emitter::isUnsigned(type); }
  static arith::FastMathFlagsAttr contract(OpBuilder &b) { return arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract); }
  template <typename F, typename I> Value either(Value x, Value y) {
    if (isFloat())
      return F::create(b, loc, x, y, contract(b));
    return I::create(b, loc, x, y);
  }
  Value number(Value like, double v) { return e.constant(like.getType(), v); }
  Value add(Value x, Value y) { return either<arith::AddFOp, arith::AddIOp>(x, y); }
  Value sub(Value x, Value y) { return either<arith::SubFOp, arith::SubIOp>(x, y); }
  Value mul(Value x, Value y) { return either<arith::MulFOp, arith::MulIOp>(x, y); }
  Value div(Value x, Value y) {
    if (isFloat())
      return arith::DivFOp::create(b, loc, x, y);
    return divide(x, y, /*remainder=*/false);
  }
  /// Integer division that cannot trap: a divisor of 0 is a data fault and taken as 1; INT_MIN / -1 wraps.
  Value divide(Value x, Value y, bool remainder) {
    Value zero = number(y, 0), one = number(y, 1);
    Value bad = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, zero);
    y = arith::SelectOp::create(b, loc, bad, one, y);
    if (isUnsigned())
      return remainder ? Value(arith::RemUIOp::create(b, loc, x, y)) : Value(arith::DivUIOp::create(b, loc, x, y));
    Value minusOne = number(y, -1);
    Value flips = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, minusOne);
    Value safe = arith::SelectOp::create(b, loc, flips, one, y);
    if (remainder)
      return arith::RemSIOp::create(b, loc, x, safe);
    Value q = arith::DivSIOp::create(b, loc, x, safe);
    return arith::SelectOp::create(b, loc, flips, arith::SubIOp::create(b, loc, zero, x).getResult(), q);
  }
  Value neg(Value x) { return isFloat() ? Value(arith::NegFOp::create(b, loc, x)) : sub(number(x, 0), x); }
  /// compare with LLVM's ordered float predicates (NaN: false, but for `ne`).
  Value compare(StringRef how, Value x, Value y) {
    if (isFloat()) {
      auto p = *arith::symbolizeCmpFPredicate(how == "ne" ? "une" : ("o" + how).str());
      return arith::CmpFOp::create(b, loc, p, x, y);
    }
    std::string name = how == "eq" || how == "ne" ? how.str() : ((isUnsigned() ? "u" : "s") + how).str();
    return arith::CmpIOp::create(b, loc, *arith::symbolizeCmpIPredicate(name), x, y);
  }
  Value choose(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  static bool isNumber(Value v) { return matchPattern(v, m_Constant()); }
  // NaN of either side is the result. Against a constant y one instruction does: (y > x ? y : x) is x when x is NaN.
  Value maximum(Value x, Value y) {
    if (isFloat() && !isNumber(y) && !isNumber(x))
      return arith::MaximumFOp::create(b, loc, x, y);
    if (isNumber(x))
      std::swap(x, y);
    return choose(compare("gt", y, x), y, x);
  }
  Value minimum(Value x, Value y) {
    if (isFloat() && !isNumber(y) && !isNumber(x))
      return arith::MinimumFOp::create(b, loc, x, y);
    if (isNumber(x))
      std::swap(x, y);
    return choose(compare("lt", y, x), y, x);
  }
  Value abs(Value x) { return isFloat() ? Value(math::AbsFOp::create(b, loc, x)) : isUnsigned() ? x : choose(compare("lt", x, number(x, 0)), neg(x), x); }
  template <typename M> Value math(Value x) { return M::create(b, loc, x); }
  Value exp(Value x) { return math<math::ExpOp>(x); }
  Value sigmoid(Value x) { return div(number(x, 1), add(number(x, 1), exp(neg(x)))); }
  Value softplus(Value x) { // max(x, 0) + log1p(exp(-|x|))
    return add(maximum(x, number(x, 0)), math<math::Log1pOp>(exp(neg(abs(x)))));
  }
};

float attr(Operation *op, StringRef name) { return op->getAttrOfType<FloatAttr>(name).getValue().convertToDouble(); }
int64_t intAttr(Operation *op, StringRef name) { return op->getAttrOfType<IntegerAttr>(name).getInt(); }

using Formula = Value (*)(Arith &, Operation *, ArrayRef<Value>);
#define ROW(EXPR) [](Arith &a, Operation *op, ArrayRef<Value> v) -> Value { (void)op; Value x = v[0], y = v.size() > 1 ? v[1] : Value(); (void)x; (void)y; return EXPR; }
#define NUM(V) a.number(x, V)
#define ATTR(NAME) a.number(x, attr(op, NAME))

Value mod(Arith &a, Operation *op, ArrayRef<Value> v) {
  Value x = v[0], y = v[1];
  if (a.isFloat()) {
    Value r = arith::RemFOp::create(a.b, a.loc, x, y);
    if (intAttr(op, "fmod"))
      return r;
    Value zero = NUM(0);
    Value wrong = arith::AndIOp::create(a.b, a.loc, a.compare("ne", r, zero), Value(arith::XOrIOp::create(a.b, a.loc, a.compare("lt", r, zero), a.compare("lt", y, zero))));
    return a.choose(wrong, a.add(r, y), r);
  }
  Value r = a.divide(x, y, /*remainder=*/true);
  if (a.isUnsigned() || intAttr(op, "fmod"))
    return r;
  Value zero = NUM(0);
  Value wrong = arith::AndIOp::create(a.b, a.loc, a.compare("ne", r, zero), Value(arith::XOrIOp::create(a.b, a.loc, a.compare("lt", r, zero), a.compare("lt", y, zero))));
  return a.choose(wrong, a.add(r, y), r);
}

Value gelu(Arith &a, Operation *op, ArrayRef<Value> v) {
  Value x = v[0];
  if (cast<GeluOp>(op).getApproximate() == "tanh") {
    Value cube = a.mul(a.mul(x, x), x);
    Value inner = a.mul(NUM(0.7978845608028654), a.add(x, a.mul(NUM(0.044715), cube)));
    return a.mul(a.mul(NUM(0.5), x), a.add(NUM(1), a.math<math::TanhOp>(inner)));
  }
  return a.mul(a.mul(NUM(0.5), x), a.add(NUM(1), a.math<math::ErfOp>(a.mul(x, NUM(0.7071067811865476)))));
}

Value isInf(Arith &a, Operation *op, ArrayRef<Value> v) {
  Value x = v[0];
  Value up = a.compare("eq", x, NUM(INFINITY)), down = a.compare("eq", x, NUM(-INFINITY));
  bool positive = intAttr(op, "detect_positive"), negative = intAttr(op, "detect_negative");
  if (positive && negative)
    return arith::OrIOp::create(a.b, a.loc, up, down);
  if (positive)
    return up;
  if (negative)
    return down;
  return a.e.constant(up.getType(), 0);
}

/// x ** y in f64 for a result that is truncated to an integer: 5 ** 5 may come as 3125 less a rounding, which would be 3124.
Value powerToTruncate(Emitter &e, Value x, Value y) {
  Arith a{e, e.b.getF64Type()};
  Value r = math::PowFOp::create(a.b, a.loc, x, y), whole = a.math<math::RoundEvenOp>(r);
  return a.choose(a.compare("le", a.abs(a.sub(r, whole)), a.mul(a.abs(r), a.number(r, 0x1p-50))), whole, r);
}

Value power(Arith &a, Operation *op, ArrayRef<Value> v) {
  if (a.isFloat())
    return math::PowFOp::create(a.b, a.loc, v[0], v[1]);
  // Integers through f64, as ONNX Runtime does.
  Type f64 = a.b.getF64Type();
  return a.e.convert(powerToTruncate(a.e, a.e.convert(v[0], a.type, f64), a.e.convert(v[1], a.type, f64)), f64, a.type);
}

Value bitShift(Arith &a, Operation *op, ArrayRef<Value> v) {
  Value x = v[0], y = v[1];
  bool left = cast<BitShiftOp>(op).getDirection() == "LEFT";
  Value big = arith::CmpIOp::create(a.b, a.loc, arith::CmpIPredicate::uge, y, a.number(y, a.type.getIntOrFloatBitWidth()));
  Value amount = a.choose(big, a.number(y, 0), y);
  if (!left && !a.isUnsigned()) // the sign fills, also when the amount reaches the width
    return arith::ShRSIOp::create(a.b, a.loc, x, a.choose(big, a.number(y, a.type.getIntOrFloatBitWidth() - 1), y));
  Value r = left ? Value(arith::ShLIOp::create(a.b, a.loc, x, amount)) : Value(arith::ShRUIOp::create(a.b, a.loc, x, amount));
  return a.choose(big, NUM(0), r);
}

Value signOf(Arith &a, Value x) {
  Value zero = NUM(0);
  Value positive = a.choose(a.compare("gt", x, zero), NUM(1), a.isFloat() ? x : zero); // keeps NaN and the zero's sign
  return a.isUnsigned() ? positive : a.choose(a.compare("lt", x, zero), NUM(-1), positive);
}

const llvm::StringMap<Formula> &formulas() {
  static const llvm::StringMap<Formula> rows = {
      {"abs", ROW(a.abs(x))},
      {"neg", ROW(a.neg(x))},
      {"ceil", ROW(a.math<math::CeilOp>(x))},
      {"floor", ROW(a.math<math::FloorOp>(x))},
      {"round", ROW(a.math<math::RoundEvenOp>(x))},
      {"sign", ROW(signOf(a, x))},
      {"sqrt", ROW(a.math<math::SqrtOp>(x))},
      {"reciprocal", ROW(a.div(NUM(1), x))},
      {"add", ROW(a.add(x, y))},
      {"sub", ROW(a.sub(x, y))},
      {"mul", ROW(a.mul(x, y))},
      {"div", ROW(a.div(x, y))},
      {"pow", power},
      {"mod", mod},
      {"minimum", ROW(a.minimum(x, y))},
      {"maximum", ROW(a.maximum(x, y))},
      {"exp", ROW(a.exp(x))},
      {"log", ROW(a.math<math::LogOp>(x))},
      {"sin", ROW(a.math<math::SinOp>(x))},
      {"cos", ROW(a.math<math::CosOp>(x))},
      {"tan", ROW(a.math<math::TanOp>(x))},
      {"asin", ROW(a.math<math::AsinOp>(x))},
      {"acos", ROW(a.math<math::AcosOp>(x))},
      {"atan", ROW(a.math<math::AtanOp>(x))},
      {"sinh", ROW(a.math<math::SinhOp>(x))},
      {"cosh", ROW(a.math<math::CoshOp>(x))},
      {"tanh", ROW(a.math<math::TanhOp>(x))},
      {"asinh", ROW(a.math<math::AsinhOp>(x))},
      {"acosh", ROW(a.math<math::AcoshOp>(x))},
      {"atanh", ROW(a.math<math::AtanhOp>(x))},
      {"erf", ROW(a.math<math::ErfOp>(x))},
      {"not", ROW(arith::XOrIOp::create(a.b, a.loc, x, NUM(1)))},
      {"and", ROW(arith::AndIOp::create(a.b, a.loc, x, y))},
      {"or", ROW(arith::OrIOp::create(a.b, a.loc, x, y))},
      {"xor", ROW(arith::XOrIOp::create(a.b, a.loc, x, y))},
      {"bitwise_not", ROW(arith::XOrIOp::create(a.b, a.loc, x, NUM(-1)))},
      {"bitwise_and", ROW(arith::AndIOp::create(a.b, a.loc, x, y))},
      {"bitwise_or", ROW(arith::OrIOp::create(a.b, a.loc, x, y))},
      {"bitwise_xor", ROW(arith::XOrIOp::create(a.b, a.loc, x, y))},
      {"bit_shift", bitShift},
      {"equal", ROW(a.compare("eq", x, y))},
      {"less", ROW(a.compare("lt", x, y))},
      {"less_or_equal", ROW(a.compare("le", x, y))},
      {"greater", ROW(a.compare("gt", x, y))},
      {"greater_or_equal", ROW(a.compare("ge", x, y))},
      {"is_nan", ROW(a.compare("ne", x, x))},
      {"is_inf", isInf},
      {"relu", ROW(a.maximum(x, NUM(0)))},
      {"sigmoid", ROW(a.sigmoid(x))},
      {"softplus", ROW(a.softplus(x))},
      {"softsign", ROW(a.div(x, a.add(NUM(1), a.abs(x))))},
      {"mish", ROW(a.mul(x, a.math<math::TanhOp>(a.softplus(x))))},
      {"hard_swish", ROW(a.mul(x, a.maximum(NUM(0), a.minimum(NUM(1), a.add(a.mul(x, NUM(1.0 / 6)), NUM(0.5))))))},
      {"leaky_relu", ROW(a.choose(a.compare("lt", x, NUM(0)), a.mul(ATTR("alpha"), x), x))},
      {"elu", ROW(a.choose(a.compare("lt", x, NUM(0)), a.mul(ATTR("alpha"), a.math<math::ExpM1Op>(x)), x))},
      {"celu", ROW(a.add(a.maximum(NUM(0), x), a.minimum(NUM(0), a.mul(ATTR("alpha"), a.math<math::ExpM1Op>(a.div(x, ATTR("alpha")))))))},
      {"thresholded_relu", ROW(a.choose(a.compare("gt", x, ATTR("alpha")), x, NUM(0)))},
      {"swish", ROW(a.mul(x, a.sigmoid(a.mul(ATTR("alpha"), x))))},
      {"selu", ROW(a.mul(ATTR("gamma"), a.choose(a.compare("lt", x, NUM(0)), a.mul(ATTR("alpha"), a.math<math::ExpM1Op>(x)), x)))},
      {"hard_sigmoid", ROW(a.maximum(NUM(0), a.minimum(NUM(1), a.add(a.mul(ATTR("alpha"), x), ATTR("beta")))))},
      {"shrink", ROW(a.choose(a.compare("lt", x, a.neg(ATTR("lambd"))), a.add(x, ATTR("bias")), a.choose(a.compare("gt", x, ATTR("lambd")), a.sub(x, ATTR("bias")), NUM(0))))},
      {"gelu", gelu},
      {"prelu", ROW(a.choose(a.compare("lt", x, NUM(0)), a.mul(y, x), x))},
  };
  return rows;
}

/// Half types are computed in f32.
bool isNarrowFloat(Type type) {
  auto f = dyn_cast<FloatType>(type);
  return f && f.getWidth() < 32;
}

/// Ops whose operands or result have types of their own.
Value mixedFormula(Emitter &e, Operation *op, ArrayRef<Value> v) {
  auto typeOf = [&](unsigned i) { return e.facts.elementType(op->getOperand(i)); };
  Type result = e.facts.elementType(op->getResult(0)), f32 = e.b.getF32Type();
  if (isa<CastOp>(op))
    return e.convert(v[0], typeOf(0), result);
  if (isa<ExpandOp>(op))
    return v[0];
  if (isa<WhereOp>(op))
    return e.select(v[0], v[1], v[2]);
  if (isa<PowOp>(op) && typeOf(0) != typeOf(1)) {
    // Floats in the type of a (half widened), integers to a float power through f64.
    Type type = !isa<FloatType>(typeOf(0)) ? Type(e.b.getF64Type()) : isNarrowFloat(typeOf(0)) ? f32 : typeOf(0);
    Value x = e.convert(v[0], typeOf(0), type), y = e.convert(v[1], typeOf(1), type);
    Value r = isa<FloatType>(typeOf(0)) ? Value(math::PowFOp::create(e.b, e.loc, x, y)) : powerToTruncate(e, x, y);
    return e.convert(r, type, result);
  }
  if (isa<DequantizeLinearOp>(op)) {
    Type wide = isNarrowFloat(typeOf(1)) ? f32 : typeOf(1);
    Arith a{e, wide};
    // The difference is exact in i32; float8 inputs have no zero point other than 0.
    Value x = e.convert(v[0], typeOf(0), wide), zero = e.convert(v[2], typeOf(2), wide);
    return e.convert(a.mul(a.sub(x, zero), e.convert(v[1], typeOf(1), wide)), wide, result);
  }
  if (isa<QuantizeLinearOp>(op)) {
    Type type = isNarrowFloat(typeOf(0)) || !isa<FloatType>(typeOf(0)) ? f32 : typeOf(0);
    Arith a{e, type};
    Value q = a.math<math::RoundEvenOp>(a.div(e.convert(v[0], typeOf(0), type), e.convert(v[1], typeOf(1), type)));
    q = a.add(q, e.convert(v[2], typeOf(2), type));
    auto integer = cast<IntegerType>(result);
    double low = integer.isUnsigned() ? 0 : -std::ldexp(1.0, integer.getWidth() - 1), high = std::ldexp(1.0, integer.getWidth() - (integer.isUnsigned() ? 0 : 1)) - 1;
    return e.convert(a.minimum(a.maximum(q, a.number(q, low)), a.number(q, high)), type, result);
  }
  return {};
}

Value pointwiseElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  Dims dims(e.facts.dims(op->getResult(0)));
  SmallVector<Value> operands;
  for (Value v : op->getOperands()) {
    auto at = e.broadcastIndex(v, dims, index);
    if (!at)
      return e.scalarize(op->getResult(0), index);
    operands.push_back(e.at(v, *at));
  }
  e.unify(operands);
  if (!isa<ExpandOp>(op))
    e.noteComputation();
  return pointwiseFormula(e, op, operands);
}

} // namespace

Value pointwiseFormula(Emitter &e, Operation *op, ArrayRef<Value> operands) {
  if (Value v = mixedFormula(e, op, operands))
    return v;
  Type type = e.facts.elementType(op->getOperand(0)), f32 = e.b.getF32Type();
  Formula formula = formulas().lookup(op->getName().stripDialect());
  if (!isNarrowFloat(type)) {
    Arith a{e, type};
    return formula(a, op, operands);
  }
  SmallVector<Value> wide;
  for (Value v : operands)
    wide.push_back(e.convert(v, type, f32));
  Arith a{e, f32};
  Value r = formula(a, op, wide);
  Type result = e.facts.elementType(op->getResult(0));
  return isa<FloatType>(result) ? e.convert(r, f32, result) : r;
}

void registerPointwise() {
  for (const auto &row : formulas())
    registerElement(("graph." + row.getKey()).str(), pointwiseElement);
  for (StringRef name : {"graph.cast", "graph.expand", "graph.where", "graph.quantize_linear", "graph.dequantize_linear"})
    registerElement(name, pointwiseElement);
}

} // namespace mlc::reference

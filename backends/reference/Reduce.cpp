// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Reductions as element functions: a loop nest over the reduced dims inside the element.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {

Type accumulatorType(Type computeType) {
  auto f = dyn_cast<FloatType>(computeType);
  return f && f.getWidth() < 32 ? Float32Type::get(computeType.getContext()) : computeType;
}

Value reductionInit(Emitter &e, Operation *op, Type type) {
  Type element = getElementTypeOrSelf(type);
  bool max = isa<ReduceMaxOp>(op), min = isa<ReduceMinOp>(op);
  if (!max && !min)
    return e.constant(type, isa<ReduceProdOp>(op) ? 1 : 0);
  if (isa<FloatType>(element))
    return e.constant(type, max ? -INFINITY : INFINITY);
  auto source = cast<IntegerType>(e.facts.elementType(op->getOperand(0)));
  unsigned bits = source.getWidth();
  bool isUnsigned = Emitter::isUnsigned(source);
  APInt v = max ? (isUnsigned ? APInt::getMinValue(bits) : APInt::getSignedMinValue(bits)) : (isUnsigned ? APInt::getMaxValue(bits) : APInt::getSignedMaxValue(bits));
  TypedAttr attr = IntegerAttr::get(element, v);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(e.b, e.loc, attr);
}

Value reductionCombine(Emitter &e, Operation *op, Value acc, Value x) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(acc.getType()));
  bool isUnsigned = Emitter::isUnsigned(e.facts.elementType(op->getOperand(0)));
  return TypeSwitch<Operation *, Value>(op)
      .Case<ReduceMaxOp>([&](auto) -> Value {
        if (isFloat)
          return arith::MaximumFOp::create(e.b, e.loc, acc, x);
        return isUnsigned ? Value(arith::MaxUIOp::create(e.b, e.loc, acc, x)) : Value(arith::MaxSIOp::create(e.b, e.loc, acc, x));
      })
      .Case<ReduceMinOp>([&](auto) -> Value {
        if (isFloat)
          return arith::MinimumFOp::create(e.b, e.loc, acc, x);
        return isUnsigned ? Value(arith::MinUIOp::create(e.b, e.loc, acc, x)) : Value(arith::MinSIOp::create(e.b, e.loc, acc, x));
      })
      .Case<ReduceProdOp>([&](auto) -> Value { return isFloat ? Value(arith::MulFOp::create(e.b, e.loc, acc, x)) : Value(arith::MulIOp::create(e.b, e.loc, acc, x)); })
      .Default([&](auto) -> Value { return isFloat ? Value(arith::AddFOp::create(e.b, e.loc, acc, x)) : Value(arith::AddIOp::create(e.b, e.loc, acc, x)); });
}

Value reductionFinish(Emitter &e, Operation *op, Value acc, Value count) {
  if (!isa<ReduceMeanOp>(op))
    return acc;
  Type element = getElementTypeOrSelf(acc.getType());
  Value n = e.convert(count, e.b.getI64Type(), element);
  if (e.isVector(acc))
    n = e.splat(n);
  if (isa<FloatType>(element))
    return arith::DivFOp::create(e.b, e.loc, acc, n);
  return arith::DivSIOp::create(e.b, e.loc, acc, n);
}

namespace {

Value reduceElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  Value x = op->getOperand(0), result = op->getResult(0);
  Dims in(e.facts.dims(x));
  auto axes = cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef();
  bool keep = cast<BoolAttr>(op->getAttr("keepdims")).getValue();
  Indices source(in.size());
  size_t next = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    if (llvm::is_contained(axes, static_cast<int64_t>(i))) {
      // A lane over a reduced dim (of extent 1 in the result) has one element only.
      if (keep && index[next++].lane)
        return e.scalarize(result, index);
      continue;
    }
    source[i] = index[next++];
  }
  bool lanes = e.width > 1 && llvm::any_of(source, [](const Index &i) { return i.base && i.lane; });
  Type element = e.computeType(e.facts.elementType(x)), type = e.sumType(element);
  if (lanes)
    type = VectorType::get({e.width}, type);
  std::function<Value(size_t, Value)> nest = [&](size_t k, Value acc) -> Value {
    if (k == axes.size()) {
      Value v = e.at(x, source);
      if (lanes)
        v = e.splat(v);
      return reductionCombine(e, op, acc, e.convert(v, element, getElementTypeOrSelf(type)));
    }
    // Each inner loop combines from the neutral element: sums of few partial sums round less than one long sum.
    return e.loop(e.i64(0), e.dim(in[axes[k]]), e.i64(1), {acc}, [&](Value i, ValueRange carried) -> SmallVector<Value> {
      source[axes[k]] = e.position(i);
      bool innermost = k + 1 == axes.size();
      return {innermost ? nest(k + 1, carried[0]) : reductionCombine(e, op, carried[0], nest(k + 1, reductionInit(e, op, type)))};
    })[0];
  };
  Value acc = nest(0, reductionInit(e, op, type));
  DimExpr count = 1;
  for (int64_t a : axes)
    count = count * in[a];
  acc = reductionFinish(e, op, acc, e.dim(count));
  return e.convert(acc, getElementTypeOrSelf(acc.getType()), element);
}

template <typename Op> Value argElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto arg = cast<Op>(op);
  if (llvm::any_of(index, [](const Index &i) { return i.lane; }))
    return e.scalarize(op->getResult(0), index);
  Value x = arg.getX();
  Dims in(e.facts.dims(x));
  int64_t axis = arg.getAxis();
  axis += axis < 0 ? in.size() : 0;
  Indices source(index);
  if (!arg.getKeepdims())
    source.insert(source.begin() + axis, e.zero());
  source[axis] = e.zero();
  Value first = e.at(x, source);
  Type elementType = e.facts.elementType(x);
  bool isFloat = isa<FloatType>(elementType), isUnsigned = Emitter::isUnsigned(elementType), max = std::is_same_v<Op, ArgMaxOp>, last = arg.getSelectLastIndex();
  auto better = [&](Value v, Value best) -> Value {
    if (isFloat) {
      auto p = max ? (last ? arith::CmpFPredicate::OGE : arith::CmpFPredicate::OGT) : (last ? arith::CmpFPredicate::OLE : arith::CmpFPredicate::OLT);
      return arith::CmpFOp::create(e.b, e.loc, p, v, best);
    }
    auto p = max ? (last ? (isUnsigned ? arith::CmpIPredicate::uge : arith::CmpIPredicate::sge) : (isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt))
                 : (last ? (isUnsigned ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle) : (isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt));
    return arith::CmpIOp::create(e.b, e.loc, p, v, best);
  };
  auto found = e.loop(e.i64(1), e.dim(in[axis]), e.i64(1), {first, e.i64(0)}, [&](Value i, ValueRange carried) -> SmallVector<Value> {
    source[axis] = e.position(i);
    Value v = e.at(x, source), wins = better(v, carried[0]);
    return {e.select(wins, v, carried[0]), e.select(wins, i, carried[1])};
  });
  return found[1];
}

} // namespace

void registerReductions() {
  for (StringRef name : {"graph.reduce_sum", "graph.reduce_mean", "graph.reduce_max", "graph.reduce_min", "graph.reduce_prod"})
    registerElement(name, reduceElement);
  registerElement("graph.arg_max", argElement<ArgMaxOp>);
  registerElement("graph.arg_min", argElement<ArgMinOp>);
}

} // namespace mlc::reference

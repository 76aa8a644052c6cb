// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Element functions of products, convolutions and pooling: the sums as the operator specification writes them.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

bool hasLane(ArrayRef<Index> index) {
  return llvm::any_of(index, [](const Index &i) { return i.lane; });
}

/// acc + x * y in the accumulator's type.
Value multiplyAdd(Emitter &e, Value acc, Value x, Value y, Type from) {
  Type wide = getElementTypeOrSelf(acc.getType());
  x = e.convert(x, from, wide);
  y = e.convert(y, from, wide);
  if (e.isVector(acc)) {
    x = e.splat(x);
    y = e.splat(y);
  }
  if (isa<FloatType>(wide)) {
    auto contract = arith::FastMathFlagsAttr::get(e.b.getContext(), arith::FastMathFlags::contract);
    Value product = arith::MulFOp::create(e.b, e.loc, x, y, contract);
    return arith::AddFOp::create(e.b, e.loc, acc, product, contract);
  }
  return arith::AddIOp::create(e.b, e.loc, acc, arith::MulIOp::create(e.b, e.loc, x, y).getResult());
}

/// Calls body for every point of a box of extents; `carried` is threaded through.
Value boxLoop(Emitter &e, ArrayRef<DimExpr> extents, Value init, llvm::function_ref<Value(ArrayRef<Value>, Value)> body) {
  SmallVector<Value> point;
  std::function<Value(Value)> nest = [&](Value acc) -> Value {
    if (point.size() == extents.size())
      return body(point, acc);
    return e.loop(e.i64(0), e.dim(extents[point.size()]), e.i64(1), {acc}, [&](Value i, ValueRange carried) -> SmallVector<Value> {
      point.push_back(i);
      Value r = nest(carried[0]);
      point.pop_back();
      return {r};
    })[0];
  };
  return nest(init);
}

/// `value()` where condition holds, else acc; only then evaluated.
Value guarded(Emitter &e, Value condition, Value acc, llvm::function_ref<Value()> value) {
  auto branch = scf::IfOp::create(e.b, e.loc, TypeRange{acc.getType()}, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(e.b);
  {
    Emitter::Scope scope(e);
    e.b.setInsertionPointToEnd(branch.thenBlock());
    scf::YieldOp::create(e.b, e.loc, value());
  }
  e.b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(e.b, e.loc, acc);
  return branch.getResult(0);
}

Value matmulElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto matmul = cast<MatMulOp>(op);
  Value a = matmul.getA(), b = matmul.getB();
  Dims da(e.facts.dims(a)), db(e.facts.dims(b)), out(e.facts.dims(op->getResult(0)));
  size_t tail = (da.size() > 1) + (db.size() > 1);
  ArrayRef<Index> batch = index.drop_back(tail);
  auto batchIndex = [&](const Dims &d) -> std::optional<Indices> {
    Indices at;
    size_t own = d.size() < 2 ? 0 : d.size() - 2;
    for (size_t i = 0; i < own; ++i) {
      const Index &from = batch[batch.size() - own + i];
      if (d[i].isConstant(1) && !out[batch.size() - own + i].isConstant(1)) {
        at.push_back(e.zero());
      } else if (d[i] == out[batch.size() - own + i] || d[i].constant()) {
        at.push_back(from);
      } else {
        if (from.lane)
          return std::nullopt;
        Value one = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, e.dim(d[i]), e.i64(1));
        at.push_back(e.position(e.select(one, e.i64(0), from.base)));
      }
    }
    return at;
  };
  auto ia = batchIndex(da), ib = batchIndex(db);
  if (!ia || !ib)
    return e.scalarize(op->getResult(0), index);
  if (da.size() > 1)
    ia->push_back(index[batch.size()]);
  ia->push_back(e.zero());
  ib->push_back(e.zero());
  if (db.size() > 1)
    ib->push_back(index.back());
  size_t ka = ia->size() - 1, kb = db.size() > 1 ? ib->size() - 2 : ib->size() - 1;
  Type element = e.computeType(e.facts.elementType(a)), type = e.sumType(element);
  if (e.width > 1 && hasLane(index))
    type = VectorType::get({e.width}, type);
  Value acc = boxLoop(e, {da.back()}, e.constant(type, 0), [&](ArrayRef<Value> k, Value acc) {
    (*ia)[ka] = e.position(k[0]);
    (*ib)[kb] = e.position(k[0]);
    return multiplyAdd(e, acc, e.at(a, *ia), e.at(b, *ib), element);
  });
  return e.convert(acc, getElementTypeOrSelf(acc.getType()), element);
}

/// Index of a spatial op's activation: batch, channel and spatial positions in the op's layout.
Indices activation(bool channelsLast, const Index &n, const Index &c, ArrayRef<Value> spatial, Emitter &e) {
  Indices at{n};
  if (!channelsLast)
    at.push_back(c);
  for (Value v : spatial)
    at.push_back(e.position(v));
  if (channelsLast)
    at.push_back(c);
  return at;
}

struct SpatialIndex {
  Index n, channel;
  ArrayRef<Index> spatial;
};

SpatialIndex split(bool channelsLast, ArrayRef<Index> index) {
  if (channelsLast)
    return {index[0], index.back(), index.drop_front().drop_back()};
  return {index[0], index[1], index.drop_front(2)};
}

Value convElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto conv = cast<ConvOp>(op);
  bool last = conv.getChannelsLast();
  SpatialIndex at = split(last, index);
  if (hasLane(at.spatial))
    return e.scalarize(op->getResult(0), index);
  Dims w(e.facts.dims(conv.getW())), x(e.facts.dims(conv.getX()));
  ArrayRef<DimExpr> inSpatial = ArrayRef<DimExpr>(x).slice(last ? 1 : 2, x.size() - 2);
  int64_t group = conv.getGroup();
  bool depthwise = w[1].isConstant(1) && w[0].constant() == group;
  // A lane along channels is only followed where every lane reads its own channel.
  if (at.channel.lane && group != 1 && !depthwise)
    return e.scalarize(op->getResult(0), index);
  Type element = e.computeType(e.facts.elementType(conv.getX())), type = e.sumType(element);
  if (e.width > 1 && hasLane(index))
    type = VectorType::get({e.width}, type);
  Value firstChannel = e.i64(0);
  if (group != 1 && !depthwise)
    firstChannel = e.mul(e.div(at.channel.base, e.i64(*w[0].constant() / group)), e.dim(w[1]));
  SmallVector<DimExpr> taps(w.begin() + 2, w.end());
  Value acc = boxLoop(e, taps, e.constant(type, 0), [&](ArrayRef<Value> r, Value acc) {
    SmallVector<Value> position;
    Value inside;
    for (size_t k = 0; k < r.size(); ++k) {
      Value p = e.sub(e.add(e.mul(at.spatial[k].base, e.i64(conv.getStrides()[k])), e.mul(r[k], e.i64(conv.getDilations()[k]))), e.i64(conv.getPads()[k]));
      position.push_back(p);
      if (conv.getPads()[k] == 0 && conv.getPads()[k + r.size()] == 0)
        continue;
      Value in = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, p, e.dim(inSpatial[k]));
      inside = inside ? e.both(inside, in) : in;
    }
    auto sum = [&] {
      auto channels = [&](Value c, Index weightChannel, Value acc) {
        Indices wi{at.channel, weightChannel};
        for (Value v : r)
          wi.push_back(e.position(v));
        Index xc = depthwise ? at.channel : e.position(e.add(firstChannel, c));
        return multiplyAdd(e, acc, e.at(conv.getX(), activation(last, at.n, xc, position, e)), e.at(conv.getW(), wi), element);
      };
      if (depthwise)
        return channels(e.i64(0), e.zero(), acc);
      return boxLoop(e, {w[1]}, acc, [&](ArrayRef<Value> c, Value acc) { return channels(c[0], e.position(c[0]), acc); });
    };
    return inside ? guarded(e, inside, acc, sum) : sum();
  });
  if (conv.getBias()) {
    Value bias = e.convert(e.at(conv.getBias(), {at.channel}), element, getElementTypeOrSelf(type));
    if (e.isVector(acc))
      bias = e.splat(bias);
    acc = isa<FloatType>(element) ? Value(arith::AddFOp::create(e.b, e.loc, acc, bias)) : Value(arith::AddIOp::create(e.b, e.loc, acc, bias));
  }
  return e.convert(acc, getElementTypeOrSelf(acc.getType()), element);
}

/// q = p * stride + r * dilation - pad: for each tap r the one input position p that reaches q, if it exists.
Value convTransposeElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto conv = cast<ConvTransposeOp>(op);
  bool last = conv.getChannelsLast();
  SpatialIndex at = split(last, index);
  if (hasLane(at.spatial) || (at.channel.lane && conv.getGroup() != 1))
    return e.scalarize(op->getResult(0), index);
  Dims w(e.facts.dims(conv.getW())), x(e.facts.dims(conv.getX()));
  ArrayRef<DimExpr> inSpatial = ArrayRef<DimExpr>(x).slice(last ? 1 : 2, x.size() - 2);
  Type element = e.computeType(e.facts.elementType(conv.getX())), type = e.sumType(element);
  if (e.width > 1 && hasLane(index))
    type = VectorType::get({e.width}, type);
  DimExpr perGroup = DimExpr::floorDiv(w[0], conv.getGroup());
  Index outChannel = at.channel;
  Value firstChannel = e.i64(0);
  if (conv.getGroup() != 1) {
    Value g = e.div(at.channel.base, e.dim(w[1]));
    firstChannel = e.mul(g, e.dim(perGroup));
    outChannel = e.position(e.rem(at.channel.base, e.dim(w[1])));
  }
  SmallVector<DimExpr> taps(w.begin() + 2, w.end());
  Value acc = boxLoop(e, taps, e.constant(type, 0), [&](ArrayRef<Value> r, Value acc) {
    SmallVector<Value> position;
    Value inside;
    for (size_t k = 0; k < r.size(); ++k) {
      Value t = e.sub(e.add(at.spatial[k].base, e.i64(conv.getPads()[k])), e.mul(r[k], e.i64(conv.getDilations()[k])));
      Value stride = e.i64(conv.getStrides()[k]);
      Value nonNegative = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, t, e.i64(0));
      Value p = e.div(t, stride);
      Value whole = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, e.rem(t, stride), e.i64(0));
      Value ok = e.both(nonNegative, e.both(whole, e.less(p, e.dim(inSpatial[k]))));
      inside = inside ? e.both(inside, ok) : ok;
      position.push_back(p);
    }
    return guarded(e, inside, acc, [&] {
      return boxLoop(e, {perGroup}, acc, [&](ArrayRef<Value> c, Value acc) {
        Index channel = e.position(e.add(firstChannel, c[0]));
        Indices wi{channel, outChannel};
        for (Value v : r)
          wi.push_back(e.position(v));
        return multiplyAdd(e, acc, e.at(conv.getX(), activation(last, at.n, channel, position, e)), e.at(conv.getW(), wi), element);
      });
    });
  });
  if (conv.getBias()) {
    Value bias = e.convert(e.at(conv.getBias(), {at.channel}), element, getElementTypeOrSelf(type));
    if (e.isVector(acc))
      bias = e.splat(bias);
    acc = arith::AddFOp::create(e.b, e.loc, acc, bias);
  }
  return e.convert(acc, getElementTypeOrSelf(acc.getType()), element);
}

template <typename Op> Value poolElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  constexpr bool isMax = std::is_same_v<Op, MaxPoolOp>;
  auto pool = cast<Op>(op);
  bool last = pool.getChannelsLast();
  SpatialIndex at = split(last, index);
  if (hasLane(at.spatial))
    return e.scalarize(op->getResult(0), index);
  Dims x(e.facts.dims(pool.getX()));
  size_t spatial = x.size() - 2;
  ArrayRef<DimExpr> inSpatial = ArrayRef<DimExpr>(x).slice(last ? 1 : 2, spatial);
  Type elementType = e.facts.elementType(pool.getX()), element = e.computeType(elementType), type = isMax ? element : e.sumType(element);
  if (e.width > 1 && hasLane(index))
    type = VectorType::get({e.width}, type);
  bool isFloat = isa<FloatType>(element);
  Value init;
  if (!isMax) {
    init = e.constant(type, 0);
  } else if (isFloat) {
    init = e.constant(type, -INFINITY);
  } else {
    unsigned bits = element.getIntOrFloatBitWidth();
    APInt low = Emitter::isUnsigned(elementType) ? APInt::getMinValue(bits) : APInt::getSignedMinValue(bits);
    TypedAttr attr = IntegerAttr::get(element, low);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    init = arith::ConstantOp::create(e.b, e.loc, attr);
  }
  SmallVector<DimExpr> taps;
  for (int64_t k : pool.getKernelShape())
    taps.push_back(k);
  auto windowPosition = [&](size_t k, Value r) {
    return e.sub(e.add(e.mul(at.spatial[k].base, e.i64(pool.getStrides()[k])), e.mul(r, e.i64(pool.getDilations()[k]))), e.i64(pool.getPads()[k]));
  };
  // The window may leave the input on either side, and on the far side also by ceil_mode.
  auto needsCheck = [&](size_t k) { return pool.getPads()[k] || pool.getPads()[k + spatial] || pool.getCeilMode(); };
  Value acc = boxLoop(e, taps, init, [&](ArrayRef<Value> r, Value acc) {
    SmallVector<Value> position;
    Value inside;
    for (size_t k = 0; k < spatial; ++k) {
      Value p = windowPosition(k, r[k]);
      position.push_back(p);
      if (!needsCheck(k))
        continue;
      Value in = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, p, e.dim(inSpatial[k]));
      inside = inside ? e.both(inside, in) : in;
    }
    auto combine = [&] {
      Value v = e.at(pool.getX(), activation(last, at.n, at.channel, position, e));
      if (e.isVector(acc))
        v = e.splat(v);
      if (!isMax)
        return Value(arith::AddFOp::create(e.b, e.loc, acc, e.convert(v, element, getElementTypeOrSelf(type))));
      // acc stays unless v is larger or NaN.
      if (isFloat)
        return e.select(arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::UGT, v, acc), v, acc);
      return Emitter::isUnsigned(elementType) ? Value(arith::MaxUIOp::create(e.b, e.loc, acc, v)) : Value(arith::MaxSIOp::create(e.b, e.loc, acc, v));
    };
    return inside ? guarded(e, inside, acc, combine) : combine();
  });
  if (isMax)
    return acc;
  // Elements counted per dim: inside the input, or inside the input and its padding.
  Value count = e.i64(1);
  for (size_t k = 0; k < spatial; ++k) {
    int64_t taps = pool.getKernelShape()[k], dilation = pool.getDilations()[k];
    if (!needsCheck(k)) {
      count = e.mul(count, e.i64(taps));
      continue;
    }
    Value low = windowPosition(k, e.i64(0));
    bool padded = pool.getCountIncludePad();
    Value begin = padded ? e.i64(-pool.getPads()[k]) : e.i64(0), end = padded ? e.add(e.dim(inSpatial[k]), e.i64(pool.getPads()[k + spatial])) : e.dim(inSpatial[k]);
    // Taps r with begin <= low + r * dilation < end.
    Value d = e.i64(dilation), round = e.i64(dilation - 1);
    Value first = e.maximum(e.i64(0), arith::DivSIOp::create(e.b, e.loc, e.add(e.maximum(e.sub(begin, low), e.i64(0)), round), d));
    Value stop = e.minimum(e.i64(taps), arith::DivSIOp::create(e.b, e.loc, e.add(e.maximum(e.sub(end, low), e.i64(0)), round), d));
    count = e.mul(count, e.maximum(e.sub(stop, first), e.i64(1)));
  }
  Value n = e.convert(count, e.b.getI64Type(), getElementTypeOrSelf(type));
  if (e.isVector(acc))
    n = e.splat(n);
  acc = arith::DivFOp::create(e.b, e.loc, acc, n);
  return e.convert(acc, getElementTypeOrSelf(type), element);
}

} // namespace

void registerGemms() {
  registerElement("graph.matmul", matmulElement);
  registerElement("graph.conv", convElement);
  registerElement("graph.conv_transpose", convTransposeElement);
  registerElement("graph.max_pool", poolElement<MaxPoolOp>);
  registerElement("graph.average_pool", poolElement<AveragePoolOp>);
}

} // namespace mlc::reference

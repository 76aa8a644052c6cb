// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Resize as an element function: per dim an output coordinate becomes a few taps (input positions and weights), and the element is the sum over their product.
// Source: ONNX operator specification, Resize-19. Coordinates and weights are f32, as in ONNX Runtime, so that both pick the same elements.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

/// Arithmetic on scalar f32 values, in the written order.
struct F32 {
  Emitter &e;
  Value number(double v) { return e.constant(e.b.getF32Type(), v); }
  Value of(Value i64) { return arith::SIToFPOp::create(e.b, e.loc, e.b.getF32Type(), i64); }
  Value toInt(Value x) { return arith::FPToSIOp::create(e.b, e.loc, e.b.getI64Type(), x); }
  Value add(Value x, Value y) { return e.b.createOrFold<arith::AddFOp>(e.loc, x, y); }
  Value sub(Value x, Value y) { return e.b.createOrFold<arith::SubFOp>(e.loc, x, y); }
  Value mul(Value x, Value y) { return e.b.createOrFold<arith::MulFOp>(e.loc, x, y); }
  Value div(Value x, Value y) { return e.b.createOrFold<arith::DivFOp>(e.loc, x, y); }
  Value floor(Value x) { return math::FloorOp::create(e.b, e.loc, x); }
  Value ceil(Value x) { return math::CeilOp::create(e.b, e.loc, x); }
  Value abs(Value x) { return math::AbsFOp::create(e.b, e.loc, x); }
  Value compare(arith::CmpFPredicate p, Value x, Value y) { return arith::CmpFOp::create(e.b, e.loc, p, x, y); }
  Value clamp(Value x, Value low, Value high) {
    x = e.select(compare(arith::CmpFPredicate::OLT, x, low), low, x);
    return e.select(compare(arith::CmpFPredicate::OGT, x, high), high, x);
  }
};

/// One input position of a dim and its weight (f32; null: 1).
struct Tap {
  Value position, weight;
};

class Resize {
public:
  Resize(Emitter &e, ResizeOp op, ArrayRef<Index> index)
      : e(e), op(op), f{e}, in(e.facts.dims(op.getX())), out(e.facts.dims(op.getY())), index(index), source(index) {
    elementType = e.facts.elementType(op.getX());
    compute = e.computeType(elementType);
    // Integers are interpolated in f32.
    wide = isa<FloatType>(compute) ? accumulatorType(compute) : Type(e.b.getF32Type());
  }

  /// Whether positions along dim k pass through unchanged.
  static bool keeps(ShapeFacts &facts, ResizeOp op, size_t k) {
    if (facts.dim(op.getX(), k) != facts.dim(op.getY(), k) || (op.getScales() && (*op.getScales())[k] != 1))
      return false;
    size_t rank = facts.rank(op.getX());
    return op.getCoordinate() != "tf_crop_and_resize" || !op.getRoi() || ((*op.getRoi())[k] == 0 && (*op.getRoi())[k + rank] == 1);
  }

  Value element() {
    for (size_t k = 0; k < in.size(); ++k) {
      scales.push_back({});
      coordinates.push_back({});
      if (keeps(e.facts, op, k))
        continue;
      scales[k] = scale(k);
      coordinates[k] = coordinate(k);
    }
    Value v = op.getMode() == "nearest" ? nearest() : interpolate();
    if (!outside)
      return v;
    return e.select(outside, e.constant(v.getType(), op.getExtrapolationValue().convertToDouble()), v);
  }

private:
  /// Output over input extent; from the dims with one f32 division, as ONNX Runtime derives it from `sizes`.
  Value scale(size_t k) {
    if (op.getScales())
      return f.number((*op.getScales())[k]);
    if (in[k].constant() && out[k].constant())
      return f.number(static_cast<float>(*out[k].constant()) / static_cast<float>(*in[k].constant()));
    return f.div(f.of(e.dim(out[k])), f.of(e.dim(in[k])));
  }

  /// x_original of the specification. NOTE: pytorch_half_pixel gives 0 for an output of one element.
  Value coordinate(size_t k) {
    StringRef how = op.getCoordinate();
    Value x = f.of(index[k].base), s = scales[k], half = f.number(0.5), one = f.number(1);
    Value inside = f.of(e.dim(in[k])), resized = f.of(e.dim(out[k])), last = f.sub(inside, one);
    auto halfPixel = [&] { return f.sub(f.div(f.add(x, half), s), half); };
    Value single = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, e.dim(out[k]), e.i64(1));
    Value steps = e.select(single, one, f.sub(resized, one));
    if (how == "asymmetric")
      return f.div(x, s);
    if (how == "pytorch_half_pixel")
      return e.select(single, f.number(0), halfPixel());
    if (how == "tf_half_pixel_for_nn")
      return f.div(f.add(x, half), s);
    if (how == "align_corners")
      return e.select(single, f.number(0), f.div(f.mul(x, last), steps));
    if (how == "half_pixel_symmetric") {
      Value adjustment = f.div(resized, f.mul(s, inside));
      Value offset = f.mul(f.div(inside, f.number(2)), f.sub(one, adjustment));
      // NOTE: the last step is f64 in ONNX Runtime, which decides between neighbours when the coordinate is near an integer.
      Type f32 = e.b.getF32Type(), f64 = e.b.getF64Type();
      auto wide = [&](Value v) { return e.convert(v, f32, f64); };
      Value centre = f.div(wide(f.add(x, half)), wide(s));
      return e.convert(f.sub(f.add(wide(offset), centre), e.constant(f64, 0.5)), f64, f32);
    }
    if (how == "tf_crop_and_resize") {
      size_t rank = in.size();
      float begin = op.getRoi() ? (*op.getRoi())[k] : 0, end = op.getRoi() ? (*op.getRoi())[k + rank] : 1;
      Value stepped = f.add(f.mul(f.number(begin), last), f.div(f.mul(f.mul(x, f.number(end - begin)), last), steps));
      Value c = e.select(single, f.mul(f.number(0.5f * (begin + end)), last), stepped);
      Value low = f.compare(arith::CmpFPredicate::OLT, c, f.number(0)), high = f.compare(arith::CmpFPredicate::OGT, c, last);
      Value off = arith::OrIOp::create(e.b, e.loc, low, high);
      outside = outside ? Value(arith::OrIOp::create(e.b, e.loc, outside, off)) : off;
      return c;
    }
    return halfPixel();
  }

  Value clamped(Value position, size_t k) { return e.maximum(e.i64(0), e.minimum(position, e.sub(e.dim(in[k]), e.i64(1)))); }

  Value nearest() {
    StringRef how = op.getNearest();
    for (size_t k = 0; k < in.size(); ++k) {
      if (!coordinates[k])
        continue;
      Value x = coordinates[k], low = f.floor(x), rest = f.sub(x, low), p;
      auto up = [&](arith::CmpFPredicate predicate) { return e.select(f.compare(predicate, rest, f.number(0.5)), f.add(low, f.number(1)), low); };
      if (how == "floor")
        p = low;
      else if (how == "ceil")
        p = f.ceil(x);
      else
        p = up(how == "round_prefer_ceil" ? arith::CmpFPredicate::OGE : arith::CmpFPredicate::OGT);
      source[k] = e.position(clamped(f.toInt(p), k));
    }
    return e.at(op.getX(), source);
  }

  Value interpolate() {
    Value v = sum(0);
    if (isa<FloatType>(compute))
      return e.convert(v, wide, compute);
    // Linear weights stay inside the inputs' range; cubic ones overshoot and antialiased results are rounded.
    if (op.getMode() == "cubic" || op.getAntialias()) {
      unsigned bits = compute.getIntOrFloatBitWidth();
      bool isUnsigned = Emitter::isUnsigned(elementType);
      double high = std::ldexp(1.0, bits - (isUnsigned ? 0 : 1)), low = isUnsigned ? 0 : -high;
      Value top = e.constant(v.getType(), bits > 24 ? high * (1 - 0x1p-24) : high - 1), bottom = e.constant(v.getType(), low);
      v = math::RoundEvenOp::create(e.b, e.loc, v);
      v = e.select(f.compare(arith::CmpFPredicate::OGT, v, top), top, v);
      v = e.select(f.compare(arith::CmpFPredicate::OLT, v, bottom), bottom, v);
    }
    return e.convert(v, wide, elementType);
  }

  /// The sum over the taps of dims k and on; source[0, k) is set.
  Value sum(size_t k) {
    while (k < in.size() && !coordinates[k])
      ++k;
    if (k == in.size()) {
      Value v = e.at(op.getX(), source);
      return e.convert(v, elementType, wide);
    }
    if (op.getAntialias())
      return filtered(k);
    Value total;
    for (const Tap &tap : op.getMode() == "cubic" ? cubic(k) : linear(k)) {
      source[k] = e.position(tap.position);
      Value v = weighted(sum(k + 1), tap.weight);
      total = total ? plus(total, v) : v;
    }
    return total;
  }

  Value weighted(Value v, Value weight) {
    Value w = e.convert(weight, e.b.getF32Type(), wide);
    return arith::MulFOp::create(e.b, e.loc, v, e.isVector(v) ? e.splat(w) : w, contract());
  }
  Value plus(Value x, Value y) { return arith::AddFOp::create(e.b, e.loc, x, y, contract()); }
  arith::FastMathFlagsAttr contract() { return arith::FastMathFlagsAttr::get(e.b.getContext(), arith::FastMathFlags::contract); }

  SmallVector<Tap> linear(size_t k) {
    Value last = f.sub(f.of(e.dim(in[k])), f.number(1));
    Value x = f.clamp(coordinates[k], f.number(0), last), low = f.floor(x), rest = f.sub(x, low);
    Value p = f.toInt(low);
    return {{p, f.sub(f.number(1), rest)}, {clamped(e.add(p, e.i64(1)), k), rest}};
  }

  /// Keys' kernel with parameter a at distance x.
  Value keys(Value x) {
    double a = op.getCubicCoeffA().convertToDouble();
    x = f.abs(x);
    Value near = f.add(f.mul(f.mul(f.sub(f.mul(f.number(a + 2), x), f.number(a + 3)), x), x), f.number(1));
    Value far = f.sub(f.mul(f.add(f.mul(f.sub(f.mul(f.number(a), x), f.number(5 * a)), x), f.number(8 * a)), x), f.number(4 * a));
    Value v = e.select(f.compare(arith::CmpFPredicate::OLT, x, f.number(2)), far, f.number(0));
    return e.select(f.compare(arith::CmpFPredicate::OLE, x, f.number(1)), near, v);
  }

  SmallVector<Tap> cubic(size_t k) {
    Value low = f.floor(coordinates[k]), rest = f.sub(coordinates[k], low), p = f.toInt(low);
    SmallVector<Tap> taps;
    Value total;
    for (int64_t t = -1; t <= 2; ++t) {
      Value at = e.add(p, e.i64(t)), w = keys(f.sub(rest, f.number(t)));
      if (op.getExcludeOutside()) {
        w = e.select(isInside(at, k), w, f.number(0));
        total = total ? f.add(total, w) : w;
      }
      taps.push_back({clamped(at, k), w});
    }
    if (total)
      for (Tap &tap : taps)
        tap.weight = f.div(tap.weight, total);
    return taps;
  }

  Value isInside(Value position, size_t k) { return arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, position, e.dim(in[k])); }

  /// Antialiasing widens the filter by 1 / scale when shrinking: sum_p filter((p - x) * s) v[p] / sum_p filter((p - x) * s) with s = min(scale, 1).
  Value filtered(size_t k) {
    bool isCubic = op.getMode() == "cubic";
    Value x = coordinates[k], s = e.select(f.compare(arith::CmpFPredicate::OLT, scales[k], f.number(1)), scales[k], f.number(1));
    Value support = f.div(f.number(isCubic ? 2 : 1), s);
    Value begin = f.toInt(f.ceil(f.sub(x, support))), end = e.add(f.toInt(f.floor(f.add(x, support))), e.i64(1));
    bool lanes = e.width > 1 && llvm::any_of(index, [](const Index &i) { return i.lane; });
    Type type = lanes ? Type(VectorType::get({e.width}, wide)) : wide;
    auto sums = e.loop(begin, end, e.i64(1), {e.constant(type, 0), f.number(0)}, [&](Value p, ValueRange carried) -> SmallVector<Value> {
      Value distance = f.mul(f.sub(f.of(p), x), s);
      Value w = isCubic ? keys(distance) : f.clamp(f.sub(f.number(1), f.abs(distance)), f.number(0), f.number(1));
      if (op.getExcludeOutside())
        w = e.select(isInside(p, k), w, f.number(0));
      source[k] = e.position(clamped(p, k));
      Value v = sum(k + 1);
      return {plus(carried[0], weighted(lanes ? e.splat(v) : v, w)), f.add(carried[1], w)};
    });
    Value none = f.compare(arith::CmpFPredicate::OEQ, sums[1], f.number(0));
    return weighted(sums[0], f.div(f.number(1), e.select(none, f.number(1), sums[1])));
  }

  Emitter &e;
  ResizeOp op;
  F32 f;
  Dims in, out;
  ArrayRef<Index> index;
  Indices source;
  SmallVector<Value> scales, coordinates; // per dim, null for dims that do not change
  Value outside;                          // i1: the output lies outside the crop's input
  Type elementType, compute, wide;
};

Value resizeElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto resize = cast<ResizeOp>(op);
  for (auto [k, at] : llvm::enumerate(index))
    if (at.lane && !Resize::keeps(e.facts, resize, k))
      return e.scalarize(op->getResult(0), index);
  return Resize(e, resize, index).element();
}

} // namespace

void registerResize() { registerElement("graph.resize", resizeElement); }

} // namespace mlc::reference

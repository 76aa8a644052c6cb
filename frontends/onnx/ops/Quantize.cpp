// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Quantisation: scales and zero points get the dims that numpy broadcasting needs; integer products subtract zero points first and accumulate in int32.
#include "frontends/onnx/Registry.h"
#include "frontends/onnx/Tensors.h"
#include "frontends/onnx/ops/Spatial.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// A scale or zero point that broadcasts against x: one number, one per index of `axis`, or one per block of `block` indices.
Value alongAxis(Node &n, Value v, Value x, int64_t axis, int64_t block) {
  if (!v)
    return v;
  Dims own = n.dims(v), in = n.dims(x);
  if (product(own).isConstant(1) && block == 0)
    return n.reshape(v, {});
  if (own.size() == 1 && block == 0 && axis < static_cast<int64_t>(in.size())) {
    Dims dims(in.size(), DimExpr(1));
    dims[axis] = own[0];
    return n.reshape(v, dims);
  }
  if (block == 0 || own.size() != in.size() || axis >= static_cast<int64_t>(in.size()))
    return (void)n.fail("its scale has dims " + graph::describe(own) + " for an input of dims " + graph::describe(in)), Value();
  // [.., n, ..] -> [.., n, block, ..] -> [.., n * block, ..], cut to x's extent.
  Dims split(own), repeated(own), merged(own);
  split.insert(split.begin() + axis + 1, DimExpr(1));
  repeated.insert(repeated.begin() + axis + 1, DimExpr(block));
  merged[axis] = own[axis] * DimExpr(block);
  return n.slice(n.reshape(n.expand(n.reshape(v, split), repeated), merged), axis, 0, in[axis]);
}

FailureOr<int64_t> quantAxis(Node &n) {
  if (n.rank(n.in(0)) == 0)
    return 0;
  // The axis only matters for scales that are not one number, and its default may then be outside.
  if (product(n.dims(n.in(1))).isConstant(1))
    return 0;
  return n.axis(n.intAttr("axis", 1), n.rank(n.in(0)));
}

LogicalResult importQuantize(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto axis = quantAxis(n);
  int64_t block = n.intAttr("block_size", 0), wanted = n.intAttr("output_dtype", 0);
  if (failed(axis) || block < 0)
    return failure();
  if (n.intAttr("saturate", 1) != 1)
    return n.fail("quantising without saturation is not supported");
  Type type = n.has(2) ? n.elementType(n.in(2)) : elementTypeOf(wanted ? wanted : ::onnx::TensorProto::UINT8, n.b.getContext());
  if (!type)
    return n.fail("its output_dtype is not supported");
  Value scale = alongAxis(n, n.in(1), n.in(0), *axis, block);
  Value zero = n.has(2) ? alongAxis(n, n.in(2), n.in(0), *axis, block) : n.scalar(type, 0);
  return n.done(n.make<graph::QuantizeLinearOp>({n.in(0), scale, zero}));
}

LogicalResult importDequantize(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto axis = quantAxis(n);
  int64_t block = n.intAttr("block_size", 0), wanted = n.intAttr("output_dtype", 0);
  if (failed(axis) || block < 0)
    return failure();
  Value scale = alongAxis(n, n.in(1), n.in(0), *axis, block);
  Value zero = n.has(2) ? alongAxis(n, n.in(2), n.in(0), *axis, block) : n.scalar(n.elementType(n.in(0)), 0);
  Value y = n.make<graph::DequantizeLinearOp>({n.in(0), scale, zero});
  Type type = wanted ? elementTypeOf(wanted, n.b.getContext()) : Type();
  return n.done(type ? n.cast(y, type) : y);
}

/// uint8 with the range of x widened to hold 0; gives y, its scale and its zero point.
LogicalResult importDynamicQuantize(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Value x = n.in(0);
  Type f32 = n.elementType(x), u8 = IntegerType::get(n.b.getContext(), 8, IntegerType::Unsigned);
  if (!f32.isF32())
    return n.fail("its input is not float32");
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  Value zero = n.scalar(f32, 0), full = n.scalar(f32, 255);
  Value low = n.make<graph::MinimumOp>({n.reduce<graph::ReduceMinOp>(x, all, false), zero});
  Value high = n.make<graph::MaximumOp>({n.reduce<graph::ReduceMaxOp>(x, all, false), zero});
  Value step = n.make<graph::DivOp>({n.make<graph::SubOp>({high, low}), full});
  // NOTE: all zeros would divide by zero; a scale of 1 then, as ONNX Runtime has it.
  Value scale = n.make<graph::WhereOp>({n.make<graph::EqualOp>({step, zero}), n.scalar(f32, 1), step});
  Value origin = n.make<graph::SubOp>({zero, n.make<graph::DivOp>({low, scale})});
  Value clipped = n.make<graph::MinimumOp>({n.make<graph::MaximumOp>({origin, zero}), full});
  Value point = n.cast(n.make<graph::RoundOp>(clipped), u8);
  return n.done({n.make<graph::QuantizeLinearOp>({x, scale, point}), scale, point});
}

// ---- integer products

/// x - zero as int32; a zero point that is a vector lies along `axis` of x.
Value centred(Node &n, Value x, Value zero, int64_t axis) {
  Type i32 = n.b.getI32Type();
  Value wide = n.cast(x, i32);
  if (!zero)
    return wide;
  Dims own = n.dims(zero);
  if (product(own).isConstant(1)) {
    zero = n.reshape(zero, {});
  } else if (own.size() == 1) {
    Dims dims(n.rank(x), DimExpr(1));
    if (axis < 0 || axis >= static_cast<int64_t>(dims.size()))
      return (void)n.fail("its zero point has dims " + graph::describe(own)), Value();
    dims[axis] = own[0];
    zero = n.reshape(zero, dims);
  }
  return n.make<graph::SubOp>({wide, n.cast(zero, i32)});
}

/// The same for a scale: one number, or a vector along `axis` of a tensor of this rank.
Value scaleAlong(Node &n, Value scale, int64_t axis, int64_t rank) {
  Dims own = n.dims(scale);
  if (product(own).isConstant(1))
    return n.reshape(scale, {});
  if (own.size() != 1 || axis < 0 || axis >= rank)
    return scale;
  Dims dims(rank, DimExpr(1));
  dims[axis] = own[0];
  return n.reshape(scale, dims);
}

LogicalResult importMatMulInteger(Node &n) {
  if (failed(n.require(2)))
    return failure();
  Value a = centred(n, n.in(0), n.in(2), n.rank(n.in(0)) - 2), b = centred(n, n.in(1), n.in(3), n.rank(n.in(1)) - 1);
  return n.done(n.make<graph::MatMulOp>({a, b}));
}

LogicalResult importConvInteger(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto window = readConvWindow(n, n.in(0), n.in(1));
  if (failed(window))
    return failure();
  Value x = centred(n, n.in(0), n.in(2), 1), w = centred(n, n.in(1), n.in(3), 0);
  return n.done(x && w ? makeConv(n, x, w, {}, *window) : Value());
}

/// int32 sums as real numbers, quantised again.
Value requantized(Node &n, Value sum, Value scaleA, Value scaleB, Value scaleY, Value zeroY) {
  if (!sum)
    return sum;
  Type f32 = n.b.getF32Type();
  Value factor = n.make<graph::MulOp>({n.cast(scaleA, f32), n.cast(scaleB, f32)});
  Value real = n.make<graph::MulOp>({n.cast(sum, f32), factor});
  return n.make<graph::QuantizeLinearOp>({real, n.cast(n.reshape(scaleY, {}), f32), n.reshape(zeroY, {})});
}

LogicalResult importQLinearMatMul(Node &n) {
  if (failed(n.require(8)))
    return failure();
  int64_t rankA = n.rank(n.in(0)), rankB = n.rank(n.in(3));
  Value sum = n.make<graph::MatMulOp>({centred(n, n.in(0), n.in(2), rankA - 2), centred(n, n.in(3), n.in(5), rankB - 1)});
  return n.done(requantized(n, sum, scaleAlong(n, n.in(1), rankA - 2, rankA), scaleAlong(n, n.in(4), rankB - 1, rankB), n.in(6), n.in(7)));
}

LogicalResult importQLinearConv(Node &n) {
  if (failed(n.require(8)))
    return failure();
  auto window = readConvWindow(n, n.in(0), n.in(3));
  if (failed(window))
    return failure();
  Value x = centred(n, n.in(0), n.in(2), 1), w = centred(n, n.in(3), n.in(5), 0);
  Value sum = x && w ? makeConv(n, x, w, n.in(8), *window) : Value();
  return n.done(requantized(n, sum, n.reshape(n.in(1), {}), scaleAlong(n, n.in(4), 1, n.rank(n.in(0))), n.in(6), n.in(7)));
}

} // namespace

void addQuantize(Registry &r) {
  r.add({{"QuantizeLinear", 10, importQuantize},
         {"DequantizeLinear", 10, importDequantize},
         {"DynamicQuantizeLinear", 11, importDynamicQuantize},
         {"MatMulInteger", 10, importMatMulInteger},
         {"ConvInteger", 10, importConvInteger},
         {"QLinearMatMul", 10, importQLinearMatMul},
         {"QLinearConv", 10, importQLinearConv}});
}

} // namespace mlc::importer

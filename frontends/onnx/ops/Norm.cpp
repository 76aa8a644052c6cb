// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Norms and what is like softmax, where the record alone does not do.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// Inference only: with the stored mean and variance.
LogicalResult importBatchNorm(Node &n) {
  if (failed(n.require(5)))
    return failure();
  if (n.intAttr("training_mode", 0) || (n.version < 7 && n.hasAttr("is_test") && !n.intAttr("is_test", 0)))
    return n.fail("training mode is not supported");
  if (!n.intAttr("spatial", 1))
    return n.fail("spatial = 0 is not supported");
  return n.done(n.make<graph::BatchNormOp>(n.inputs().take_front(5), n.real("epsilon", n.floatAttr("epsilon", 1e-5f))));
}

LogicalResult importLayerNorm(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto axis = n.axis(n.intAttr("axis", -1), n.rank(n.in(0)));
  if (failed(axis))
    return failure();
  SmallVector<Value> operands{n.in(0), n.in(1)};
  if (n.has(2))
    operands.push_back(n.in(2));
  Operation *op = n.makeOp(graph::LayerNormOp::getOperationName(), operands,
                           {n.attr("axis", *axis), n.real("epsilon", n.floatAttr("epsilon", 1e-5f)), n.attr("stash_type", n.intAttr("stash_type", 1))}, 3);
  return op ? n.done(op->getResults()) : failure();
}

/// Before 21, scale and bias are per group: repeated for each of its channels.
LogicalResult importGroupNorm18(Node &n) {
  if (failed(n.require(3)) || n.rank(n.in(0)) < 2)
    return n.fail("it needs an input of rank 2 or more");
  int64_t groups = n.intAttr("num_groups", 0);
  if (groups < 1)
    return n.fail("its num_groups is " + Twine(groups));
  DimExpr channels = n.dims(n.in(0))[1], each = DimExpr::floorDiv(channels, groups);
  auto perChannel = [&](Value v) { return n.reshape(n.expand(n.reshape(v, {DimExpr(groups), DimExpr(1)}), {DimExpr(groups), each}), {channels}); };
  return n.done(n.make<graph::GroupNormOp>({n.in(0), perChannel(n.in(1)), perChannel(n.in(2))}, {n.attr("num_groups", groups), n.real("epsilon", n.floatAttr("epsilon", 1e-5f))}));
}

/// x / (bias + alpha * mean of x^2 over `size` neighbouring channels)^beta; the mean is a pooling over (C, all the rest).
LogicalResult importLRN(Node &n) {
  if (failed(n.require(1)) || n.rank(n.in(0)) < 2)
    return n.fail("it needs an input of rank 2 or more");
  Value x = n.in(0);
  Dims in = n.dims(x);
  int64_t size = n.intAttr("size", 1);
  if (size < 1 || size > 1 << 20)
    return n.fail("its size is " + Twine(size));
  Type type = n.elementType(x);
  SmallVector<int64_t> kernel{size, 1}, ones{1, 1}, pads{(size - 1) / 2, 0, size / 2, 0};
  Value square = n.reshape(n.make<graph::MulOp>({x, x}), {in[0], DimExpr(1), in[1], product(ArrayRef<DimExpr>(in).drop_front(2))});
  Value mean = n.make<graph::AveragePoolOp>(
      square, {n.attr("kernel_shape", ArrayRef<int64_t>(kernel)), n.attr("strides", ArrayRef<int64_t>(ones)), n.attr("dilations", ArrayRef<int64_t>(ones)),
               n.attr("pads", ArrayRef<int64_t>(pads)), n.flag("ceil_mode", false), n.flag("count_include_pad", true)});
  Value scaled = n.make<graph::MulOp>({n.reshape(mean, in), n.scalar(type, n.floatAttr("alpha", 1e-4f))});
  Value base = n.make<graph::AddOp>({scaled, n.scalar(type, n.floatAttr("bias", 1.0f))});
  return n.done(n.make<graph::DivOp>({x, n.make<graph::PowOp>({base, n.scalar(type, n.floatAttr("beta", 0.75f))})}));
}

/// (x - mean) / (std + 1e-9) over axes.
LogicalResult importMeanVariance(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Value x = n.in(0);
  auto axes = n.axes(n.intsAttr("axes").value_or(SmallVector<int64_t>{0, 2, 3}), n.rank(x));
  if (failed(axes))
    return failure();
  Value centred = n.make<graph::SubOp>({x, n.reduce<graph::ReduceMeanOp>(x, *axes, true)});
  Value variance = n.reduce<graph::ReduceMeanOp>(n.make<graph::MulOp>({centred, centred}), *axes, true);
  return n.done(n.make<graph::DivOp>({centred, n.make<graph::AddOp>({n.make<graph::SqrtOp>(variance), n.scalar(n.elementType(x), 1e-9)})}));
}

/// x / (its p-norm along axis), 0 where the norm is 0.
LogicalResult importLpNorm(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Value x = n.in(0);
  auto axis = n.axis(n.intAttr("axis", -1), n.rank(x));
  if (failed(axis))
    return failure();
  int64_t p = n.intAttr("p", 2);
  if (p != 1 && p != 2)
    return n.fail("its p is " + Twine(p));
  Value norm = n.reduce<graph::ReduceSumOp>(p == 1 ? n.make<graph::AbsOp>(x) : n.make<graph::MulOp>({x, x}), *axis, true);
  if (p == 2)
    norm = n.make<graph::SqrtOp>(norm);
  Value zero = n.scalar(n.elementType(x), 0), one = n.scalar(n.elementType(x), 1);
  return n.done(n.make<graph::DivOp>({x, n.make<graph::WhereOp>({n.make<graph::EqualOp>({norm, zero}), one, norm})}));
}

/// Below 13 the dims from `axis` on count as one. `fn` works along the last dim of a matrix.
template <typename Fn> LogicalResult flattened(Node &n, Fn fn) {
  if (failed(n.require(1)))
    return failure();
  Dims in = n.dims(n.in(0));
  auto axis = n.axis(n.intAttr("axis", 1), in.size());
  if (failed(axis))
    return failure();
  if (*axis + 1 == static_cast<int64_t>(in.size()))
    return n.done(fn(n.in(0), *axis));
  ArrayRef<DimExpr> d(in);
  return n.done(n.reshape(fn(n.reshape(n.in(0), {product(d.take_front(*axis)), product(d.drop_front(*axis))}), 1), in));
}

template <typename Op> LogicalResult importOldSoftmax(Node &n) {
  return flattened(n, [&](Value x, int64_t axis) { return n.make<Op>(x, n.attr("axis", axis)); });
}

/// 1 at the first largest element along axis, 0 elsewhere.
Value hardmax(Node &n, Value x, int64_t axis) {
  if (!x)
    return x;
  Value index = n.make<graph::ArgMaxOp>(x, {n.attr("axis", axis), n.attr("keepdims", 0)});
  Value values = n.cast(n.ints({0, 1}, {2}), n.elementType(x));
  return n.make<graph::OneHotOp>({index, values}, {n.attr("depth", Dims{n.dims(x)[axis]}), n.attr("axis", axis)});
}

LogicalResult importHardmax(Node &n) {
  if (n.version < 13)
    return flattened(n, [&](Value x, int64_t axis) { return hardmax(n, x, axis); });
  if (failed(n.require(1)))
    return failure();
  auto axis = n.axis(n.intAttr("axis", -1), n.rank(n.in(0)));
  return failed(axis) ? failure() : n.done(hardmax(n, n.in(0), *axis));
}

} // namespace

void addNorm(Registry &r) {
  r.add({{"BatchNormalization", 1, importBatchNorm},
         {"LayerNormalization", 17, importLayerNorm},
         {"GroupNormalization", 18, importGroupNorm18},
         {"LRN", 1, importLRN},
         {"MeanVarianceNormalization", 9, importMeanVariance},
         {"LpNormalization", 1, importLpNorm},
         {"Softmax", 1, importOldSoftmax<graph::SoftmaxOp>},
         {"LogSoftmax", 1, importOldSoftmax<graph::LogSoftmaxOp>},
         {"Hardmax", 1, importHardmax}});
}

} // namespace mlc::importer

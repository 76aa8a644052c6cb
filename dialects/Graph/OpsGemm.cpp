// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/Constraints.h"

using namespace mlir;

namespace mlc::graph {

LogicalResult MatMulOp::inferShapes(ShapeFacts &facts) {
  Dims a(facts.dims(getA())), b(facts.dims(getB()));
  if (a.empty() || b.empty())
    return emitOpError() << "[matmul_c2] needs operands of rank 1 or more, got " << describe(a) << " and " << describe(b);
  if (facts.elementType(getA()) != facts.elementType(getB()))
    return emitOpError() << "[matmul_c3] has operands of types " << getA().getType() << " and " << getB().getType();
  DimExpr ka = a.back(), kb = b.size() == 1 ? b[0] : b[b.size() - 2];
  if (!requireEqual(facts, *this, ka, kb))
    return emitOpError() << "[matmul_c1] cannot multiply " << describe(a) << " by " << describe(b) << ": inner dims differ";
  Dims out;
  size_t batchA = a.size() < 2 ? 0 : a.size() - 2, batchB = b.size() < 2 ? 0 : b.size() - 2, batch = std::max(batchA, batchB);
  for (size_t i = 0; i < batch; ++i) {
    DimExpr da = i + batchA >= batch ? a[i + batchA - batch] : DimExpr(1), db = i + batchB >= batch ? b[i + batchB - batch] : DimExpr(1);
    auto d = facts.broadcastDim(*this, da, db);
    if (!d)
      return emitOpError() << "[matmul_c4] cannot broadcast the batch dims of " << describe(a) << " and " << describe(b);
    out.push_back(*d);
  }
  if (a.size() > 1)
    out.push_back(a[a.size() - 2]);
  if (b.size() > 1)
    out.push_back(b.back());
  facts.set(getY(), facts.elementType(getA()), out);
  return success();
}

namespace {

/// Position of the channel dim, and of the first spatial dim, in a spatial op's activations.
size_t channelAxis(bool last, size_t rank) { return last ? rank - 1 : 1; }
size_t spatialAxis(bool last) { return last ? 1 : 2; }

/// Output extent of a window: (in + padding - (dilation (kernel - 1) + 1)) / stride + 1, rounded as told.
DimExpr windowExtent(const DimExpr &in, const DimExpr &kernel, int64_t stride, int64_t dilation, int64_t padLow, int64_t padHigh, bool ceil) {
  DimExpr span = in + padLow + padHigh - 1 - (kernel - 1) * DimExpr(dilation);
  if (!ceil)
    return DimExpr::floorDiv(span, stride) + 1;
  DimExpr n = DimExpr::ceilDiv(span, stride) + 1;
  // ONNX: a window that would start in the padding after the input is dropped.
  auto last = ((n - 1) * DimExpr(stride)).constant(), end = (in + padLow).constant();
  return last && end && *last >= *end ? n - 1 : n;
}

template <typename Op> LogicalResult verifySpatial(Op op) {
  int64_t rank = op.getX().getType().getRank(), spatial = rank - 2;
  if (spatial < 1 || op.getW().getType().getRank() != rank)
    return op.emitOpError() << "[conv_c1] has operands of ranks " << rank << " and " << op.getW().getType().getRank();
  if (static_cast<int64_t>(op.getStrides().size()) != spatial || static_cast<int64_t>(op.getDilations().size()) != spatial ||
      static_cast<int64_t>(op.getPads().size()) != 2 * spatial)
    return op.emitOpError() << "[conv_c2] needs " << spatial << " strides and dilations and " << 2 * spatial << " pads";
  for (int64_t s : op.getStrides())
    if (s < 1)
      return op.emitOpError() << "[conv_c2] has stride " << s;
  for (int64_t d : op.getDilations())
    if (d < 1)
      return op.emitOpError() << "[conv_c2] has dilation " << d;
  if (op.getGroup() < 1)
    return op.emitOpError() << "[conv_c3] has group " << op.getGroup();
  return success();
}

template <typename Op> LogicalResult inferPool(Op op, ShapeFacts &facts) {
  Dims out(facts.dims(op.getX()));
  size_t first = spatialAxis(op.getChannelsLast()), spatial = out.size() < 3 ? 0 : out.size() - 2;
  auto kernel = op.getKernelShape();
  if (spatial == 0 || kernel.size() != spatial || op.getStrides().size() != spatial || op.getDilations().size() != spatial || op.getPads().size() != 2 * spatial)
    return op.emitOpError() << "[pool_c1] has a window of rank " << kernel.size() << " for an operand of dims " << describe(out);
  for (size_t i = 0; i < spatial; ++i) {
    if (op.getStrides()[i] < 1 || op.getDilations()[i] < 1 || kernel[i] < 1)
      return op.emitOpError() << "[pool_c2] needs kernel, strides and dilations of at least 1";
    out[first + i] = windowExtent(out[first + i], kernel[i], op.getStrides()[i], op.getDilations()[i], op.getPads()[i], op.getPads()[i + spatial], op.getCeilMode());
    if (out[first + i].constant().value_or(0) < 0)
      return op.emitOpError() << "[pool_c3] has a window larger than its padded input " << describe(facts.dims(op.getX()));
  }
  facts.set(op.getY(), facts.elementType(op.getX()), out);
  return success();
}

/// xw: [T, B, gates*H] -> y [T, B, H] and as many states [B, H].
LogicalResult inferRnn(Operation *op, int64_t gates, ShapeFacts &facts, std::initializer_list<std::pair<Value, int64_t>> vectors, Value lens) {
  Dims xw(facts.dims(op->getOperand(0))), h(facts.dims(op->getOperand(2)));
  if (xw.size() != 3 || h.size() != 2)
    return op->emitOpError() << "[rnn_c1] has inputs of dims " << describe(xw) << " and an initial state of dims " << describe(h);
  DimExpr hidden = h[1], wide = hidden * DimExpr(gates);
  auto equal = [&](ArrayRef<DimExpr> a, ArrayRef<DimExpr> b) { return requireEqual(facts, op, a, b); };
  bool fit = equal(xw[2], wide) && equal(xw[1], h[0]) && equal(Dims{wide, hidden}, facts.dims(op->getOperand(1))) && (!lens || equal(xw[1], facts.dims(lens)));
  if (op->getNumResults() == 3)
    fit = fit && equal(h, facts.dims(op->getOperand(3)));
  for (auto [v, parts] : vectors)
    fit = fit && (!v || equal(hidden * DimExpr(parts), facts.dims(v)));
  if (!fit)
    return op->emitOpError() << "[rnn_c2] has operands whose dims do not fit " << gates << " gates, inputs " << describe(xw) << " and an initial state " << describe(h);
  Type type = facts.elementType(op->getOperand(0));
  facts.set(op->getResult(0), type, {xw[0], xw[1], h[1]});
  for (unsigned i = 1; i < op->getNumResults(); ++i)
    facts.set(op->getResult(i), type, {xw[1], h[1]});
  return success();
}

} // namespace

LogicalResult ConvOp::verify() { return verifySpatial(*this); }
LogicalResult ConvTransposeOp::verify() {
  if (failed(verifySpatial(*this)))
    return failure();
  if (getOutputPadding().size() != getStrides().size())
    return emitOpError() << "[conv_c2] has " << getOutputPadding().size() << " output paddings for " << getStrides().size() << " strides";
  return success();
}

LogicalResult ConvOp::inferShapes(ShapeFacts &facts) {
  Dims x(facts.dims(getX())), w(facts.dims(getW()));
  if (failed(verify()))
    return failure();
  size_t channel = channelAxis(getChannelsLast(), x.size()), first = spatialAxis(getChannelsLast()), spatial = x.size() - 2;
  DimExpr expected = w[1] * DimExpr(getGroup());
  if (!requireEqual(facts, *this, x[channel], expected))
    return emitOpError() << "[conv_c3] has " << x[channel].str() << " input channels, but weights " << describe(w) << " in " << getGroup() << " group(s) need " << expected.str();
  if (!requireEqual(facts, *this, DimExpr::mod(w[0], getGroup()), 0))
    return emitOpError() << "[conv_c3] has " << w[0].str() << " output channels in " << getGroup() << " groups";
  if (getBias() && !requireEqual(facts, *this, w[0], facts.dims(getBias())))
    return emitOpError() << "[conv_c5] has a bias of dims " << describe(facts.dims(getBias())) << " for " << w[0].str() << " output channels";
  Dims out(x);
  out[channel] = w[0];
  for (size_t i = 0; i < spatial; ++i) {
    out[first + i] = windowExtent(x[first + i], w[2 + i], getStrides()[i], getDilations()[i], getPads()[i], getPads()[i + spatial], false);
    if (out[first + i].constant().value_or(0) < 0)
      return emitOpError() << "[conv_c4] has a kernel larger than its padded input: " << describe(x) << " and " << describe(w);
  }
  facts.set(getY(), facts.elementType(getX()), out);
  return success();
}

LogicalResult ConvTransposeOp::inferShapes(ShapeFacts &facts) {
  Dims x(facts.dims(getX())), w(facts.dims(getW()));
  if (failed(verify()))
    return failure();
  size_t channel = channelAxis(getChannelsLast(), x.size()), first = spatialAxis(getChannelsLast()), spatial = x.size() - 2;
  if (!requireEqual(facts, *this, x[channel], w[0]))
    return emitOpError() << "[conv_c3] has " << x[channel].str() << " input channels for weights " << describe(w);
  if (!requireEqual(facts, *this, DimExpr::mod(w[0], getGroup()), 0))
    return emitOpError() << "[conv_c3] has " << w[0].str() << " input channels in " << getGroup() << " groups";
  Dims out(x);
  out[channel] = w[1] * DimExpr(getGroup());
  if (getBias() && !requireEqual(facts, *this, out[channel], facts.dims(getBias())))
    return emitOpError() << "[conv_c5] has a bias of dims " << describe(facts.dims(getBias())) << " for " << out[channel].str() << " output channels";
  for (size_t i = 0; i < spatial; ++i)
    out[first + i] = (x[first + i] - 1) * DimExpr(getStrides()[i]) + (w[2 + i] - 1) * DimExpr(getDilations()[i]) + 1 + getOutputPadding()[i] - getPads()[i] - getPads()[i + spatial];
  facts.set(getY(), facts.elementType(getX()), out);
  return success();
}

LogicalResult MaxPoolOp::inferShapes(ShapeFacts &facts) { return inferPool(*this, facts); }
LogicalResult AveragePoolOp::inferShapes(ShapeFacts &facts) { return inferPool(*this, facts); }
LogicalResult LstmScanOp::inferShapes(ShapeFacts &facts) { return inferRnn(*this, 4, facts, {{getPeephole(), 3}}, getSequenceLens()); }
LogicalResult GruScanOp::inferShapes(ShapeFacts &facts) { return inferRnn(*this, 3, facts, {{getRecurrentBias(), 1}}, getSequenceLens()); }
LogicalResult RnnScanOp::inferShapes(ShapeFacts &facts) { return inferRnn(*this, 1, facts, {}, getSequenceLens()); }

} // namespace mlc::graph

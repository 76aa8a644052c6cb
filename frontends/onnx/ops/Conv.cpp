// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Convolutions and pooling. Unset attributes get their defaults here, auto_pad becomes numbers.
#include "frontends/onnx/ops/Spatial.h"
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {

/// Of each number of a window, so that spans fit into 64 bits.
static constexpr int64_t kWindowLimit = 1LL << 31;

FailureOr<Window> readWindow(Node &n, ArrayRef<DimExpr> in, ArrayRef<int64_t> kernel) {
  size_t spatial = kernel.size();
  if (in.size() != spatial)
    return n.fail("its kernel has " + Twine(spatial) + " dims for an input with " + Twine(in.size()) + " spatial dims");
  Window w;
  w.kernel.assign(kernel.begin(), kernel.end());
  w.strides = n.intsAttr("strides").value_or(SmallVector<int64_t>(spatial, 1));
  w.dilations = n.intsAttr("dilations").value_or(SmallVector<int64_t>(spatial, 1));
  w.pads = n.intsAttr("pads").value_or(SmallVector<int64_t>(2 * spatial, 0));
  if (w.strides.size() != spatial || w.dilations.size() != spatial || w.pads.size() != 2 * spatial)
    return n.fail("its strides, dilations or pads do not fit its kernel of " + Twine(spatial) + " dims");
  for (auto *list : {&w.kernel, &w.strides, &w.dilations})
    for (int64_t v : *list)
      if (v < 1 || v > kWindowLimit)
        return n.fail("its kernel, strides or dilations hold " + Twine(v));
  for (int64_t v : w.pads)
    if (v < -kWindowLimit || v > kWindowLimit)
      return n.fail("its pads hold " + Twine(v));
  std::string mode = n.stringAttr("auto_pad", "NOTSET");
  if (mode == "NOTSET")
    return w;
  w.pads.assign(2 * spatial, 0);
  if (mode == "VALID")
    return w;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER")
    return n.fail("its auto_pad is '" + mode + "'");
  w.same = true;
  for (size_t i = 0; i < spatial; ++i) {
    int64_t span = (w.kernel[i] - 1) * w.dilations[i] + 1, total;
    if (auto extent = in[i].constant()) {
      int64_t out = (*extent + w.strides[i] - 1) / w.strides[i];
      total = std::max<int64_t>(0, (out - 1) * w.strides[i] + span - *extent);
    } else if (w.strides[i] == 1) {
      total = span - 1;
    } else {
      return n.fail("its auto_pad needs numbers for the input's spatial dims, which are " + graph::describe(in));
    }
    int64_t small = total / 2, large = total - small;
    w.pads[i] = mode == "SAME_UPPER" ? small : large;
    w.pads[i + spatial] = mode == "SAME_UPPER" ? large : small;
  }
  return w;
}

FailureOr<Window> readConvWindow(Node &n, Value x, Value w) {
  Dims in = n.dims(x), weights = n.dims(w);
  if (in.size() < 3 || weights.size() != in.size())
    return n.fail("its input and weights have dims " + graph::describe(in) + " and " + graph::describe(weights));
  SmallVector<int64_t> kernel;
  for (size_t i = 2; i < weights.size(); ++i) {
    auto k = weights[i].constant();
    if (!k)
      return n.fail("its kernel size is not a number: " + graph::describe(weights));
    kernel.push_back(*k);
  }
  if (auto given = n.intsAttr("kernel_shape"); given && *given != kernel)
    return n.fail("its kernel_shape differs from its weights' dims " + graph::describe(weights));
  return readWindow(n, ArrayRef<DimExpr>(in).drop_front(2), kernel);
}

Value makeConv(Node &n, Value x, Value w, Value bias, const Window &window) {
  SmallVector<Value> operands{x, w};
  if (bias)
    operands.push_back(bias);
  return n.make<graph::ConvOp>(operands, {n.attr("strides", window.strides), n.attr("dilations", window.dilations), n.attr("pads", window.pads), n.attr("group", n.intAttr("group", 1))});
}

namespace {

LogicalResult importConv(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto window = readConvWindow(n, n.in(0), n.in(1));
  if (failed(window))
    return failure();
  return n.done(makeConv(n, n.in(0), n.in(1), n.in(2), *window));
}

LogicalResult importConvTranspose(Node &n) {
  if (failed(n.require(2)))
    return failure();
  Value x = n.in(0), w = n.in(1);
  auto window = readConvWindow(n, x, w);
  if (failed(window))
    return failure();
  size_t spatial = window->kernel.size();
  auto outputPadding = n.intsAttr("output_padding").value_or(SmallVector<int64_t>(spatial, 0));
  auto outputShape = n.intsAttr("output_shape");
  if (outputPadding.size() != spatial || (outputShape && outputShape->size() != spatial))
    return n.fail("its output_padding or output_shape does not fit its kernel");
  for (int64_t v : outputPadding)
    if (v < 0 || v > kWindowLimit)
      return n.fail("its output_padding holds " + Twine(v));
  for (int64_t v : outputShape.value_or(SmallVector<int64_t>()))
    if (v < 0 || v > kWindowLimit)
      return n.fail("its output_shape holds " + Twine(v));
  bool lower = n.stringAttr("auto_pad", "NOTSET") == "SAME_LOWER";
  for (size_t i = 0; i < spatial && (outputShape || window->same); ++i) {
    // Pads follow from the wanted extent: total = stride (in - 1) + output_padding + span - out.
    DimExpr in = n.dims(x)[2 + i];
    DimExpr out = outputShape ? DimExpr((*outputShape)[i]) : in * DimExpr(window->strides[i]);
    int64_t span = (window->kernel[i] - 1) * window->dilations[i] + 1;
    auto total = (DimExpr(window->strides[i]) * (in - 1) + DimExpr(outputPadding[i] + span) - out).constant();
    if (!total)
      return n.fail("its output_shape needs numbers for the input's spatial dims");
    // NOTE: when the wanted extent is larger than the natural one, it is the end that grows.
    int64_t pad = std::max<int64_t>(*total, 0);
    outputPadding[i] += std::max<int64_t>(-*total, 0);
    window->pads[i] = lower ? pad - pad / 2 : pad / 2;
    window->pads[i + spatial] = pad - window->pads[i];
  }
  SmallVector<Value> operands{x, w};
  if (n.has(2))
    operands.push_back(n.in(2));
  return n.done(n.make<graph::ConvTransposeOp>(operands, {n.attr("strides", window->strides), n.attr("dilations", window->dilations), n.attr("pads", window->pads),
                                                          n.attr("output_padding", ArrayRef<int64_t>(outputPadding)), n.attr("group", n.intAttr("group", 1))}));
}

template <typename Op> Value makePool(Node &n, Value x, const Window &w, bool includePad) {
  return n.make<Op>(x, {n.attr("kernel_shape", w.kernel), n.attr("strides", w.strides), n.attr("dilations", w.dilations), n.attr("pads", w.pads),
                        n.flag("ceil_mode", n.intAttr("ceil_mode", 0)), n.flag("count_include_pad", includePad)});
}

FailureOr<Window> readPool(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims in = n.dims(n.in(0));
  auto kernel = n.intsAttr("kernel_shape");
  if (!kernel || in.size() < 3)
    return n.fail("it needs a kernel_shape and an input of rank 3 or more");
  return readWindow(n, ArrayRef<DimExpr>(in).drop_front(2), *kernel);
}

LogicalResult importMaxPool(Node &n) {
  auto w = readPool(n);
  return failed(w) ? failure() : n.done(makePool<graph::MaxPoolOp>(n, n.in(0), *w, false));
}

LogicalResult importAveragePool(Node &n) {
  auto w = readPool(n);
  return failed(w) ? failure() : n.done(makePool<graph::AveragePoolOp>(n, n.in(0), *w, n.intAttr("count_include_pad", 0)));
}

/// (sum |x|^p)^(1/p) over each window: the mean over windows with zeros for padding, times the window's size.
LogicalResult importLpPool(Node &n) {
  auto w = readPool(n);
  if (failed(w))
    return failure();
  double p = n.version < 2 ? n.floatAttr("p", 2) : static_cast<double>(n.intAttr("p", 2));
  Value x = n.in(0);
  Type type = n.elementType(x);
  double size = 1;
  for (int64_t k : w->kernel)
    size *= static_cast<double>(k);
  Value powered = n.make<graph::PowOp>({n.make<graph::AbsOp>(x), n.scalar(type, p)});
  Value sum = n.make<graph::MulOp>({makePool<graph::AveragePoolOp>(n, powered, *w, true), n.scalar(type, size)});
  return n.done(n.make<graph::PowOp>({sum, n.scalar(type, 1 / p)}));
}

SmallVector<int64_t> spatialAxes(Node &n) { return llvm::to_vector(llvm::seq<int64_t>(2, std::max<int64_t>(2, n.rank(n.in(0))))); }

template <typename Op> LogicalResult importGlobalPool(Node &n) {
  if (failed(n.require(1)))
    return failure();
  return n.done(n.reduce<Op>(n.in(0), spatialAxes(n), true));
}

LogicalResult importGlobalLpPool(Node &n) {
  if (failed(n.require(1)))
    return failure();
  double p = n.version < 2 ? n.floatAttr("p", 2) : static_cast<double>(n.intAttr("p", 2));
  Type type = n.elementType(n.in(0));
  Value sum = n.reduce<graph::ReduceSumOp>(n.make<graph::PowOp>({n.make<graph::AbsOp>(n.in(0)), n.scalar(type, p)}), spatialAxes(n), true);
  return n.done(n.make<graph::PowOp>({sum, n.scalar(type, 1 / p)}));
}

} // namespace

void addConv(Registry &r) {
  r.add({{"Conv", 1, importConv},
         {"ConvTranspose", 1, importConvTranspose},
         {"MaxPool", 1, importMaxPool},
         {"AveragePool", 1, importAveragePool},
         {"LpPool", 1, importLpPool},
         {"GlobalAveragePool", 1, importGlobalPool<graph::ReduceMeanOp>},
         {"GlobalMaxPool", 1, importGlobalPool<graph::ReduceMaxOp>},
         {"GlobalLpPool", 1, importGlobalLpPool}});
}

} // namespace mlc::importer

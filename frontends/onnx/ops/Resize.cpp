// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Resize and Upsample: sizes or scales become dims; old versions get their fixed coordinate rules.
#include "frontends/onnx/Registry.h"
#include <cmath>

using namespace mlir;

namespace mlc::importer {
namespace {

/// floor(d * scale). Symbolic dims need a scale that is an integer over a power of two.
FailureOr<DimExpr> scaledDim(Node &n, const DimExpr &d, double scale) {
  if (!(scale > 0 && scale < 1e6))
    return n.fail("its scale is " + std::to_string(scale));
  if (auto c = d.constant())
    return DimExpr(static_cast<int64_t>(std::floor(static_cast<double>(*c) * scale)));
  constexpr int64_t kOne = 1 << 20;
  double scaled = scale * kOne;
  if (scaled != std::floor(scaled))
    return n.fail("it scales the dim " + d.str() + " by " + std::to_string(scale) + ", which is no integer over a power of two");
  return DimExpr::floorDiv(d * DimExpr(static_cast<int64_t>(scaled)), kOne);
}

struct Resize {
  Value x;
  Dims out;
  std::optional<SmallVector<double>> scales{}, roi{};
  std::string mode, coordinate, nearest;
};

Value makeResize(Node &n, const Resize &r) {
  if (r.mode != "nearest" && r.mode != "linear" && r.mode != "cubic")
    return (void)n.fail("its mode is '" + r.mode + "'"), Value();
  SmallVector<NamedAttribute> attrs{n.attr("dims", r.out), n.text("mode", r.mode), n.text("coordinate", r.coordinate), n.text("nearest", r.nearest)};
  if (r.scales)
    attrs.push_back(n.attr("scales", n.b.getDenseF64ArrayAttr(*r.scales)));
  if (r.roi)
    attrs.push_back(n.attr("roi", n.b.getDenseF64ArrayAttr(*r.roi)));
  attrs.push_back(n.real("cubic_coeff_a", n.floatAttr("cubic_coeff_a", -0.75f)));
  attrs.push_back(n.attr("exclude_outside", n.intAttr("exclude_outside", 0)));
  attrs.push_back(n.real("extrapolation_value", n.floatAttr("extrapolation_value", 0)));
  attrs.push_back(n.attr("antialias", n.intAttr("antialias", 0)));
  return n.make<graph::ResizeOp>(r.x, attrs);
}

LogicalResult applyScales(Node &n, Resize &r, ArrayRef<double> scales, ArrayRef<int64_t> axes) {
  if (scales.size() != axes.size())
    return n.fail("it has " + Twine(scales.size()) + " scales for " + Twine(axes.size()) + " dims");
  r.scales.emplace(r.out.size(), 1.0);
  for (auto [scale, axis] : llvm::zip(scales, axes)) {
    auto d = scaledDim(n, r.out[axis], scale);
    if (failed(d))
      return failure();
    r.out[axis] = *d;
    (*r.scales)[axis] = scale;
  }
  return success();
}

LogicalResult applySizes(Node &n, Resize &r, const Dims &sizes, ArrayRef<int64_t> axes) {
  if (sizes.size() != axes.size())
    return n.fail("it has " + Twine(sizes.size()) + " sizes for " + Twine(axes.size()) + " dims");
  std::string policy = n.stringAttr("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch") {
    for (auto [size, axis] : llvm::zip(sizes, axes))
      r.out[axis] = size;
    return success();
  }
  // One scale for all: the smallest or largest of those that the sizes ask for.
  std::optional<double> scale;
  for (auto [size, axis] : llvm::zip(sizes, axes)) {
    auto out = size.constant(), in = r.out[axis].constant();
    if (!out || !in || *in == 0)
      return n.fail("its keep_aspect_ratio_policy needs numbers for sizes and dims");
    double ratio = static_cast<double>(*out) / static_cast<double>(*in);
    scale = !scale ? ratio : policy == "not_larger" ? std::min(*scale, ratio) : std::max(*scale, ratio);
  }
  r.scales.emplace(r.out.size(), 1.0);
  for (int64_t axis : axes) {
    r.out[axis] = DimExpr(saturated(std::floor(*scale * static_cast<double>(*r.out[axis].constant()) + 0.5)));
    (*r.scales)[axis] = *scale;
  }
  return success();
}

/// Optional operands may also be given as empty tensors.
bool given(Node &n, size_t i) { return n.has(i) && !product(n.dims(n.in(i))).isConstant(0); }

LogicalResult importResize(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Resize r{.x = n.in(0), .out = n.dims(n.in(0)), .mode = n.stringAttr("mode", "nearest"), .coordinate = "asymmetric", .nearest = "floor"};
  auto axes = n.axes(n.intsAttr("axes").value_or(llvm::to_vector(llvm::seq<int64_t>(0, r.out.size()))), r.out.size());
  if (failed(axes))
    return failure();
  size_t scalesAt = n.version < 11 ? 1 : 2;
  if (n.version >= 11) {
    r.coordinate = n.stringAttr("coordinate_transformation_mode", "half_pixel");
    r.nearest = n.stringAttr("nearest_mode", "round_prefer_floor");
  }
  if (r.coordinate == "tf_crop_and_resize") {
    auto roi = given(n, 1) ? n.floats(n.in(1)) : std::nullopt;
    if (!roi || roi->size() != 2 * axes->size())
      return n.fail("its roi depends on data, or does not fit");
    r.roi.emplace(2 * r.out.size(), 0.0);
    for (size_t i = 0; i < r.out.size(); ++i)
      (*r.roi)[r.out.size() + i] = 1;
    for (auto [i, axis] : llvm::enumerate(*axes)) {
      (*r.roi)[axis] = (*roi)[i];
      (*r.roi)[r.out.size() + axis] = (*roi)[axes->size() + i];
    }
  }
  if (n.version >= 11 && given(n, 3)) {
    auto sizes = n.exprs(3, "sizes");
    if (failed(sizes) || failed(applySizes(n, r, *sizes, *axes)))
      return failure();
  } else {
    auto scales = given(n, scalesAt) ? n.floats(n.in(scalesAt)) : std::nullopt;
    if (!scales)
      return n.fail("its scales depend on data or are missing");
    if (failed(applyScales(n, r, *scales, *axes)))
      return failure();
  }
  return n.done(makeResize(n, r));
}

LogicalResult importUpsample(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Resize r{.x = n.in(0), .out = n.dims(n.in(0)), .mode = n.stringAttr("mode", "nearest"), .coordinate = "asymmetric", .nearest = "floor"};
  if (r.mode == "bilinear")
    r.mode = "linear";
  SmallVector<double> scales;
  if (n.version >= 9) {
    auto input = n.floats(n.in(1) ? n.in(1) : n.in(0));
    if (!n.has(1) || !input)
      return n.fail("its scales depend on data or are missing");
    scales = *input;
  } else if (auto list = n.floatsAttr("scales")) {
    scales.assign(list->begin(), list->end());
  } else {
    scales = {1, 1, n.floatAttr("height_scale", 1), n.floatAttr("width_scale", 1)};
  }
  if (failed(applyScales(n, r, scales, llvm::to_vector(llvm::seq<int64_t>(0, r.out.size())))))
    return failure();
  return n.done(makeResize(n, r));
}

} // namespace

void addResize(Registry &r) { r.add({{"Resize", 10, importResize}, {"Upsample", 1, importUpsample}}); }

} // namespace mlc::importer

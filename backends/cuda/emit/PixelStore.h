// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The epilogue of templates that have neighbouring channels of a pixel in registers (kernels/pixels.cuh), for results [images, P, Q, C] of a convolution.
#ifndef MLC_BACKENDS_CUDA_EMIT_PIXELSTORE_H
#define MLC_BACKENDS_CUDA_EMIT_PIXELSTORE_H

#include "backends/cuda/emit/Holes.h"

namespace mlc::cuda {

/// Holes of (p, image, y, x, c, sums of the convolution in f32).
class PixelStore {
public:
  PixelStore(Holes &holes, graph::RegionOp region) : holes(holes), region(region) {}

  /// Adds storeVector for `width` channels (storeOne for one), and where the region has one result what that consists of: resultVector and writeVector. False when the region's epilogue has no C++ spelling.
  bool add(graph::ConvOp conv, int64_t width);
  /// Empty bodies for what was not added of a width.
  void complete(int64_t width);
  /// Members of struct Config: Result and kByVectors.
  std::string config() const;

private:
  std::string resultType() const;

  Holes &holes;
  graph::RegionOp region;
  bool byVectors = true; // of all widths
};

} // namespace mlc::cuda

#endif

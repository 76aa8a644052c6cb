// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the convolution families have in common: a region of one channels-last f32 convolution of a 4-d input without bias and its epilogue, and the borders of
// its input.
#ifndef MLC_BACKENDS_HOST_TILES_CONVREGION_H
#define MLC_BACKENDS_HOST_TILES_CONVREGION_H

#include "backends/host/emit/Kernel.h"

namespace mlc::host {

struct ConvRegion {
  graph::ConvOp conv;
  Dims x, y; // [N, H, W, C]

  /// Finds the convolution; false when the region is something else.
  bool match(KernelBuilder &k);
  bool padded() { return llvm::any_of(conv.getPads(), [](int64_t p) { return p != 0; }); }
  int64_t stride(int64_t axis) { return conv.getStrides()[axis]; }
  int64_t dilation(int64_t axis) { return conv.getDilations()[axis]; }
  int64_t padBefore(int64_t axis) { return conv.getPads()[axis]; }
};

} // namespace mlc::host

#endif

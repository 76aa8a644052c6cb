// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The depthwise template (kernels/depthwise.cuh) filled for a region of one depthwise convolution with its epilogue.
#ifndef MLC_BACKENDS_CUDA_EMIT_DEPTHWISE_H
#define MLC_BACKENDS_CUDA_EMIT_DEPTHWISE_H

#include "backends/cuda/emit/Templates.h"

namespace mlc::cuda {

/// How a depthwise convolution is cut: pixels of a block's tile, vectors of channels, how many neighbouring columns one thread has, and how many threads share a vector.
struct DepthwiseConfig {
  int64_t rows = 1, groups = 1, columns = 1, vectors = 1, parts = 1;

  /// As a tuning database spells it, rows x columns x vectors of a block: "4x14x8,columns=7,parts=1".
  std::string str() const;
  int64_t workers() const { return rows * groups * vectors * parts; }
  int64_t threads() const { return (workers() + 31) / 32 * 32; }
};

/// What the choice depends on; sizes are assumed ones where symbols decide.
struct DepthwiseShape {
  int64_t images, P, Q, C, R, S, strideH, strideW, dilationH, dilationW, elementBytes, width; // width: channels of a vector

  /// Pixels that the windows of a block's tile cover, along one dim and the other.
  int64_t rowsIn(const DepthwiseConfig &c) const { return (c.rows - 1) * strideH + (R - 1) * dilationH + 1; }
  int64_t columnsIn(const DepthwiseConfig &c) const { return (c.groups * c.columns - 1) * strideW + (S - 1) * dilationW + 1; }
  int64_t span(const DepthwiseConfig &c) const { return (c.columns - 1) * strideW + (S - 1) * dilationW + 1; }
  /// Dynamic shared memory of a block.
  int64_t sharedBytes(const DepthwiseConfig &c) const;
};

/// Configurations that a target can run, the fastest by the cost model first; deterministic, empty when the window of a single pixel does not fit into shared memory.
std::vector<DepthwiseConfig> rankDepthwise(const DepthwiseShape &shape, const CudaTarget &target);

/// Fails, with nothing emitted, when the region is no channels-last convolution of two dims in which each channel has one filter of its own.
mlir::FailureOr<Kernel> emitDepthwise(TemplateContext context);

} // namespace mlc::cuda

#endif

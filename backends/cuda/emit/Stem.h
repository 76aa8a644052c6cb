// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The stem template (kernels/stem.cuh) filled for a region of one convolution of few channels with its prologue and epilogue.
#ifndef MLC_BACKENDS_CUDA_EMIT_STEM_H
#define MLC_BACKENDS_CUDA_EMIT_STEM_H

#include "backends/cuda/emit/Templates.h"

namespace mlc::cuda {

/// How a stem is cut: pixels of a block's tile, and the warps that share its pixels.
struct StemConfig {
  int64_t rows = 1, columns = 16, warpsM = 1;

  /// As a tuning database spells it: "8x28,warps=2".
  std::string str() const;
};

/// What the choice depends on; sizes are assumed ones where symbols decide.
struct StemShape {
  int64_t C, N, R, S, strideH, strideW, dilationH, dilationW, images = 1, P = 1, Q = 1;

  int64_t taps() const { return R * S; }
  int64_t steps() const { return (taps() + 3) / 4; }
  /// Filters of a warp in pairs of 8, as many as its registers hold and few are wasted, and how many warps lie side by side then.
  int64_t pairs() const;
  int64_t warpsN() const { return (N + 16 * pairs() - 1) / (16 * pairs()); }
  int64_t threads(const StemConfig &c) const { return 32 * c.warpsM * warpsN(); }
  /// Pixels that the windows of a block's tile cover.
  int64_t rowsIn(const StemConfig &c) const { return (c.rows - 1) * strideH + (R - 1) * dilationH + 1; }
  int64_t columnsIn(const StemConfig &c) const { return (c.columns - 1) * strideW + (S - 1) * dilationW + 1; }
  /// Dynamic shared memory of a block.
  int64_t sharedBytes(const StemConfig &c) const { return rowsIn(c) * columnsIn(c) * 8; }
};

/// Of a convolution that the template takes once its weights are packed (cuda-pack-stems), with sizes of 1; else nothing.
std::optional<StemShape> stemShape(graph::ConvOp conv, graph::ShapeFacts &facts);

/// Configurations that a target can run, the fastest by the cost model first; deterministic, empty when the window of 16 pixels does not fit into shared memory.
std::vector<StemConfig> rankStems(const StemShape &shape, const CudaTarget &target);

/// Fails, with nothing emitted, when the region is no convolution of which stemShape says more, or its weights are not packed.
mlir::FailureOr<Kernel> emitStem(TemplateContext context);

} // namespace mlc::cuda

#endif

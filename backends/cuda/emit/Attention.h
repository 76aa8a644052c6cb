// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The attention templates filled for a region that fuse-attention made: kernels/flash_decoding.cuh where at most 16 queries are assumed, else kernels/attention.cuh.
#ifndef MLC_BACKENDS_CUDA_EMIT_ATTENTION_H
#define MLC_BACKENDS_CUDA_EMIT_ATTENTION_H

#include "backends/cuda/emit/Templates.h"

namespace mlc::cuda {

constexpr int64_t kFewQueries = 16;                     // up to which flash_decoding.cuh is taken for halves, and attention formed at all for f32
constexpr int64_t kHeadMultiple = 16, kMostHead = 128; // elements of a head

/// Fails, with nothing emitted, when the region is no attention whose rows are a softmax, of such heads and types. A source of few queries that is refused gives way to one with fewer warps, then (halves) to the tile.
mlir::FailureOr<Kernel> emitAttention(TemplateContext context);

} // namespace mlc::cuda

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The attention template (kernels/attention.cuh) filled for a region that fuse-attention made.
#ifndef MLC_BACKENDS_CUDA_EMIT_ATTENTION_H
#define MLC_BACKENDS_CUDA_EMIT_ATTENTION_H

#include "backends/Backend.h"
#include "backends/cuda/CudaTarget.h"

namespace mlc::cuda {

/// Fails, with nothing emitted, when the region is no attention of halves whose rows are a softmax, with heads of 16 to 128 elements.
mlir::FailureOr<Kernel> emitAttention(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements, const CudaTarget &target);

} // namespace mlc::cuda

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The recurrent template (kernels/recurrent.cuh) filled for a region of one RNN, GRU or LSTM scan.
#ifndef MLC_BACKENDS_CUDA_EMIT_RECURRENT_H
#define MLC_BACKENDS_CUDA_EMIT_RECURRENT_H

#include "backends/cuda/emit/Templates.h"

namespace mlc::cuda {

/// Fails, with nothing emitted, when the region is no scan in f32, f16 or bf16 with a known hidden size of at most 2048 units whose results leave it as they are. A source with R in registers that is refused gives way to
/// one that reads R at each step.
mlir::FailureOr<Kernel> emitRecurrent(TemplateContext context);

} // namespace mlc::cuda

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_CUDA_CHOOSE_PASSES_H
#define MLC_BACKENDS_CUDA_CHOOSE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlc {

#define GEN_PASS_DECL
#include "backends/cuda/CudaPasses.h.inc"

#define GEN_PASS_REGISTRATION
#include "backends/cuda/CudaPasses.h.inc"

} // namespace mlc

#endif

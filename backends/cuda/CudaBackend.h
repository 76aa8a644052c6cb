// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_CUDA_CUDABACKEND_H
#define MLC_BACKENDS_CUDA_CUDABACKEND_H

#include "backends/Backend.h"
#include "backends/Tuning.h"
#include "backends/cuda/CudaTarget.h"
#include "backends/cuda/codegen/Toolchain.h"

namespace mlc::cuda {

/// The measured choices that come with the compiler, choose/tuned.
llvm::Error addBuiltInTuning(Tuning &tuning);

/// A cubin for one architecture, or PTX for the forward target (runtime/cuda/kernel_abi.h).
std::shared_ptr<const Backend> makeBackend(const CudaTarget &target, std::shared_ptr<const Toolchain> toolchain, std::shared_ptr<const Tuning> tuning);

} // namespace mlc::cuda

#endif

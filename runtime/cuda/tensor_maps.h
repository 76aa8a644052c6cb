// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What kernels of sm_90a copy boxes of their operands by, made from the plan's description (plan.fbs, TensorMap).
#ifndef MLC_RUNTIME_CUDA_TENSOR_MAPS_H
#define MLC_RUNTIME_CUDA_TENSOR_MAPS_H

#include "runtime/cuda/context.h"
#include "runtime/exec/shape_plan.h"

namespace mlc::runtime::cuda {

// The map of a bound launch's buffer. Nothing is read there. DEVICE_FAILED.
Status EncodeTensorMap(const Context& context, const Step& step, const plan::TensorMap& map,
                       CUtensorMap* out);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_TENSOR_MAPS_H

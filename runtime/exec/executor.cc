// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/executor.h"

#include "runtime/cuda/cuda_executor.h"
#include "runtime/host/host_executor.h"

namespace mlc::runtime {

Result<std::unique_ptr<Executor>> Executor::Create(mlc_device& device) {
  if (device.cuda) return CudaExecutor::Create(device);
  return std::unique_ptr<Executor>(new HostExecutor(device));
}

const char* FaultText(int32_t fault) {
  switch (fault) {
    case MLC_KERNEL_INDEX_OUT_OF_RANGE:
      return "an index is outside of the tensor it points into";
    case MLC_KERNEL_DIVISION_BY_ZERO:
      return "integer division by zero";
    default:
      return "the kernel cannot compute with this input";
  }
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_RUNTIME_HOST_HOST_EXECUTOR_H
#define MLC_RUNTIME_HOST_HOST_EXECUTOR_H

#include "runtime/exec/executor.h"
#include "runtime/host/host_device.h"
#include "runtime/host/kernel_abi.h"

namespace mlc::runtime {

// Runs on the calling thread and the device's workers; a run ends before Enqueue returns.
class HostExecutor final : public Executor {
 public:
  // NO_TARGET, IO.
  static Result<std::unique_ptr<Executor>> Create(mlc_plan& plan, const plan::Entry& entry,
                                                  HostDevice& device);

  Status CheckTensor(const mlc_tensor& tensor) const override;
  Result<const void*> ReadElements(size_t input, const mlc_tensor& tensor,
                                   uint64_t size_bytes) override;
  Status Reserve(ShapePlan& shape) override;
  uint64_t ScratchBytes(const MemoryPlan& memory) const override;
  Status Enqueue(ShapePlan& shape, const RunRequest& request, mlc_stream* stream) override;
  Status Wait() override { return Ok(); }

 private:
  HostExecutor(std::vector<BoundProgram> programs, std::vector<mlc_host_kernel> kernels,
               HostDevice& device)
      : Executor(std::move(programs)), kernels_(std::move(kernels)), device_(device) {}

  const std::vector<mlc_host_kernel> kernels_;  // of the target
  HostDevice& device_;
  DeviceMemory arena_;
  DeviceMemory scratch_;
  std::vector<void*> input_data_;  // reused by every run
  std::vector<void*> output_data_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_HOST_EXECUTOR_H

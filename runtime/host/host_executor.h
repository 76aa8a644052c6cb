// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Runs programs on the host: kernels are called by the run's thread and the device's workers.
#ifndef MLC_RUNTIME_HOST_HOST_EXECUTOR_H
#define MLC_RUNTIME_HOST_HOST_EXECUTOR_H

#include <vector>

#include "runtime/exec/executor.h"

namespace mlc::runtime {

class HostExecutor : public Executor {
 public:
  explicit HostExecutor(mlc_device& device) : device_(device) {}
  Status Reserve(const MemoryPlan& memory) override;
  Status Run(const SessionRun& run) override;
  uint64_t ScratchBytes(const MemoryPlan& memory) const override;

 private:
  mlc_device& device_;  // the session's
  DeviceMemory arena_;
  DeviceMemory scratch_;
  std::vector<void*> input_data_, output_data_;  // reused by every run
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_HOST_EXECUTOR_H

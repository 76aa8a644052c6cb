// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Runs programs on a GPU: on a stream of the session's own, as one CUDA Graph where a program has no control flow.
// Inputs in host memory are copied to the GPU first, outputs in host memory from it last.
#ifndef MLC_RUNTIME_CUDA_CUDA_EXECUTOR_H
#define MLC_RUNTIME_CUDA_CUDA_EXECUTOR_H

#include <vector>

#include "runtime/cuda/cuda_machine.h"
#include "runtime/cuda/graph.h"
#include "runtime/exec/executor.h"

namespace mlc::runtime {

class CudaExecutor : public Executor {
 public:
  static Result<std::unique_ptr<Executor>> Create(mlc_device& device);
  ~CudaExecutor() override;

  Status Reserve(const MemoryPlan& memory) override;
  Status Run(const SessionRun& run) override;
  uint64_t ScratchBytes(const MemoryPlan&) const override { return 0; }

 private:
  // The GPU's copy of a tensor that lies in host memory.
  struct Staged {
    DeviceMemory memory;
    bool is_used = false;
  };

  explicit CudaExecutor(mlc_device& device) : device_(device) {}
  Status Stage(mlc_tensor& tensor, Staged& staged, void** out_data);
  Status RunInstructions(const SessionRun& run);
  Status FindFault(const SessionRun& run, CudaMachine& machine, int32_t fault);

  mlc_device& device_;  // the session's
  CUstream stream_ = nullptr;
  DeviceMemory fault_memory_;  // an int of page-locked memory that kernels write to
  std::unique_ptr<CudaMachine> machine_;
  DeviceMemory arena_;
  std::vector<Staged> inputs_, outputs_;
  std::vector<void*> input_data_, output_data_;
  std::vector<std::unique_ptr<CudaGraph>> graphs_;  // of each program that ran
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_CUDA_CUDA_EXECUTOR_H

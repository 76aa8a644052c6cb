// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How a session runs its programs on its device: memory of its own, the way of inputs and outputs.
#ifndef MLC_RUNTIME_EXEC_EXECUTOR_H
#define MLC_RUNTIME_EXEC_EXECUTOR_H

#include <atomic>
#include <memory>
#include <span>

#include "runtime/exec/interpreter.h"
#include "runtime/exec/tensor.h"

namespace mlc::runtime {

// One run of a session. Tensors lie where they were made; the executor brings inputs to the
// kernels and outputs back.
struct SessionRun {
  ShapePlan& shape;
  std::span<const Ref<mlc_tensor>> inputs;
  std::span<mlc_tensor* const> outputs;
  uint64_t max_loop_iterations;
  const std::atomic<bool>& cancelled;
  Profile* profile;  // null when off
};

class Executor {
 public:
  virtual ~Executor() = default;
  // Makes room for what the plan needs. Allocates nothing when it has room. OUT_OF_MEMORY.
  virtual Status Reserve(const MemoryPlan& memory) = 0;
  // Runs to the end. DATA_FAULT naming the node, CANCELLED, DEVICE_FAILED.
  virtual Status Run(const SessionRun& run) = 0;
  // Bytes of the threads' private memory, all together.
  virtual uint64_t ScratchBytes(const MemoryPlan& memory) const = 0;

  static Result<std::unique_ptr<Executor>> Create(mlc_device& device);
};

// What an mlc_kernel_fault means, for messages.
const char* FaultText(int32_t fault);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_EXECUTOR_H

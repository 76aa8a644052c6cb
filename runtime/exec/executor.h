// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The device's half of a session: where its activations live and how its programs run.
#ifndef MLC_RUNTIME_EXEC_EXECUTOR_H
#define MLC_RUNTIME_EXEC_EXECUTOR_H

#include <atomic>
#include <span>
#include <vector>

#include "runtime/exec/profile.h"
#include "runtime/exec/shape_plan.h"
#include "runtime/exec/tensor.h"

namespace mlc::runtime {

// One run. Tensors have the dims of the shape; outputs overlap nothing.
struct RunRequest {
  std::span<const Ref<mlc_tensor>> inputs;
  std::span<mlc_tensor* const> outputs;
  uint64_t max_loop_iterations;
  const std::atomic<bool>& cancelled;
  Profile* profile;  // null when off
};

// Belongs to one session, which calls it from one thread at a time and keeps plan and device alive.
class Executor {
 public:
  explicit Executor(std::vector<BoundProgram> programs) : programs_(std::move(programs)) {}
  Executor(const Executor&) = delete;
  virtual ~Executor() = default;

  // The generic one, then those with buckets. Never changes, so shapes may point into it.
  std::span<const BoundProgram> programs() const { return programs_; }

  // Which tensors it can run with. INVALID_ARGUMENT: one of another device.
  virtual Status CheckTensor(const mlc_tensor& tensor) const = 0;
  // The first size_bytes (at most 512) of the tensor for an input, on the host until the next call
  // for the same input.
  virtual Result<const void*> ReadElements(size_t input, const mlc_tensor& tensor,
                                           uint64_t size_bytes) = 0;
  // Makes memory for the shape ready. Waits for earlier runs when it must.
  virtual Status Reserve(ShapePlan& shape) = 0;
  // The same ahead of a shape's first run, with what else makes that one as fast as later ones.
  virtual Status Prepare(ShapePlan& shape) { return Reserve(shape); }
  // Private memory of a run's threads, all together.
  virtual uint64_t ScratchBytes(const MemoryPlan& memory) const = 0;
  // Starts a run, after those before it; `stream` may be null. Reserve was called for the shape.
  // Borrows the tensors' memory until Wait.
  virtual Status Enqueue(ShapePlan& shape, const RunRequest& request, mlc_stream* stream) = 0;
  // Ends when all runs have. DATA_FAULT naming the node, DEVICE_FAILED.
  virtual Status Wait() = 0;

 private:
  const std::vector<BoundProgram> programs_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_EXECUTOR_H

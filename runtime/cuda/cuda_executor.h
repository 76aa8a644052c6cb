// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A session on a CUDA device: arena, staging of tensors that lie on the host, order of runs.
#ifndef MLC_RUNTIME_CUDA_CUDA_EXECUTOR_H
#define MLC_RUNTIME_CUDA_CUDA_EXECUTOR_H

#include "runtime/cuda/input_ring.h"
#include "runtime/cuda/stream_runner.h"
#include "runtime/exec/executor.h"

namespace mlc::runtime::cuda {

// States: usable; pending (runs were enqueued and not waited for); failed, for good, after an error
// of the driver in a run other than OUT_OF_MEMORY.
class CudaExecutor final : public Executor {
 public:
  // NO_TARGET, OUT_OF_MEMORY, DEVICE_FAILED.
  static Result<std::unique_ptr<Executor>> Create(mlc_plan& plan, const plan::Entry& entry,
                                                  CudaDevice& device,
                                                  const mlc_session_options_t& options);
  ~CudaExecutor() override;

  Status CheckTensor(const mlc_tensor& tensor) const override;
  Result<const void*> ReadElements(size_t input, const mlc_tensor& tensor,
                                   uint64_t size_bytes) override;
  Status Reserve(ShapePlan& shape) override;
  Status Prepare(ShapePlan& shape) override;
  uint64_t ScratchBytes(const MemoryPlan&) const override { return 0; }
  Status Enqueue(ShapePlan& shape, const RunRequest& request, mlc_stream* stream) override;
  Status Wait() override;

 private:
  CudaExecutor(std::vector<BoundProgram> programs, std::shared_ptr<PlanOnDevice> code,
               CudaDevice& device, const mlc_session_options_t& options);

  // Offsets in the block of pinned memory.
  static constexpr size_t kReadback = 0;
  static constexpr size_t kGate = 64;
  static constexpr size_t kFaults = 128;

  Status Init(size_t num_inputs);
  Status CheckUsable() const;
  Status Grow(uint64_t size_bytes, DeviceMemory& memory);
  uint64_t BindingOf(const ShapePlan& shape);
  Status PlaceTensors(const RunRequest& request);
  Status EnqueueOn(CUstream stream, ShapePlan& shape, const RunRequest& request);
  Status CopyIn(CUstream stream, const RunRequest& request);
  Status CopyAhead(CUstream stream, const RunRequest& request);
  Status CopyOut(CUstream stream, const RunRequest& request);
  void ReportPageable(const RunRequest& request);
  Status DrainAll(CUstream stream);
  Status Synchronize();
  Status TakeFault();
  int32_t* faults() const { return reinterpret_cast<int32_t*>(pinned_.data() + kFaults); }

  CudaDevice& device_;
  const Context& context_;
  const std::shared_ptr<PlanOnDevice> code_;
  DeviceMemory arena_;
  DeviceMemory staging_;  // device copies of tensors on the host, with a ring of outputs alone
  std::unique_ptr<InputRing> ring_;  // null when inputs are not copied ahead
  DeviceMemory pinned_;
  size_t elements_ = 0;  // offset in pinned_ of 512 bytes for each input
  Stream stream_;
  Event done_;  // behind the last run on a stream that is not ours
  StreamProfile profile_;
  GraphCache graphs_;
  const bool use_graphs_;
  uint64_t num_shapes_ = 0;  // so far: gives each a number

  CUstream last_stream_ = nullptr;                 // of the pending runs
  Ref<mlc_stream> last_owner_;                     // keeps it, null for our own
  const BoundProgram* pending_program_ = nullptr;  // null when nothing is pending
  bool failed_ = false;
  bool has_reported_ = false;  // pageable memory
  std::vector<bool> has_run_;  // of each program

  // Reused by every run: addresses on the device.
  std::vector<void*> input_data_;
  std::vector<void*> output_data_;

  uint64_t binding_ = 0;            // changes with the shape and any address
  std::vector<uint64_t> bound_to_;  // what it stands for
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_CUDA_EXECUTOR_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_RUNTIME_EXEC_SESSION_H
#define MLC_RUNTIME_EXEC_SESSION_H

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "runtime/exec/executor.h"
#include "runtime/exec/shape_program.h"

// One entry of a plan on one device. Functions marked "exclusive" answer BUSY while another one
// runs.
struct mlc_session : mlc::runtime::RefCounted<mlc_session> {
  using Status = mlc::runtime::Status;

  static mlc::runtime::Result<mlc::runtime::Ref<mlc_session>> Create(
      mlc_plan& plan, mlc_device& device, const mlc_session_options_t& options);
  ~mlc_session();

  Status Prepare(const int64_t* symbols, size_t count);     // exclusive
  Status SetInput(size_t index, mlc_tensor* tensor);        // exclusive
  Status SetOutput(size_t index, mlc_tensor* tensor);       // exclusive
  Status Run();                                             // exclusive
  Status Enqueue(mlc_stream& stream);                       // exclusive
  Status Wait();                                            // exclusive
  Status GetOutput(size_t index, mlc_tensor** out_tensor);  // exclusive
  Status SetProfile(bool enabled);                          // exclusive
  Status GetMemory(mlc_session_memory_t* out_memory);       // exclusive
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  const mlc_signature& signature() const { return *signature_; }
  // The program of the last run or prepare, the generic one before the first.
  const mlc::runtime::BoundProgram& bound() const {
    return shapes_.empty() ? executor_->programs().front() : shapes_.front()->bound();
  }
  // The same program's.
  const mlc::runtime::Profile& profile() const { return profiles_[ProgramIndex()]; }

 private:
  // Outputs of the last run and where the next one writes.
  struct Output {
    mlc::runtime::Ref<mlc_tensor> bound;   // by the caller, else null
    mlc::runtime::Ref<mlc_tensor> latest;  // of the last successful or current run
  };

  size_t ProgramIndex() const {
    return static_cast<size_t>(&bound() - executor_->programs().data());
  }
  Status BindInputs();
  Status UseShape(std::span<const int64_t> symbols);
  Status PlaceOutput(size_t index);
  Status CheckOverlap() const;
  Status Start(mlc_stream* stream);
  Status Finish();
  Status Park(mlc::runtime::Ref<mlc_tensor>& tensor);

  mlc::runtime::Ref<mlc_plan> plan_;
  mlc::runtime::Ref<mlc_device> device_;  // before what its allocators own
  const mlc_signature* signature_ = nullptr;
  const mlc::plan::Entry* entry_ = nullptr;
  std::unique_ptr<mlc::runtime::Executor> executor_;
  uint32_t max_cached_shapes_ = 0;
  uint64_t max_loop_iterations_ = 0;

  std::vector<mlc::runtime::Ref<mlc_tensor>> inputs_;
  std::vector<Output> outputs_;
  std::vector<std::unique_ptr<mlc::runtime::ShapePlan>> shapes_;  // most recently used first
  std::vector<mlc::runtime::Profile> profiles_;                   // of each program
  bool profiling_ = false;
  bool has_run_ = false;
  bool pending_ = false;  // a run was enqueued and not waited for
  // Tensors that others took the place of while a run may still use them.
  std::vector<mlc::runtime::Ref<mlc_tensor>> parked_;
  std::atomic_flag busy_;
  std::atomic<bool> cancelled_{false};

  // Reused by every run.
  std::vector<mlc::runtime::InputView> views_;
  std::vector<int64_t> symbols_;
  std::vector<int64_t> output_dims_;
  std::vector<mlc_tensor*> output_tensors_;
  std::vector<uint64_t> element_bytes_;  // of each input, how much symbols are taken from
};

#endif  // MLC_RUNTIME_EXEC_SESSION_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/host_executor.h"

#include <time.h>

#include <cstring>

#include "runtime/base/checked_math.h"

namespace mlc::runtime {
namespace {

uint64_t NowNs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

// One parallel launch, shared with the workers.
struct SharedLaunch {
  const Step& step;
  char* scratch;
  uint64_t scratch_stride;
  std::atomic<int32_t> fault{0};

  static void Run(void* context, uint32_t worker, int64_t begin, int64_t end) {
    auto& launch = *static_cast<SharedLaunch*>(context);
    int32_t fault = 0;
    const mlc_kernel_args args{launch.step.buffers,
                               launch.step.scalars,
                               launch.scratch + worker * launch.scratch_stride,
                               begin,
                               end,
                               &fault};
    launch.step.kernel(&args);
    if (fault != 0) [[unlikely]]
      launch.fault.store(fault, std::memory_order_relaxed);
  }
};

class HostMachine final : public Machine {
 public:
  HostMachine(const BoundProgram& bound, ThreadPool& threads, char* scratch, uint64_t scratch_stride)
      : bound_(bound), threads_(threads), scratch_(scratch), scratch_stride_(scratch_stride) {}

  Status Launch(const Step& step) override {
    int32_t fault = 0;
    if (step.threads == 1) {
      const mlc_kernel_args args{step.buffers, step.scalars, scratch_, 0, step.grid, &fault};
      step.kernel(&args);
    } else {
      SharedLaunch launch{step, scratch_, scratch_stride_};
      threads_.Run(SharedLaunch::Run, &launch, step.grid, step.threads);
      fault = launch.fault.load(std::memory_order_relaxed);
    }
    if (fault != 0) [[unlikely]]
      return Error(MLC_STATUS_DATA_FAULT, "%s: %s",
                   DescribeInstruction(bound_, *step.instruction).c_str(), FaultText(fault));
    return Ok();
  }

  // Tolerates overlap, which a damaged plan may have.
  Status Copy(char* to, const char* from, uint64_t size_bytes) override {
    std::memmove(to, from, size_bytes);
    return Ok();
  }

  Status Read(void* to, const char* from, uint64_t size_bytes) override {
    std::memcpy(to, from, size_bytes);
    return Ok();
  }

  Status Write(char* to, const void* from, uint64_t size_bytes) override {
    std::memcpy(to, from, size_bytes);
    return Ok();
  }

  Status StartTimer() override {
    start_ns_ = NowNs();
    return Ok();
  }

  Status StopTimer(uint64_t* out_elapsed_ns) override {
    *out_elapsed_ns = NowNs() - start_ns_;
    return Ok();
  }

 private:
  const BoundProgram& bound_;
  ThreadPool& threads_;
  char* scratch_;            // of all threads
  uint64_t scratch_stride_;  // bytes from one thread's to the next one's
  uint64_t start_ns_ = 0;
};

}  // namespace

// Grows arena and scratch. The old block goes first, so both are never held.
Status HostExecutor::Reserve(const MemoryPlan& memory) {
  if (!arena_.data() || arena_.size_bytes() < memory.peak_bytes) {
    arena_ = DeviceMemory();
    MLC_TRY_ASSIGN(arena_, DeviceMemory::Allocate(device_.allocator, memory.peak_bytes));
  }
  uint64_t stride = 0, total = 0;
  const uint64_t num_threads = device_.threads.num_threads();
  if (!CheckedAlignUp<uint64_t>(memory.scratch_bytes, 64, &stride) ||
      !CheckedMul(stride, num_threads, &total))
    return Error(MLC_STATUS_OUT_OF_RANGE, "the threads' scratch memory overflows");
  if (!scratch_.data() || scratch_.size_bytes() < total) {
    scratch_ = DeviceMemory();
    MLC_TRY_ASSIGN(scratch_, DeviceMemory::Allocate(device_.allocator, total));
  }
  return Ok();
}

Status HostExecutor::Run(const SessionRun& run) {
  input_data_.resize(run.inputs.size());
  output_data_.resize(run.outputs.size());
  for (size_t i = 0; i < run.inputs.size(); ++i) input_data_[i] = run.inputs[i]->data;
  for (size_t i = 0; i < run.outputs.size(); ++i) output_data_[i] = run.outputs[i]->data;
  run.shape.Bind({arena_.data(), input_data_, output_data_, {}});
  HostMachine machine(run.shape.bound(), device_.threads, scratch_.data(),
                      scratch_.size_bytes() / device_.threads.num_threads());
  return RunProgram({run.shape.bound(), run.shape, machine, run.max_loop_iterations, run.cancelled,
                     run.profile});
}

uint64_t HostExecutor::ScratchBytes(const MemoryPlan& memory) const {
  return memory.scratch_bytes * device_.threads.num_threads();
}

}  // namespace mlc::runtime

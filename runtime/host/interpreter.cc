// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/interpreter.h"

#include <time.h>

#include <cstring>

#include "runtime/exec/shape_checks.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

uint64_t NowNs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

template <typename T>
T Load(const char* memory) {
  T value;
  std::memcpy(&value, memory, sizeof value);
  return value;
}

// One parallel launch, shared with the workers.
struct SharedLaunch {
  const Step& step;
  mlc_host_kernel kernel;
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
    launch.kernel(&args);
    if (fault != 0) [[unlikely]]
      launch.fault.store(fault, std::memory_order_relaxed);
  }
};

class Interpreter {
 public:
  explicit Interpreter(const RunContext& context) : context_(context), shape_(context.shape) {}

  Status RunBlock(uint32_t block) {
    if (const plan::ShapeCheck* check = shape_.failed_check(block)) [[unlikely]]
      return CheckFailure(*context_.bound.entry, *check, shape_.values());
    for (const Step& step : shape_.block(block)) {
      if (context_.cancelled.load(std::memory_order_relaxed)) [[unlikely]]
        return Error(MLC_STATUS_CANCELLED, "the run was cancelled");
      MLC_TRY(RunStep(step));
    }
    return Ok();
  }

 private:
  Status RunStep(const Step& step) {
    switch (step.op) {
      case plan::Op::Launch:
        return Timed(step, [&] { return RunLaunch(step); });
      case plan::Op::Copy:
        return Timed(step, [&] { return RunCopy(*step.instruction->op_as_Copy()); });
      case plan::Op::If:
        return RunIf(*step.instruction->op_as_If());
      case plan::Op::Loop:
        return RunLoop(step, *step.instruction->op_as_Loop());
      case plan::Op::NONE:
        break;
    }
    return Ok();
  }

  template <typename Body>
  Status Timed(const Step& step, Body body) {
    if (!context_.profile) return body();
    const uint64_t start = NowNs();
    Status status = body();
    context_.profile->Record(step.number, NowNs() - start);
    return status;
  }

  Status RunLaunch(const Step& step) {
    if (step.grid == 0) return Ok();
    const mlc_host_kernel kernel = context_.kernels[step.kernel];
    int32_t fault = 0;
    if (step.threads == 1) {
      const mlc_kernel_args args{step.buffers, step.scalars, context_.scratch, 0,
                                 step.grid,    &fault};
      kernel(&args);
    } else {
      SharedLaunch launch{step, kernel, context_.scratch, context_.scratch_stride};
      context_.threads.Run(SharedLaunch::Run, &launch, step.grid, step.threads);
      fault = launch.fault.load(std::memory_order_relaxed);
    }
    if (fault != 0) [[unlikely]]
      return KernelFault(context_.bound, *step.instruction, fault);
    return Ok();
  }

  Status RunCopy(const plan::Copy& copy) {
    CopyBuffer(copy.src(), copy.dst());
    return Ok();
  }

  Status RunIf(const plan::If& op) {
    return RunBlock(ReadBool(op.cond()) ? op.then_block() : op.else_block());
  }

  Status RunLoop(const Step& step, const plan::Loop& loop) {
    const int64_t trip_count =
        loop.trip_count() == kNone ? INT64_MAX : Load<int64_t>(shape_.buffer(loop.trip_count()));
    bool go_on = ReadBool(loop.cond());
    for (int64_t i = 0; go_on && i < trip_count; ++i) {
      if (static_cast<uint64_t>(i) >= context_.max_loop_iterations)
        return LoopFault(step, "it runs longer than max_loop_iterations allows");
      if (context_.cancelled.load(std::memory_order_relaxed))
        return Error(MLC_STATUS_CANCELLED, "the run was cancelled");
      if (loop.iteration() != kNone) std::memcpy(shape_.buffer(loop.iteration()), &i, sizeof i);
      MLC_TRY(RunBlock(loop.body()));
      go_on = ReadBool(loop.body_cond());
      if (!StoreScanned(loop, i)) return LoopFault(step, "it runs past the end of a scan output");
      for (uint32_t k = 0; k < Count(loop.carried()); ++k)
        CopyBuffer(loop.carried_next()->Get(k), loop.carried()->Get(k));
    }
    return Ok();
  }

  // False when iteration i has no slot in a scan output.
  bool StoreScanned(const plan::Loop& loop, int64_t i) {
    for (uint32_t k = 0; k < Count(loop.scan_output()); ++k) {
      const uint32_t element = loop.scan_element()->Get(k), output = loop.scan_output()->Get(k);
      const uint64_t slot_bytes = shape_.size_bytes(element);
      if (slot_bytes == 0) continue;
      if (static_cast<uint64_t>(i) >= shape_.size_bytes(output) / slot_bytes) return false;
      std::memmove(shape_.buffer(output) + static_cast<uint64_t>(i) * slot_bytes,
                   shape_.buffer(element), slot_bytes);
    }
    return true;
  }

  Status LoopFault(const Step& step, const char* what) {
    return Error(MLC_STATUS_DATA_FAULT, "%s: %s",
                 DescribeInstruction(context_.bound, *step.instruction).c_str(), what);
  }

  // A true for an absent condition.
  bool ReadBool(uint32_t buffer) const { return buffer == kNone || *shape_.buffer(buffer) != 0; }

  // Tolerates overlap, which a damaged plan may have.
  void CopyBuffer(uint32_t src, uint32_t dst) {
    if (shape_.size_bytes(src) > 0)
      std::memmove(shape_.buffer(dst), shape_.buffer(src), shape_.size_bytes(src));
  }

  const RunContext& context_;
  const ShapePlan& shape_;
};

}  // namespace

Status RunProgram(const RunContext& context) { return Interpreter(context).RunBlock(0); }

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/stream_runner.h"

#include <cstring>
#include <span>

#include "runtime/exec/shape_checks.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime::cuda {
namespace {

class StreamRunner {
 public:
  explicit StreamRunner(const StreamRun& run) : run_(run), shape_(run.shape) {}

  Status RunBlock(uint32_t block) {
    if (const plan::ShapeCheck* check = shape_.failed_check(block)) [[unlikely]]
      return CheckFailure(*shape_.bound().entry, *check, shape_.values());
    if (!run_.graphs || run_.profile) return RunSteps(block);
    for (const Piece& piece : run_.pieces[block]) {
      MLC_TRY(CheckCancelled());
      MLC_TRY(piece.control ? RunStep(*piece.control) : RunPiece(piece));
    }
    return Ok();
  }

 private:
  Status RunSteps(uint32_t block) {
    const std::span<const Step> steps = shape_.block(block);
    for (size_t i = 0; i < steps.size(); ++i) {
      MLC_TRY(CheckCancelled());
      MLC_TRY(run_.profile && IsTimed(steps[i]) ? RunTimed(steps, i) : RunStep(steps[i]));
    }
    return Ok();
  }

  // Others take no time, or are made of such that do.
  bool IsTimed(const Step& step) const {
    return (step.op == plan::Op::Launch || step.op == plan::Op::Copy) &&
           DoesSomething(shape_, step);
  }

  // What is timed together with those before it starts as it does in a graph.
  Status RunTimed(std::span<const Step> steps, size_t i) {
    const Step& step = steps[i];
    const bool starts_early = run_.profile->in_group() && run_.graphs &&
                              run_.graphs->dependent_launch() &&
                              MayStartEarly(run_.kernels, steps[i - 1], step);
    MLC_TRY(run_.profile->Before());
    MLC_TRY(RunStep(step, starts_early));
    return run_.profile->After(step.number, i + 1 < steps.size() && IsTimed(steps[i + 1]));
  }

  Status RunPiece(const Piece& piece) {
    auto launched = run_.graphs->Launch(piece, shape_, run_.params, run_.binding, run_.stream);
    if (!launched.ok()) return launched.TakeStatus();
    if (*launched) return Ok();
    for (const Step* step : piece.nodes) MLC_TRY(RunStep(*step));
    return Ok();
  }

  Status RunStep(const Step& step, bool starts_early = false) {
    switch (step.op) {
      case plan::Op::Launch:
        return RunLaunch(step, starts_early);
      case plan::Op::Copy:
        return RunCopy(step, *step.instruction->op_as_Copy());
      case plan::Op::If:
        return RunIf(step, *step.instruction->op_as_If());
      case plan::Op::Loop:
        return RunLoop(step, *step.instruction->op_as_Loop());
      case plan::Op::NONE:
        break;
    }
    return Ok();
  }

  Status RunLaunch(const Step& step, bool starts_early) {
    if (step.grid == 0) return Ok();
    if (const LibraryProduct* product = run_.params.product(step))
      return Named(step, product->Run(run_.stream));
    return Check(step, "cuLaunchKernelEx",
                 LaunchKernel(run_.context.driver(), run_.kernels[step.kernel], step,
                              run_.params.of(step), run_.stream, starts_early));
  }

  Status RunCopy(const Step& step, const plan::Copy& copy) {
    return CopyBytes(step, shape_.buffer(copy.src()), shape_.buffer(copy.dst()),
                     shape_.size_bytes(copy.src()));
  }

  Status RunIf(const Step& step, const plan::If& op) {
    bool cond = false;
    MLC_TRY(Read(step, op.cond(), &cond));
    return RunBlock(cond ? op.then_block() : op.else_block());
  }

  Status RunLoop(const Step& step, const plan::Loop& loop) {
    int64_t trip_count = INT64_MAX;
    bool go_on = true;
    MLC_TRY(Read(step, loop.trip_count(), &trip_count));
    MLC_TRY(Read(step, loop.cond(), &go_on));
    for (int64_t i = 0; go_on && i < trip_count; ++i) {
      if (static_cast<uint64_t>(i) >= run_.max_loop_iterations)
        return LoopFault(step, "it runs longer than max_loop_iterations allows");
      MLC_TRY(CheckCancelled());
      MLC_TRY(WriteIteration(step, loop.iteration(), i));
      MLC_TRY(RunBlock(loop.body()));
      MLC_TRY(Read(step, loop.body_cond(), &go_on));
      MLC_TRY(StoreScanned(step, loop, i));
      for (uint32_t k = 0; k < Count(loop.carried()); ++k)
        MLC_TRY(CopyBytes(step, shape_.buffer(loop.carried_next()->Get(k)),
                          shape_.buffer(loop.carried()->Get(k)),
                          shape_.size_bytes(loop.carried()->Get(k))));
    }
    return Ok();
  }

  // As two words, so that no host memory has to keep the value until the device takes it.
  Status WriteIteration(const Step& step, uint32_t buffer, int64_t i) {
    if (buffer == kNone) return Ok();
    const auto value = static_cast<uint64_t>(i);
    const CUdeviceptr at = Address(shape_.buffer(buffer));
    const Driver& driver = run_.context.driver();
    MLC_TRY(Check(step, "cuMemsetD32Async",
                  driver.cuMemsetD32Async(at, static_cast<uint32_t>(value), 1, run_.stream)));
    return Check(
        step, "cuMemsetD32Async",
        driver.cuMemsetD32Async(at + 4, static_cast<uint32_t>(value >> 32), 1, run_.stream));
  }

  Status StoreScanned(const Step& step, const plan::Loop& loop, int64_t i) {
    for (uint32_t k = 0; k < Count(loop.scan_output()); ++k) {
      const uint32_t element = loop.scan_element()->Get(k), output = loop.scan_output()->Get(k);
      const uint64_t slot_bytes = shape_.size_bytes(element);
      if (slot_bytes == 0) continue;
      if (static_cast<uint64_t>(i) >= shape_.size_bytes(output) / slot_bytes)
        return LoopFault(step, "it runs past the end of a scan output");
      MLC_TRY(CopyBytes(step, shape_.buffer(element),
                        shape_.buffer(output) + static_cast<uint64_t>(i) * slot_bytes, slot_bytes));
    }
    return Ok();
  }

  Status CopyBytes(const Step& step, const char* src, char* dst, uint64_t size_bytes) {
    if (size_bytes == 0 || src == dst) return Ok();
    return Check(step, "cuMemcpyDtoDAsync",
                 run_.context.driver().cuMemcpyDtoDAsync(Address(dst), Address(src), size_bytes,
                                                         run_.stream));
  }

  // Leaves *value alone when there is no buffer. Waits for the stream.
  template <typename T>
  Status Read(const Step& step, uint32_t buffer, T* value) {
    if (buffer == kNone) return Ok();
    const Driver& driver = run_.context.driver();
    MLC_TRY(Check(step, "cuMemcpyDtoHAsync",
                  driver.cuMemcpyDtoHAsync(run_.readback, Address(shape_.buffer(buffer)),
                                           sizeof *value, run_.stream)));
    if (run_.profile) MLC_TRY(run_.profile->Collect());
    MLC_TRY(Check(step, "cuStreamSynchronize", driver.cuStreamSynchronize(run_.stream)));
    if constexpr (std::is_same_v<T, bool>)
      *value = *run_.readback != 0;
    else
      std::memcpy(value, run_.readback, sizeof *value);
    return Ok();
  }

  Status CheckCancelled() const {
    if (run_.cancelled.load(std::memory_order_relaxed)) [[unlikely]]
      return Error(MLC_STATUS_CANCELLED, "the run was cancelled");
    return Ok();
  }

  Status LoopFault(const Step& step, const char* what) {
    return Error(MLC_STATUS_DATA_FAULT, "%s: %s",
                 DescribeInstruction(shape_.bound(), *step.instruction).c_str(), what);
  }

  // Names the instruction; an earlier one may be at fault where work is asynchronous.
  Status Check(const Step& step, const char* call, CUresult result) {
    if (result == CUDA_SUCCESS) [[likely]]
      return Ok();
    return Named(step, run_.context.Check(result, call));
  }

  Status Named(const Step& step, Status status) {
    if (status.ok()) [[likely]]
      return status;
    return Error(status.code(), "%s: %s",
                 DescribeInstruction(shape_.bound(), *step.instruction).c_str(), status.message());
  }

  const StreamRun& run_;
  const ShapePlan& shape_;
};

}  // namespace

Status RunOnStream(const StreamRun& run) { return StreamRunner(run).RunBlock(0); }

}  // namespace mlc::runtime::cuda

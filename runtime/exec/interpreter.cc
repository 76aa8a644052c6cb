// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/interpreter.h"

#include "runtime/exec/shape_checks.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

class Interpreter {
 public:
  explicit Interpreter(const RunContext& context) : context_(context), shape_(context.shape), machine_(context.machine) {}

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
    MLC_TRY(machine_.StartTimer());
    MLC_TRY(body());
    uint64_t elapsed_ns = 0;
    MLC_TRY(machine_.StopTimer(&elapsed_ns));
    context_.profile->Record(step.number, elapsed_ns);
    return Ok();
  }

  Status RunLaunch(const Step& step) {
    return step.grid == 0 ? Ok() : machine_.Launch(step);
  }

  Status RunCopy(const plan::Copy& copy) { return CopyBuffer(copy.src(), copy.dst()); }

  Status RunIf(const plan::If& op) {
    bool condition = true;
    MLC_TRY(ReadBool(op.cond(), &condition));
    return RunBlock(condition ? op.then_block() : op.else_block());
  }

  Status RunLoop(const Step& step, const plan::Loop& loop) {
    int64_t trip_count = INT64_MAX;
    if (loop.trip_count() != kNone)
      MLC_TRY(machine_.Read(&trip_count, shape_.buffer(loop.trip_count()), sizeof trip_count));
    bool go_on = true;
    MLC_TRY(ReadBool(loop.cond(), &go_on));
    for (int64_t i = 0; go_on && i < trip_count; ++i) {
      if (static_cast<uint64_t>(i) >= context_.max_loop_iterations)
        return LoopFault(step, "it runs longer than max_loop_iterations allows");
      if (context_.cancelled.load(std::memory_order_relaxed))
        return Error(MLC_STATUS_CANCELLED, "the run was cancelled");
      if (loop.iteration() != kNone)
        MLC_TRY(machine_.Write(shape_.buffer(loop.iteration()), &i, sizeof i));
      MLC_TRY(RunBlock(loop.body()));
      MLC_TRY(ReadBool(loop.body_cond(), &go_on));
      MLC_TRY(StoreScanned(step, loop, i));
      for (uint32_t k = 0; k < Count(loop.carried()); ++k)
        MLC_TRY(CopyBuffer(loop.carried_next()->Get(k), loop.carried()->Get(k)));
    }
    return Ok();
  }

  Status StoreScanned(const Step& step, const plan::Loop& loop, int64_t i) {
    for (uint32_t k = 0; k < Count(loop.scan_output()); ++k) {
      const uint32_t element = loop.scan_element()->Get(k), output = loop.scan_output()->Get(k);
      const uint64_t slot_bytes = shape_.size_bytes(element);
      if (slot_bytes == 0) continue;
      if (static_cast<uint64_t>(i) >= shape_.size_bytes(output) / slot_bytes)
        return LoopFault(step, "it runs past the end of a scan output");
      MLC_TRY(machine_.Copy(shape_.buffer(output) + static_cast<uint64_t>(i) * slot_bytes,
                            shape_.buffer(element), slot_bytes));
    }
    return Ok();
  }

  Status LoopFault(const Step& step, const char* what) {
    return Error(MLC_STATUS_DATA_FAULT, "%s: %s",
                 DescribeInstruction(context_.bound, *step.instruction).c_str(), what);
  }

  // A true for an absent condition.
  Status ReadBool(uint32_t buffer, bool* out_value) {
    char byte = 1;
    if (buffer != kNone) MLC_TRY(machine_.Read(&byte, shape_.buffer(buffer), 1));
    *out_value = byte != 0;
    return Ok();
  }

  Status CopyBuffer(uint32_t src, uint32_t dst) {
    if (shape_.size_bytes(src) == 0) return Ok();
    return machine_.Copy(shape_.buffer(dst), shape_.buffer(src), shape_.size_bytes(src));
  }

  const RunContext& context_;
  const ShapePlan& shape_;
  Machine& machine_;
};

}  // namespace

Status RunProgram(const RunContext& context) { return Interpreter(context).RunBlock(0); }

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/shape_plan.h"

#include <algorithm>

#include "runtime/exec/shape_checks.h"
#include "runtime/exec/shape_program.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {
namespace {

// Waking and joining a worker costs 1 to 5 us, so a launch is shared only where each thread gets
// this much.
constexpr double kMinLaunchNs = 10000;
constexpr double kMinThreadNs = 5000;

uint32_t ThreadsFor(int64_t grid, float task_cost_ns, uint32_t num_threads) {
  const double total_ns = static_cast<double>(grid) * task_cost_ns;
  if (grid <= 1 || total_ns < kMinLaunchNs) return 1;
  const double useful = std::min<double>(total_ns / kMinThreadNs, static_cast<double>(grid));
  return static_cast<uint32_t>(std::min<double>(useful, num_threads));
}

bool Moves(plan::BufferKind kind) {
  return kind == plan::BufferKind::Input || kind == plan::BufferKind::Output;
}

}  // namespace

Result<std::unique_ptr<ShapePlan>> ShapePlan::Build(const BoundProgram& bound,
                                                    std::span<const int64_t> symbols,
                                                    uint32_t num_threads) {
  auto shape = std::make_unique<ShapePlan>();
  shape->bound_ = &bound;
  shape->symbols_.assign(symbols.begin(), symbols.end());
  shape->values_.resize(Count(bound.entry->exprs()));
  MLC_TRY(EvaluateExprs(*bound.entry, bound.needed_exprs, symbols, shape->values_));
  const plan::Block& body = *bound.program->blocks()->Get(0);
  if (const auto* failed = FindFailedCheck(*bound.entry, body, shape->values_))
    return CheckFailure(*bound.entry, *failed, shape->values_);
  MLC_TRY_ASSIGN(shape->memory_,
                 PlanMemory(*bound.entry, *bound.program, shape->values_, bound.arena_alignment));
  shape->BuildBlocks(bound, num_threads);
  shape->CollectMovingBuffers(*bound.program);
  return shape;
}

void ShapePlan::BuildBlocks(const BoundProgram& bound, uint32_t num_threads) {
  size_t num_arguments = 0, num_scalars = 0;
  for (const plan::Block* block : Items(bound.program->blocks())) {
    for (const plan::Instruction* instruction : Items(block->instructions())) {
      const plan::Launch* launch = instruction->op_as_Launch();
      if (!launch) continue;
      num_arguments += Count(launch->buffers());
      num_scalars += Count(launch->scalars());
    }
  }
  arguments_.reserve(num_arguments);  // steps point into both
  scalars_.reserve(num_scalars);
  slot_buffers_.reserve(num_arguments);
  uint32_t number = 0;
  for (const plan::Block* block : Items(bound.program->blocks())) {
    failed_checks_.push_back(FindFailedCheck(*bound.entry, *block, values_));
    std::vector<Step>& steps = blocks_.emplace_back();
    for (const plan::Instruction* instruction : Items(block->instructions())) {
      Step step{instruction, instruction->op_type(), number++};
      if (const plan::Launch* launch = instruction->op_as_Launch())
        BuildLaunch(bound, *launch, num_threads, step);
      steps.push_back(step);
    }
  }
}

void ShapePlan::BuildLaunch(const BoundProgram& bound, const plan::Launch& launch,
                            uint32_t num_threads, Step& step) {
  step.kernel = launch.kernel();
  step.buffers = arguments_.data() + arguments_.size();
  step.scalars = scalars_.data() + scalars_.size();
  step.grid = values_[launch.grid()];
  step.threads = ThreadsFor(step.grid, launch.task_cost(), num_threads);
  for (uint32_t buffer : Items(launch.buffers())) {
    arguments_.push_back(nullptr);
    slot_buffers_.push_back(buffer);
  }
  for (uint32_t scalar : Items(launch.scalars())) scalars_.push_back(values_[scalar]);
}

void ShapePlan::CollectMovingBuffers(const plan::Program& program) {
  pointers_.assign(memory_.sizes.size(), nullptr);
  auto moves = [&](uint32_t buffer) {
    return Moves(program.buffers()->Get(memory_.roots[buffer])->kind());
  };
  for (uint32_t i = 0; i < pointers_.size(); ++i)
    if (moves(i)) moving_buffers_.push_back(i);
  for (uint32_t slot = 0; slot < slot_buffers_.size(); ++slot)
    if (moves(slot_buffers_[slot])) moving_arguments_.push_back({slot, slot_buffers_[slot]});
}

char* ShapePlan::RootAddress(uint32_t root, const RunMemory& memory) const {
  const plan::Buffer& buffer = *bound_->program->buffers()->Get(root);
  switch (buffer.kind()) {
    case plan::BufferKind::Input:
      return static_cast<char*>(memory.inputs[buffer.index()]);
    case plan::BufferKind::Output:
      return static_cast<char*>(memory.outputs[buffer.index()]);
    case plan::BufferKind::Constant:  // read-only: the validator has refused writers
      return (*bound_->constants)[buffer.index()];
    default:
      return memory.arena + memory_.arena_offsets[root];
  }
}

void ShapePlan::Bind(const RunMemory& memory) {
  auto locate = [&](uint32_t buffer) {
    pointers_[buffer] = RootAddress(memory_.roots[buffer], memory) + memory_.root_offsets[buffer];
  };
  if (is_bound_ && memory.arena == bound_arena_) {
    for (uint32_t buffer : moving_buffers_) locate(buffer);
    for (const Argument& argument : moving_arguments_)
      arguments_[argument.slot] = pointers_[argument.buffer];
    return;
  }
  for (uint32_t buffer = 0; buffer < pointers_.size(); ++buffer) locate(buffer);
  for (uint32_t slot = 0; slot < arguments_.size(); ++slot)
    arguments_[slot] = pointers_[slot_buffers_[slot]];
  bound_arena_ = memory.arena;
  is_bound_ = true;
}

}  // namespace mlc::runtime

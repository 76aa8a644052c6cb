// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/bound_program.h"

#include "runtime/exec/needed_exprs.h"
#include "runtime/host/choose_target.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {

// Sets target, kernels and image.
static Status BindTarget(mlc_plan& plan, mlc_device& device, uint32_t* out_target,
                         BoundProgram* bound) {
  const plan::Plan& file = plan.file.plan();
  if (device.cuda) {
    MLC_TRY_ASSIGN(*out_target,
                   ChooseCudaTarget(file, *bound->entry, *device.cuda, device.force_ptx));
    MLC_TRY_ASSIGN(bound->image, device.cuda->Image(device, plan, *out_target));
    bound->target = file.targets()->Get(*out_target);
    return Ok();
  }
  MLC_TRY_ASSIGN(*out_target, ChooseTarget(file, *bound->entry, device.features));
  bound->target = file.targets()->Get(*out_target);
  if (Count(bound->target->kernels()) == 0) return Ok();
  MLC_TRY_ASSIGN(const HostImage* image, plan.Image(bound->target->code_segment()));
  for (const plan::Kernel* kernel : Items(bound->target->kernels()))
    bound->kernels.push_back(image->Entry(kernel->code_offset()));
  return Ok();
}

Result<std::vector<BoundProgram>> BindPrograms(mlc_plan& plan, const plan::Entry& entry,
                                               mlc_device& device) {
  BoundProgram bound;
  bound.plan = &plan;
  bound.entry = &entry;
  uint32_t target = 0;
  MLC_TRY(BindTarget(plan, device, &target, &bound));
  std::vector<BoundProgram> programs;
  for (const plan::Program* program : Items(entry.programs())) {
    if (program->target() != target) continue;
    bound.program = program;
    bound.needed_exprs = NeededExprs(entry, program);
    bound.bucket = BucketText(entry, *program);
    programs.push_back(bound);
  }
  return programs;
}

const BoundProgram& ChooseProgram(std::span<const BoundProgram> programs,
                                  std::span<const int64_t> symbols) {
  for (const BoundProgram& bound : programs.subspan(1)) {
    bool holds = true;
    for (const plan::SymbolRange* range : Items(bound.program->bucket()))
      holds &= symbols[range->symbol()] >= range->min() && symbols[range->symbol()] <= range->max();
    if (holds) return bound;
  }
  return programs.front();
}

std::string BucketText(const plan::Entry& entry, const plan::Program& program) {
  std::string text;
  for (const plan::SymbolRange* range : Items(program.bucket())) {
    text += std::string(text.empty() ? "" : ", ") +
            Text(entry.symbols()->Get(range->symbol())->name()) + "=" +
            std::to_string(range->min());
    if (range->max() > range->min()) text += ".." + std::to_string(range->max());
  }
  return text;
}

std::string DescribeInstruction(const BoundProgram& bound, const plan::Instruction& instruction) {
  std::string text;
  for (const flatbuffers::String* node : Items(instruction.nodes()))
    text += (text.empty() ? "node '" : ", '") + node->str() + "'";
  if (text.empty()) text = std::string("instruction '") + Text(instruction.label()) + "'";
  if (const plan::Launch* launch = instruction.op_as_Launch()) {
    const plan::Kernel& kernel = *bound.target->kernels()->Get(launch->kernel());
    text += std::string(" (kernel '") + Text(kernel.name()) + "')";
  }
  return text;
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/bound_program.h"

#include "runtime/plan/access.h"

namespace mlc::runtime {

Result<BoundProgram> BindProgram(mlc_plan& plan, const plan::Entry& entry,
                                 const mlc_device& device) {
  BoundProgram bound;
  bound.plan = &plan;
  bound.entry = &entry;
  MLC_TRY_ASSIGN(bound.program, ChooseProgram(plan.file.plan(), entry, device.features));
  bound.target = plan.file.plan().targets()->Get(bound.program->target());
  if (Count(bound.target->kernels()) == 0) return bound;
  MLC_TRY_ASSIGN(const HostImage* image, plan.Image(bound.target->code_segment()));
  for (const plan::Kernel* kernel : Items(bound.target->kernels()))
    bound.kernels.push_back(image->Entry(kernel->code_offset()));
  return bound;
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

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/bound_program.h"

#include "runtime/exec/needed_exprs.h"
#include "runtime/host/kernel_abi.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {
namespace {

const char* FaultText(int32_t fault) {
  switch (fault) {
    case MLC_KERNEL_INDEX_OUT_OF_RANGE:
      return "an index is outside of the tensor it points into";
    case MLC_KERNEL_DIVISION_BY_ZERO:
      return "integer division by zero";
    default:
      return "the kernel cannot compute with this input";
  }
}

}  // namespace

std::vector<BoundProgram> BindPrograms(mlc_plan& plan, const plan::Entry& entry, uint32_t target,
                                       std::shared_ptr<const Constants> constants,
                                       uint64_t arena_alignment) {
  BoundProgram bound;
  bound.plan = &plan;
  bound.entry = &entry;
  bound.target = plan.file.plan().targets()->Get(target);
  bound.constants = std::move(constants);
  bound.arena_alignment = arena_alignment;
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

Status KernelFault(const BoundProgram& bound, const plan::Instruction& instruction, int32_t fault) {
  return Error(MLC_STATUS_DATA_FAULT, "%s: %s", DescribeInstruction(bound, instruction).c_str(),
               FaultText(fault));
}

}  // namespace mlc::runtime

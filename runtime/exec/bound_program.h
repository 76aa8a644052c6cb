// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A program with what is fixed for the life of a session: its code's target, where the constants
// lie.
#ifndef MLC_RUNTIME_EXEC_BOUND_PROGRAM_H
#define MLC_RUNTIME_EXEC_BOUND_PROGRAM_H

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/exec/loaded_plan.h"

namespace mlc::runtime {

// The address of each of the plan's constants on the device, null where no program of the target
// uses it.
using Constants = std::vector<char*>;

struct BoundProgram {
  const mlc_plan* plan = nullptr;
  const plan::Entry* entry = nullptr;
  const plan::Program* program = nullptr;
  const plan::Target* target = nullptr;
  std::shared_ptr<const Constants> constants;
  std::vector<bool> needed_exprs;  // of the entry's
  std::string bucket;              // "batch=8, sequence=1..128", "" when it is generic
  uint64_t arena_alignment = 0;    // of each buffer in the arena, a power of two
};

// The entry's programs for a target: the generic one, then those with buckets.
std::vector<BoundProgram> BindPrograms(mlc_plan& plan, const plan::Entry& entry, uint32_t target,
                                       std::shared_ptr<const Constants> constants,
                                       uint64_t arena_alignment);

// The first whose bucket holds these symbols, else the generic one.
const BoundProgram& ChooseProgram(std::span<const BoundProgram> programs,
                                  std::span<const int64_t> symbols);

// "batch=8, sequence=1..128".
std::string BucketText(const plan::Entry& entry, const plan::Program& program);

// "node 'a', 'b' (kernel 'gather_3')": where in the model an instruction is, for messages.
std::string DescribeInstruction(const BoundProgram& bound, const plan::Instruction& instruction);

// The DATA_FAULT of a launch whose kernel stored `fault` (mlc_kernel_fault).
Status KernelFault(const BoundProgram& bound, const plan::Instruction& instruction, int32_t fault);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_BOUND_PROGRAM_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A program with what is fixed for the life of a session: entry points of its kernels, instructions
// in order.
#ifndef MLC_RUNTIME_EXEC_BOUND_PROGRAM_H
#define MLC_RUNTIME_EXEC_BOUND_PROGRAM_H

#include <string>
#include <vector>

#include "runtime/exec/loaded_plan.h"
#include "runtime/host/device.h"

namespace mlc::runtime {

struct BoundProgram {
  const mlc_plan* plan = nullptr;
  const plan::Entry* entry = nullptr;
  const plan::Program* program = nullptr;
  const plan::Target* target = nullptr;
  std::vector<mlc_host_kernel> kernels;  // of the target
};

// Chooses the program for the device's CPU and maps its code. NO_TARGET, IO.
Result<BoundProgram> BindProgram(mlc_plan& plan, const plan::Entry& entry,
                                 const mlc_device& device);

// "node 'a', 'b' (kernel 'gather_3')": where in the model an instruction is, for messages.
std::string DescribeInstruction(const BoundProgram& bound, const plan::Instruction& instruction);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_BOUND_PROGRAM_H

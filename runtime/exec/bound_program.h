// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A program with what is fixed for the life of a session: entry points of its kernels, instructions
// in order.
#ifndef MLC_RUNTIME_EXEC_BOUND_PROGRAM_H
#define MLC_RUNTIME_EXEC_BOUND_PROGRAM_H

#include <span>
#include <string>
#include <vector>

#include "runtime/cuda/cuda_image.h"
#include "runtime/exec/loaded_plan.h"
#include "runtime/exec/device.h"

namespace mlc::runtime {

struct BoundProgram {
  const mlc_plan* plan = nullptr;
  const plan::Entry* entry = nullptr;
  const plan::Program* program = nullptr;
  const plan::Target* target = nullptr;
  std::vector<mlc_host_kernel> kernels;  // of the target; empty on a GPU
  std::shared_ptr<const CudaImage> image;  // on a GPU
  std::vector<bool> needed_exprs;        // of the entry's
  std::string bucket;                    // "batch=8, sequence=1..128", "" when it is generic
};

// The programs for the device, their code and weights ready: the generic one, then those with buckets.
// NO_TARGET, IO.
Result<std::vector<BoundProgram>> BindPrograms(mlc_plan& plan, const plan::Entry& entry,
                                               mlc_device& device);

// The first whose bucket holds these symbols, else the generic one.
const BoundProgram& ChooseProgram(std::span<const BoundProgram> programs,
                                  std::span<const int64_t> symbols);

// "batch=8, sequence=1..128".
std::string BucketText(const plan::Entry& entry, const plan::Program& program);

// "node 'a', 'b' (kernel 'gather_3')": where in the model an instruction is, for messages.
std::string DescribeInstruction(const BoundProgram& bound, const plan::Instruction& instruction);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_BOUND_PROGRAM_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Runs the instructions of a bound program in order.
#ifndef MLC_RUNTIME_EXEC_INTERPRETER_H
#define MLC_RUNTIME_EXEC_INTERPRETER_H

#include <atomic>

#include "runtime/exec/machine.h"
#include "runtime/exec/profile.h"
#include "runtime/exec/shape_plan.h"

namespace mlc::runtime {

struct RunContext {
  const BoundProgram& bound;
  const ShapePlan& shape;
  Machine& machine;
  uint64_t max_loop_iterations;
  const std::atomic<bool>& cancelled;
  Profile* profile;  // null when off
};

// Allocates nothing unless it fails. DATA_FAULT naming the node, CANCELLED.
Status RunProgram(const RunContext& context);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_INTERPRETER_H

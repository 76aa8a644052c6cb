// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Runs the instructions of a bound program in order, on the CPU.
#ifndef MLC_RUNTIME_HOST_INTERPRETER_H
#define MLC_RUNTIME_HOST_INTERPRETER_H

#include <atomic>
#include <span>

#include "runtime/exec/profile.h"
#include "runtime/exec/shape_plan.h"
#include "runtime/host/kernel_abi.h"
#include "runtime/host/thread_pool.h"

namespace mlc::runtime {

struct RunContext {
  const BoundProgram& bound;
  const ShapePlan& shape;
  std::span<const mlc_host_kernel> kernels;  // of the target
  ThreadPool& threads;
  char* scratch;            // of all threads
  uint64_t scratch_stride;  // bytes from one thread's to the next one's
  uint64_t max_loop_iterations;
  const std::atomic<bool>& cancelled;
  Profile* profile;  // null when off
};

// Allocates nothing unless it fails. DATA_FAULT naming the node, CANCELLED.
Status RunProgram(const RunContext& context);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_INTERPRETER_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How a function of the simulated driver begins.
#ifndef MLC_TEST_RUNTIME_CUDA_SIM_API_H
#define MLC_TEST_RUNTIME_CUDA_SIM_API_H

#include "test/runtime/cuda/sim_state.h"

namespace mlc::runtime::cuda::sim {

// Contexts that this thread has pushed.
inline thread_local int current_depth = 0;

inline uint64_t U(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

}  // namespace mlc::runtime::cuda::sim

#define SIM_API extern "C" __attribute__((visibility("default"))) CUresult

// Locks, counts, and leaves when the call is to fail or no context is current.
#define ENTER_ANYWHERE(name)                   \
  std::lock_guard lock(sim::Lock());           \
  [[maybe_unused]] sim::State& s = sim::Get(); \
  if (const CUresult failure = s.Enter(#name, false)) return failure

#define ENTER(name)                                                  \
  std::lock_guard lock(sim::Lock());                                 \
  sim::State& s = sim::Get();                                        \
  if (const CUresult failure = s.Enter(#name, true)) return failure; \
  if (sim::current_depth == 0) {                                     \
    s.Violation(#name " was called without a current context");      \
    return 201;                                                      \
  }

#define CHECK_HANDLE(set, handle)                    \
  if (!(set).count(handle)) {                        \
    s.Violation("a dead handle was used: " #handle); \
    return 400;                                      \
  }

#endif  // MLC_TEST_RUNTIME_CUDA_SIM_API_H

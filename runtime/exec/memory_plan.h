// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Where every buffer of a program lies for given values of its expressions. The compiler prints the
// peak that this computes, mlc-inspect shows it, the session allocates it.
#ifndef MLC_RUNTIME_EXEC_MEMORY_PLAN_H
#define MLC_RUNTIME_EXEC_MEMORY_PLAN_H

#include <span>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/memory/arena_planner.h"
#include "runtime/memory/lifetimes.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// Indexed by buffer of the program.
struct MemoryPlan {
  std::vector<uint64_t> sizes;
  std::vector<uint32_t> roots;         // the buffer whose memory it lies in: itself unless an alias
  std::vector<uint64_t> root_offsets;  // from the start of the root
  std::vector<uint64_t> arena_offsets;  // of roots that are Temp
  std::vector<Lifetime> lifetimes;      // of roots
  uint64_t peak_bytes = 0;
  uint64_t lower_bound_bytes = 0;
  uint64_t scratch_bytes = 0;  // per thread: the largest of all launches
};

// What each buffer in the arena of a target's programs is aligned to: 256 bytes for CUDA, else
// kArenaAlignment.
uint64_t ArenaAlignmentOf(const plan::Target& target);

// `values` are the entry's expressions; `alignment` is a power of two, at least kArenaAlignment.
// OUT_OF_RANGE, BAD_PLAN: sizes that contradict each other for these values.
Result<MemoryPlan> PlanMemory(const plan::Entry& entry, const plan::Program& program,
                              std::span<const int64_t> values,
                              uint64_t alignment = kArenaAlignment);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_MEMORY_PLAN_H

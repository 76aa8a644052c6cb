// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Packs buffers with known lifetimes into one arena. The compiler calls the same function for the
// peak it prints, so both agree. Deterministic; depends on nothing but the request.
#ifndef MLC_RUNTIME_MEMORY_ARENA_PLANNER_H
#define MLC_RUNTIME_MEMORY_ARENA_PLANNER_H

#include <cstdint>
#include <vector>

namespace mlc::runtime {

inline constexpr uint64_t kArenaAlignment = 64;

// A buffer that is live during the closed interval [first, last] of time.
struct ArenaRequest {
  uint64_t size_bytes = 0;
  uint32_t first = 0;
  uint32_t last = 0;
};

struct ArenaLayout {
  std::vector<uint64_t> offsets;   // of each request, multiples of 64
  uint64_t peak_bytes = 0;         // what the arena needs
  uint64_t lower_bound_bytes = 0;  // the largest sum of live sizes, each rounded up to 64
};

// Greedy best fit in order of size, of size times duration, and of time. Each order is repaired for a
// while: the first request that ends above the lower bound goes before all that it conflicts with,
// and all are placed again (squeaky wheel optimization: Joslin and Clements, JAIR 10, 1999). The
// first smallest peak wins; one that reaches the bound ends the search. Sizes must sum to less than
// 2^63. O(n^2) in the number of requests, times at most 40 repairs of an order.
ArenaLayout PlanArena(const std::vector<ArenaRequest>& requests);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_MEMORY_ARENA_PLANNER_H

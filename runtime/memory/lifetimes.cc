// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/memory/lifetimes.h"

#include <algorithm>

namespace mlc::runtime {

std::vector<Lifetime> ComputeLifetimes(const std::vector<uint32_t>& roots,
                                       const std::vector<BufferUse>& uses,
                                       const std::vector<LoopSteps>& loops) {
  std::vector<Lifetime> lifetimes(roots.size());
  for (const BufferUse& use : uses) {
    Lifetime& lifetime = lifetimes[roots[use.buffer]];
    lifetime.first = std::min(lifetime.first, use.time);
    lifetime.last = std::max(lifetime.last, use.time);
  }
  for (const LoopSteps& loop : loops) {
    for (Lifetime& lifetime : lifetimes) {
      const bool touches = lifetime.first <= loop.end && lifetime.last >= loop.begin;
      const bool inside = lifetime.first >= loop.begin && lifetime.last <= loop.end;
      if (!lifetime.used() || !touches || inside) continue;
      lifetime.first = std::min(lifetime.first, loop.begin);
      lifetime.last = std::max(lifetime.last, loop.end);
    }
  }
  return lifetimes;
}

}  // namespace mlc::runtime

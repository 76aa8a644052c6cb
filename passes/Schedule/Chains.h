// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The steps of a block as chains that can run beside each other, with times: what assign-streams decides on.
#ifndef MLC_PASSES_SCHEDULE_CHAINS_H
#define MLC_PASSES_SCHEDULE_CHAINS_H

#include "passes/Schedule/BlockMemory.h"

namespace mlc {

/// What a step takes, in nanoseconds.
struct StepTime {
  double alone = 0;  // by itself, its launch included
  double device = 0; // of the whole device when others fill the rest, with what they lose to each other
};

/// Each step is in one chain; a step of a chain reads from the one before it.
class Chains {
public:
  static constexpr unsigned kNone = ~0u;

  struct Chain {
    std::vector<unsigned> steps;
    unsigned join = kNone; // the first step outside that reads from the chain
    double begin = 0;      // when its part that runs beside another chain can start
    double end = 0;        // when that is wanted
    double saves = 0;      // against one after the other
  };

  /// `times` are those of the steps of `memory`. Linear in the edges, but for a sort.
  Chains(const BlockMemory &memory, llvm::ArrayRef<StepTime> times);

  /// The longest chain from a start is the first.
  llvm::ArrayRef<Chain> all() const { return chains; }
  unsigned of(unsigned step) const { return chainOf[step]; }

private:
  void link();
  void weigh(Chain &chain);

  llvm::ArrayRef<BlockMemory::Step> steps;
  llvm::ArrayRef<StepTime> times;
  std::vector<double> start;   // as if all that can run at once did
  std::vector<unsigned> chainOf, place; // place: in its chain
  std::vector<std::vector<StepTime>> sums; // of a chain's first steps
  std::vector<Chain> chains;
};

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Schedule/Chains.h"

using namespace mlir;

namespace mlc {

Chains::Chains(const BlockMemory &memory, ArrayRef<StepTime> times) : steps(memory.steps()), times(times), start(steps.size(), 0), chainOf(steps.size(), kNone), place(steps.size(), 0) {
  // Steps stand in an order in which makers come first.
  for (unsigned i = 0; i < steps.size(); ++i)
    for (unsigned before : steps[i].after)
      start[i] = std::max(start[i], start[before] + times[before].alone);
  link();
  for (Chain &chain : chains) {
    auto &sum = sums.emplace_back(1);
    for (unsigned step : chain.steps)
      sum.push_back({sum.back().alone + times[step].alone, sum.back().device + times[step].device});
  }
  for (Chain &chain : chains)
    weigh(chain);
}

void Chains::link() {
  // The way to the end, and the reader on it.
  std::vector<double> tail(steps.size(), 0);
  std::vector<unsigned> next(steps.size(), kNone);
  for (unsigned i = steps.size(); i-- > 0;) {
    for (unsigned reader : steps[i].before)
      if (next[i] == kNone || tail[reader] > tail[next[i]])
        next[i] = reader;
    tail[i] = times[i].alone + (next[i] == kNone ? 0 : tail[next[i]]);
  }
  // Of the chains that lead to a step the one that arrives last goes on with it.
  std::vector<unsigned> from(steps.size(), kNone);
  for (unsigned i = 0; i < steps.size(); ++i)
    for (unsigned maker : steps[i].after)
      if (next[maker] == i && (from[i] == kNone || start[maker] + times[maker].alone > start[from[i]] + times[from[i]].alone))
        from[i] = maker;
  SmallVector<unsigned> firsts;
  for (unsigned i = 0; i < steps.size(); ++i)
    if (from[i] == kNone)
      firsts.push_back(i);
  llvm::stable_sort(firsts, [&](unsigned a, unsigned b) { return start[a] + tail[a] > start[b] + tail[b]; });
  for (unsigned first : firsts) {
    Chain chain;
    for (unsigned step = first; step != kNone; step = next[step] != kNone && from[next[step]] == step ? next[step] : kNone) {
      chainOf[step] = chains.size();
      place[step] = chain.steps.size();
      chain.steps.push_back(step);
    }
    chains.push_back(std::move(chain));
  }
}

void Chains::weigh(Chain &chain) {
  unsigned self = chainOf[chain.steps.front()], fork = kNone, begins = 0;
  for (auto [at, step] : llvm::enumerate(chain.steps)) {
    for (unsigned maker : steps[step].after) // what its steps wait for: only what follows the last of those counts as parallel
      if (chainOf[maker] != self && start[maker] + times[maker].alone > chain.begin) {
        chain.begin = start[maker] + times[maker].alone;
        fork = maker;
        begins = at;
      }
    for (unsigned reader : steps[step].before)
      if (chainOf[reader] != self && (chain.join == kNone || start[reader] < start[chain.join]))
        chain.join = reader;
  }
  // Beside it: the chain that it joins, from the fork to the join; the one that it left, when nothing waits for it.
  unsigned beside = chain.join != kNone ? chainOf[chain.join] : fork != kNone ? chainOf[fork] : 0;
  if (beside == self)
    return;
  ArrayRef<unsigned> other = chains[beside].steps;
  unsigned end = chain.join != kNone ? place[chain.join] : other.size();
  chain.end = chain.join != kNone ? start[chain.join] : start[other.back()] + times[other.back()].alone;
  unsigned first = llvm::partition_point(other, [&](unsigned step) { return start[step] < chain.begin; }) - other.begin();
  if (first >= end)
    return;
  const auto &own = sums[self], &theirs = sums[beside];
  StepTime a{own.back().alone - own[begins].alone, own.back().device - own[begins].device}, b{theirs[end].alone - theirs[first].alone, theirs[end].device - theirs[first].device};
  chain.saves = std::max(0.0, a.alone + b.alone - std::max({a.alone, b.alone, a.device + b.device}));
}

} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Schedule/Orders.h"
#include <numeric>
#include <set>

using namespace mlir;

namespace mlc {

Order sourceOrder(const BlockMemory &memory) {
  Order order(memory.steps().size());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Order depthFirstOrder(const BlockMemory &memory) {
  auto steps = memory.steps();
  Order order;
  std::vector<bool> entered(steps.size(), false);
  std::vector<std::pair<unsigned, unsigned>> stack; // a step and how many of those it reads from are done
  for (unsigned last = 0; last < steps.size(); ++last) {
    if (!steps[last].before.empty())
      continue;
    stack.emplace_back(last, 0);
    while (!stack.empty()) {
      auto &[step, done] = stack.back();
      if (done < steps[step].after.size()) {
        unsigned next = steps[step].after[done++];
        if (!entered[next]) {
          entered[next] = true;
          stack.emplace_back(next, 0);
        }
      } else {
        order.push_back(step);
        stack.pop_back();
      }
    }
  }
  return order;
}

namespace {

class Greedy {
public:
  explicit Greedy(const BlockMemory &memory) : steps(memory.steps()), state(memory), keys(steps.size()), waiting(steps.size()) {
    for (auto [i, step] : llvm::enumerate(steps)) {
      waiting[i] = step.after.size();
      for (unsigned p : step.reads)
        readersOf[p].push_back(i);
      for (unsigned p : step.writes)
        writersOf[p].push_back(i);
    }
  }

  Order run() {
    Order order;
    for (unsigned i = 0; i < steps.size(); ++i)
      if (waiting[i] == 0)
        offer(i);
    while (!ready.empty()) {
      unsigned step = std::get<2>(*ready.begin());
      ready.erase(ready.begin());
      keys[step].reset();
      order.push_back(step);
      SmallVector<unsigned, 2> begun; // pieces that others write into as well
      for (unsigned p : steps[step].writes)
        if (writersOf[p].size() > 1 && !state.isAllocated(p))
          begun.push_back(p);
      state.run(step);
      for (unsigned next : steps[step].before)
        if (--waiting[next] == 0)
          offer(next);
      // Steps whose cost is another now: the last reader of a piece, those that write into a piece that lives already.
      for (unsigned p : steps[step].reads)
        if (state.readersLeft()[p] == 1)
          refresh(readersOf[p]);
      for (unsigned p : begun)
        refresh(writersOf[p]);
    }
    return order;
  }

private:
  using Key = std::tuple<int64_t, int64_t, unsigned>;

  void offer(unsigned step) {
    auto [after, during] = state.cost(step);
    keys[step] = Key(after, during, step);
    ready.insert(*keys[step]);
  }

  void refresh(ArrayRef<unsigned> those) {
    for (unsigned step : those)
      if (keys[step]) {
        ready.erase(*keys[step]);
        offer(step);
      }
  }

  ArrayRef<BlockMemory::Step> steps;
  BlockMemory::State state;
  std::vector<std::optional<Key>> keys; // of the steps in `ready`
  std::vector<unsigned> waiting;        // for how many others
  std::set<Key> ready;
  DenseMap<unsigned, SmallVector<unsigned, 2>> readersOf, writersOf;
};

} // namespace

Order greedyOrder(const BlockMemory &memory) { return Greedy(memory).run(); }

BestOrder bestOrder(const BlockMemory &memory) {
  BestOrder best{sourceOrder(memory), {}, true};
  best.peaks.push_back(memory.peak(best.order));
  int64_t least = best.peaks.front();
  for (Order other : std::array{depthFirstOrder(memory), greedyOrder(memory)}) {
    best.peaks.push_back(memory.peak(other));
    if (best.peaks.back() < least) {
      least = best.peaks.back();
      best.order = std::move(other);
      best.isSource = false;
    }
  }
  return best;
}

int64_t innerPeak(Operation *op, graph::ShapeFacts &facts, const Placements &placements, const graph::AssumedSizes &sizes) {
  int64_t largest = 0;
  for (Region &region : op->getRegions())
    largest = std::max(largest, bestOrder(BlockMemory(region.front(), facts, placements, sizes, [&](Operation *inner) { return innerPeak(inner, facts, placements, sizes); })).peak());
  return largest;
}

void applyOrder(Block &block, const BlockMemory &memory, ArrayRef<unsigned> order) {
  DenseSet<Operation *> placed;
  Operation *end = block.getTerminator();
  auto place = [&](Operation *op, auto &&self) -> void {
    if (!placed.insert(op).second)
      return;
    auto placeMaker = [&](Value v) {
      if (Operation *maker = v.getDefiningOp(); maker && maker->getBlock() == &block)
        self(maker, self);
    };
    op->walk([&](Operation *inner) { llvm::for_each(inner->getOperands(), placeMaker); });
    if (op != end)
      op->moveBefore(end);
  };
  for (unsigned step : order)
    place(memory.steps()[step].op, place);
  place(end, place);
  // Nobody reads what is left.
  SmallVector<Operation *> rest;
  for (Operation &op : block.without_terminator())
    if (!placed.contains(&op))
      rest.push_back(&op);
  for (Operation *op : rest)
    place(op, place);
}

} // namespace mlc

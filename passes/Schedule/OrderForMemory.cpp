// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Schedule/Orders.h"
#include "passes/Schedule/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_ORDERFORMEMORY
#include "passes/Schedule/SchedulePasses.h.inc"

namespace {

/// Moves the steps of a block into an order; what is no step goes right before its first user, constants to the front.
void apply(Block &block, const BlockMemory &memory, ArrayRef<unsigned> order) {
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

struct OrderForMemory : impl::OrderForMemoryBase<OrderForMemory> {
  using OrderForMemoryBase::OrderForMemoryBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    AssumedSizes sizes(getOperation(), facts);
    order(getOperation().getBody().front(), facts, Placements(getOperation(), facts), sizes);
  }

  /// The block's peak in its new order. Blocks inside come first: what they need counts while their op runs.
  int64_t order(Block &block, ShapeFacts &facts, const Placements &placements, const AssumedSizes &sizes) {
    BlockMemory memory(block, facts, placements, sizes, [&](Operation *op) {
      int64_t largest = 0;
      for (Region &region : op->getRegions())
        largest = std::max(largest, order(region.front(), facts, placements, sizes));
      return largest;
    });
    Order best = sourceOrder(memory);
    int64_t source = memory.peak(best), least = source;
    SmallVector<int64_t, 3> peaks{source};
    for (const Order &other : {depthFirstOrder(memory), greedyOrder(memory)}) {
      peaks.push_back(memory.peak(other));
      if (peaks.back() < least) {
        least = peaks.back();
        best = other;
      }
    }
    if (least < source) {
      apply(block, memory, best);
      ++numReordered;
    }
    if (isa<func::FuncOp>(block.getParentOp()))
      block.getParentOp()->setAttr(kPeaksAttr, DenseI64ArrayAttr::get(block.getParentOp()->getContext(), peaks));
    return least;
  }
};

} // namespace
} // namespace mlc

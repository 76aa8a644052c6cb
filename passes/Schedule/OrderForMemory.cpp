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
    BestOrder best = bestOrder(memory);
    if (!best.isSource) {
      applyOrder(block, memory, best.order);
      ++numReordered;
    }
    if (isa<func::FuncOp>(block.getParentOp()))
      block.getParentOp()->setAttr(kPeaksAttr, DenseI64ArrayAttr::get(block.getParentOp()->getContext(), best.peaks));
    return best.peak();
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Orders of a block's steps in which every step comes after those it reads from. All are deterministic.
#ifndef MLC_PASSES_SCHEDULE_ORDERS_H
#define MLC_PASSES_SCHEDULE_ORDERS_H

#include "passes/Schedule/BlockMemory.h"

namespace mlc {

using Order = std::vector<unsigned>;

/// The block's own.
Order sourceOrder(const BlockMemory &memory);

/// Post-order from the steps that nobody reads from, operands first to last: what a step needs is made just before it.
Order depthFirstOrder(const BlockMemory &memory);

/// List scheduling: of the steps that can run next the one after which the fewest bytes live; then the one that needs fewest while it runs; then the first.
Order greedyOrder(const BlockMemory &memory);

/// The best of the three.
struct BestOrder {
  Order order;
  llvm::SmallVector<int64_t, 3> peaks; // of source, depth-first and greedy order
  bool isSource;
  int64_t peak() const { return *llvm::min_element(peaks); }
};
BestOrder bestOrder(const BlockMemory &memory);

/// What the blocks inside of a control flow op need while it runs, each in its best order.
int64_t innerPeak(mlir::Operation *op, graph::ShapeFacts &facts, const Placements &placements, const graph::AssumedSizes &sizes);

/// Moves the steps of a block into an order; what is no step goes right before its first user, constants to the front.
void applyOrder(mlir::Block &block, const BlockMemory &memory, llvm::ArrayRef<unsigned> order);

} // namespace mlc

#endif

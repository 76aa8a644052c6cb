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

} // namespace mlc

#endif

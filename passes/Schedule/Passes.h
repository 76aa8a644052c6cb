// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_PASSES_SCHEDULE_PASSES_H
#define MLC_PASSES_SCHEDULE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlc {

#define GEN_PASS_DECL
#include "passes/Schedule/SchedulePasses.h.inc"

/// DenseI64ArrayAttr on a function that order-for-memory has seen: the peaks of live bytes in source, depth-first and greedy order.
inline constexpr const char *kPeaksAttr = "graph.peaks";
/// DenseI64ArrayAttr on a function of which rematerialize made regions run twice: how many, the best order's peak before and after.
inline constexpr const char *kRematerializedAttr = "graph.rematerialized";

namespace graph {
class ShapeFacts;
}
/// The pass with the facts that others go on to use: it adds those of the regions that it makes.
std::unique_ptr<mlir::Pass> createRematerialize(graph::ShapeFacts &facts);

#define GEN_PASS_REGISTRATION
#include "passes/Schedule/SchedulePasses.h.inc"

} // namespace mlc

#endif

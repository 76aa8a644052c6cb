// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From the last move of a chain back through the moves that feed it alone.
#include "llvm/ADT/SetVector.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_FUSEMOVES
#include "passes/Fuse/FusePasses.h.inc"

namespace {

bool isMove(Operation *op) { return isa<TransposeOp, SliceOp, ConcatOp, ExpandOp, PadOp>(op); }

/// Moves and views that feed `last` and nothing else, `last` included; a view counts only when a move lies behind it, since alone it costs nothing.
SmallVector<Operation *> chainOf(Operation *last) {
  llvm::SetVector<Operation *> group;
  group.insert(last);
  bool grew = true;
  // Whether all uses of op's result are in the group.
  auto feedsGroup = [&](Operation *op) { return llvm::all_of(op->getUsers(), [&](Operation *user) { return group.contains(user); }); };
  auto takes = [&](Operation *op) { return op && op->getBlock() == last->getBlock() && (isa<ReshapeOp>(op) || (isMove(op) && isComputed(op))) && feedsGroup(op); };
  while (grew) {
    grew = false;
    for (size_t i = 0; i < group.size(); ++i)
      for (Value v : group[i]->getOperands()) {
        SmallVector<Operation *> views;
        Operation *op = v.getDefiningOp();
        while (op && isa<ReshapeOp>(op) && !group.contains(op) && op->hasOneUse()) {
          views.push_back(op);
          op = op->getOperand(0).getDefiningOp();
        }
        if (!op || group.contains(op) || !isMove(op) || op->getBlock() != last->getBlock() || !isComputed(op))
          continue;
        for (Operation *view : views)
          group.insert(view);
        if (takes(op)) {
          group.insert(op);
          grew = true;
          continue;
        }
        for (Operation *view : views)
          group.remove(view);
      }
  }
  SmallVector<Operation *> ops(group.begin(), group.end());
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

struct FuseMoves : impl::FuseMovesBase<FuseMoves> {
  using FuseMovesBase::FuseMovesBase;
  void runOnOperation() override {
    SmallVector<Operation *> moves;
    getOperation().walk([&](Operation *op) {
      if (isMove(op) && isComputed(op) && !isa<RegionOp>(op->getParentOp()))
        moves.push_back(op);
    });
    llvm::SmallPtrSet<Operation *, 16> taken;
    for (Operation *op : llvm::reverse(moves)) {
      if (taken.contains(op))
        continue;
      auto chain = chainOf(op);
      if (chain.size() < 2)
        continue;
      taken.insert(chain.begin(), chain.end());
      makeRegion(chain, "move");
      ++numFused;
    }
  }
};

} // namespace
} // namespace mlc

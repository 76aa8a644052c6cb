// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. visit the moves of each block in order, those of fuse-moves and single ones, and pair each with the one before it of the same shape; 2. make each pair a region, where the first one was.
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_JOINMOVES
#include "passes/Fuse/FusePasses.h.inc"

namespace {

/// The op that makes the result of a move.
Operation *lastOf(Operation *move) {
  auto region = dyn_cast<RegionOp>(move);
  return region ? region.getBody().front().getTerminator()->getOperand(0).getDefiningOp() : move;
}

/// Whether an op is a kernel that moves elements, and one that may have a second result.
bool isJoinable(Operation *op, ShapeFacts &facts) {
  auto region = dyn_cast<RegionOp>(op);
  if (region ? region.getKind() != "move" || region.getNumResults() != 1 : !isa<TransposeOp, SliceOp, ConcatOp>(op) || !isComputed(op))
    return false;
  Operation *last = lastOf(op);
  auto concat = dyn_cast_or_null<ConcatOp>(last);
  return last && !(concat && static_cast<int64_t>(concat.getAxis()) + 1 == facts.rank(op->getResult(0)));
}

class Joiner {
public:
  Joiner(Block &block, ShapeFacts &facts) : block(block), facts(facts) {}

  unsigned run() {
    std::vector<std::pair<Operation *, Operation *>> pairs;
    llvm::StringMap<Operation *> waiting; // the last move of a shape that has no partner yet
    for (Operation &op : block) {
      if (!isJoinable(&op, facts))
        continue;
      Operation *&first = waiting[shapeOf(&op)];
      if (first && whyNot(first, &op).empty()) {
        pairs.push_back({first, &op});
        first = nullptr;
      } else {
        first = &op;
      }
    }
    for (auto [first, second] : pairs)
      join(first, second);
    return pairs.size();
  }

private:
  /// Dims, element type and what makes the elements.
  std::string shapeOf(Operation *op) {
    std::string text;
    llvm::raw_string_ostream os(text);
    os << describe(facts.dims(op->getResult(0))) << ' ' << facts.elementType(op->getResult(0)) << ' ' << lastOf(op)->getName();
    return text;
  }

  StringRef whyNot(Operation *first, Operation *second) {
    auto readers = first->getUsers();
    if (llvm::none_of(second->getUsers(), [&](Operation *user) { return llvm::is_contained(readers, user); }))
      return "nothing reads both";
    for (Value v : second->getOperands())
      if (Operation *maker = v.getDefiningOp(); maker && maker->getBlock() == &block && (maker == first || !maker->isBeforeInBlock(first)))
        return "the second needs what is made after the first";
    return "";
  }

  static void join(Operation *first, Operation *second) {
    SmallVector<Operation *> ops;
    auto take = [&](Operation *move) {
      if (auto region = dyn_cast<RegionOp>(move))
        ops.append(dissolveRegion(region));
      else
        ops.push_back(move);
    };
    take(first);
    Operation *place = ops.back();
    size_t own = ops.size();
    take(second);
    for (Operation *op : ArrayRef(ops).drop_front(own))
      op->moveAfter(std::exchange(place, op));
    makeRegion(ops, "move");
  }

  Block &block;
  ShapeFacts &facts;
};

struct JoinMoves : impl::JoinMovesBase<JoinMoves> {
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) {
      if (!isa<RegionOp>(block->getParentOp()))
        blocks.push_back(block);
    });
    for (Block *block : blocks)
      numJoined += Joiner(*block, facts).run();
  }
};

} // namespace
} // namespace mlc

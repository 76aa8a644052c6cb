// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Until nothing helps: 1. find the step at which most bytes live; 2. of the values that live through it, the largest that is cheap to make again gets a second maker beside its late readers; 3. that stays when it lowers the peak.
#include "dialects/Graph/NodeNames.h"
#include "passes/Fuse/Cost.h"
#include "passes/Fuse/Regions.h"
#include "passes/Schedule/Orders.h"
#include "passes/Schedule/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_REMATERIALIZE
#include "passes/Schedule/SchedulePasses.h.inc"

namespace {

constexpr unsigned kMaxTrials = 32; // orders of the whole block are made anew for each

/// A region, and the uses of its result (through views) by steps behind the peak.
struct Candidate {
  RegionOp maker;
  SmallVector<OpOperand *> late;
  Operation *before; // the first late reader
  int64_t bytes;
  double ns;
};

struct Rematerialize : impl::RematerializeBase<Rematerialize> {
  using RematerializeBase::RematerializeBase;
  explicit Rematerialize(ShapeFacts &given) : given(&given) {}

  void runOnOperation() override {
    std::unique_ptr<ShapeFacts> own = given ? nullptr : std::make_unique<ShapeFacts>(getOperation());
    facts = given ? given : own.get();
    if (!facts->valid())
      return signalPassFailure();
    AssumedSizes assumed(getOperation(), *facts);
    Placements placed(getOperation(), *facts);
    sizes = &assumed;
    placements = &placed;
    block = &getOperation().getBody().front();
    outputs = writtenOutputs(block->getTerminator());
    double budget = 0;
    for (Operation &op : *block)
      if (auto region = dyn_cast<RegionOp>(op))
        budget += regionNs(region, *facts, *sizes) * maxPercent / 100;
    int64_t first = 0, last = 0;
    unsigned copies = 0;
    for (unsigned trials = 0; trials < kMaxTrials;) {
      BlockMemory memory(*block, *facts, *placements, *sizes, [&](Operation *op) { return innerPeak(op, *facts, *placements, *sizes); });
      BestOrder best = bestOrder(memory);
      last = best.peak();
      first = first ? first : last;
      bool helped = false;
      for (Candidate &c : candidates(memory, best, budget)) {
        if (++trials > kMaxTrials || (helped = lowers(c, last)))
          break;
      }
      if (!helped)
        break;
      ++copies;
    }
    if (copies == 0)
      return;
    numCopies += copies;
    getOperation()->setAttr(kRematerializedAttr, DenseI64ArrayAttr::get(&getContext(), {copies, first, last}));
  }

private:
  /// Cheap values that live through the peak and are not read there, the largest first.
  SmallVector<Candidate> candidates(const BlockMemory &memory, const BestOrder &best, double budget) {
    auto steps = memory.steps();
    std::vector<unsigned> when(steps.size());
    DenseMap<Operation *, unsigned> stepOf;
    BlockMemory::State state(memory);
    unsigned peakAt = 0;
    int64_t largest = -1;
    for (auto [at, step] : llvm::enumerate(best.order)) {
      when[step] = at;
      stepOf[steps[step].op] = step;
      if (int64_t now = state.live + state.cost(step).second; now > largest) {
        largest = now;
        peakAt = at;
      }
      state.run(step);
    }
    SmallVector<Candidate> found;
    for (unsigned step : ArrayRef(best.order).take_front(peakAt)) {
      auto maker = dyn_cast<RegionOp>(steps[step].op);
      if (!maker || !isCheap(maker) || placements->of(maker.getResult(0)) || outputs.contains(maker.getResult(0)))
        continue;
      Candidate c{maker, {}, nullptr, sizes->operator()(byteSize(maker.getResult(0), *facts)), regionNs(maker, *facts, *sizes)};
      if (c.ns <= budget && lateUses(c, [&](Operation *reader) { return stepOf.contains(reader) ? int64_t(when[stepOf[reader]]) : -1; }, peakAt))
        found.push_back(std::move(c));
    }
    llvm::stable_sort(found, [](const Candidate &a, const Candidate &b) { return a.bytes > b.bytes; });
    return found;
  }

  /// Nothing but pointwise ops and moves, and one result.
  static bool isCheap(RegionOp region) {
    return region.getNumResults() == 1 && llvm::all_of(region.getBody().front().without_terminator(), [](Operation &op) {
             return op.hasTrait<Pointwise>() || isa<ConstantOp, ReshapeOp, TransposeOp, SliceOp, ConcatOp, PadOp, ExpandOp, RangeOp, CastOp, DimsTensorOp>(op);
           });
  }

  /// Collects the uses behind the peak; false when there are none, one reads it at the peak, or a reader's place is not known (returned, part of a concat, read inside of control flow).
  bool lateUses(Candidate &c, llvm::function_ref<int64_t(Operation *)> when, int64_t peakAt) {
    int64_t first = INT64_MAX;
    for (OpOperand &use : c.maker.getResult(0).getUses()) {
      Operation *reader = use.getOwner();
      if (auto view = dyn_cast<ReshapeOp>(reader); view && view.getY().hasOneUse())
        reader = *view.getY().user_begin();
      int64_t at = isa<RegionOp>(reader) && reader->getBlock() == block ? when(reader) : -1;
      if (at < 0 || at == peakAt)
        return false;
      if (at < peakAt)
        continue;
      c.late.push_back(&use);
      if (at < first) {
        first = at;
        c.before = reader;
      }
    }
    return !c.late.empty();
  }

  /// Makes the copy; takes it back when the peak stays.
  bool lowers(Candidate &c, int64_t peak) {
    // Views of the late readers go with them, so that the copy can stand before the first.
    for (OpOperand *use : c.late)
      if (auto view = dyn_cast<ReshapeOp>(use->getOwner()))
        view->moveBefore(*view.getY().user_begin());
    // The block's own order may have a reader of less urgency first.
    Operation *before = c.before;
    for (OpOperand *use : c.late)
      if (use->getOwner()->isBeforeInBlock(before))
        before = use->getOwner();
    OpBuilder b(before);
    auto copy = cast<RegionOp>(b.clone(*c.maker));
    copy->setLoc(b.getFusedLoc({c.maker.getLoc()}));
    adopt(copy, c.maker);
    for (OpOperand *use : c.late)
      use->set(copy.getResult(0));
    bool replaced = c.maker.getResult(0).use_empty();
    BlockMemory memory(*block, *facts, *placements, *sizes, [&](Operation *op) { return innerPeak(op, *facts, *placements, *sizes); });
    if (!replaced && bestOrder(memory).peak() < peak)
      return true;
    for (OpOperand *use : c.late)
      use->set(c.maker.getResult(0));
    copy.erase();
    return false;
  }

  /// A copy's values have the dims of the original's.
  void adopt(RegionOp copy, RegionOp original) {
    auto same = [&](Value to, Value from) { facts->set(to, facts->elementType(from), Dims(facts->dims(from))); };
    same(copy.getResult(0), original.getResult(0));
    for (auto [to, from] : llvm::zip(copy.getBody().getArguments(), original.getBody().getArguments()))
      same(to, from);
    for (auto [to, from] : llvm::zip(copy.getBody().front().without_terminator(), original.getBody().front().without_terminator()))
      for (auto [t, f] : llvm::zip(to.getResults(), from.getResults()))
        same(t, f);
  }

  ShapeFacts *given = nullptr, *facts = nullptr;
  const AssumedSizes *sizes = nullptr;
  const Placements *placements = nullptr;
  Block *block = nullptr;
  DenseMap<Value, unsigned> outputs;
};

} // namespace

std::unique_ptr<Pass> createRematerialize(ShapeFacts &facts) { return std::make_unique<Rematerialize>(facts); }

} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_SINKSLICES
#include "passes/Fuse/FusePasses.h.inc"

namespace {

/// The slice that a region consists of, when it is one of neighbours.
SliceOp sliceOf(Value v) {
  auto region = v.getDefiningOp<RegionOp>();
  if (!region || region.getNumResults() != 1 || region.getInputs().size() != 1)
    return {};
  auto slice = region.getBody().front().getTerminator()->getOperand(0).getDefiningOp<SliceOp>();
  bool alone = slice && slice.getX() == region.getBody().getArgument(0);
  return alone && llvm::all_of(slice.getSteps(), [](int64_t step) { return step == 1; }) ? slice : SliceOp();
}

struct SinkSlices : impl::SinkSlicesBase<SinkSlices> {
  using SinkSlicesBase::SinkSlicesBase;
  void runOnOperation() override {
    SmallVector<RegionOp> regions;
    getOperation().walk([&](RegionOp region) { regions.push_back(region); });
    for (RegionOp region : regions)
      for (unsigned i = 0; i < region.getInputs().size(); ++i) {
        Value v = region.getInputs()[i];
        if (SliceOp slice = sliceOf(viewed(v)); slice && (viewed(v) == v || readsElements(region))) {
          sink(region, i, slice, viewed(v).getDefiningOp<RegionOp>());
          eraseUnread(v);
          ++numSunk;
        }
      }
  }

  /// The value that a chain of reshapes shows.
  static Value viewed(Value v) {
    while (auto reshape = v.getDefiningOp<ReshapeOp>())
      v = reshape.getX();
    return v;
  }

  /// Whether its kernel finds each element by its index, so that a view costs it nothing; products and convolutions want rows in memory.
  static bool readsElements(RegionOp region) {
    return region.getKind() == "attention" || llvm::none_of(region.getBody().front(), [](Operation &op) { return isa<MatMulOp, ConvOp>(op); });
  }

  static void eraseUnread(Value v) {
    while (v.use_empty()) {
      Operation *op = v.getDefiningOp();
      auto reshape = dyn_cast<ReshapeOp>(op);
      v = reshape ? reshape.getX() : Value();
      op->erase();
      if (!v)
        return;
    }
  }

  /// Operand i of the region, which is the slice or reshapes of it, is computed in the region.
  void sink(RegionOp region, unsigned i, SliceOp slice, RegionOp from) {
    SmallVector<Operation *> views;
    for (Value v = region.getInputs()[i]; auto reshape = v.getDefiningOp<ReshapeOp>(); v = reshape.getX())
      views.push_back(reshape);
    Block &body = region.getBody().front();
    BlockArgument old = body.getArgument(i);
    Value source = from.getInputs()[0];
    BlockArgument whole = body.insertArgument(i, source.getType(), source.getLoc());
    region->setOperand(i, source);
    OpBuilder b = OpBuilder::atBlockBegin(&body);
    IRMapping map;
    map.map(slice.getX(), whole);
    Value part = b.clone(*slice, map)->getResult(0);
    for (Operation *view : llvm::reverse(views)) {
      map.map(view->getOperand(0), part);
      part = b.clone(*view, map)->getResult(0);
    }
    old.replaceAllUsesWith(part);
    body.eraseArgument(i + 1);
    region->setLoc(b.getFusedLoc({region.getLoc(), from.getLoc()}));
  }
};

} // namespace
} // namespace mlc

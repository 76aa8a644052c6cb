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
      for (auto [i, v] : llvm::enumerate(llvm::to_vector(region.getInputs())))
        if (SliceOp slice = sliceOf(v)) {
          sink(region, i, slice, v.getDefiningOp<RegionOp>());
          ++numSunk;
        }
    for (RegionOp region : llvm::reverse(regions))
      if (region.use_empty())
        region.erase();
  }

  void sink(RegionOp region, unsigned i, SliceOp slice, RegionOp from) {
    Block &body = region.getBody().front();
    BlockArgument old = body.getArgument(i);
    Value source = from.getInputs()[0];
    BlockArgument whole = body.insertArgument(i, source.getType(), source.getLoc());
    region->setOperand(i, source);
    OpBuilder b = OpBuilder::atBlockBegin(&body);
    IRMapping map;
    map.map(slice.getX(), whole);
    old.replaceAllUsesWith(b.clone(*slice, map)->getResult(0));
    body.eraseArgument(i + 1);
    region->setLoc(b.getFusedLoc({region.getLoc(), from.getLoc()}));
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"

namespace mlc {
#define GEN_PASS_DEF_FORMREGIONS
#include "passes/Fuse/FusePasses.h.inc"

namespace {

struct FormRegions : impl::FormRegionsBase<FormRegions> {
  using FormRegionsBase::FormRegionsBase;
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> computed;
    getOperation().walk<mlir::WalkOrder::PreOrder>([&](mlir::Operation *op) {
      if (mlir::isa<graph::RegionOp>(op))
        return mlir::WalkResult::skip();
      if (op != getOperation() && isComputed(op))
        computed.push_back(op);
      return mlir::WalkResult::advance();
    });
    for (mlir::Operation *op : computed) {
      makeRegion({op}, "single");
      ++regions;
    }
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/choose/Library.h"
#include "backends/cuda/choose/Passes.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CUDANARROWBIASES
#include "backends/cuda/CudaPasses.h.inc"

namespace {

struct CudaNarrowBiases : impl::CudaNarrowBiasesBase<CudaNarrowBiases> {
  using CudaNarrowBiasesBase::CudaNarrowBiasesBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Placements placements(getOperation(), facts);
    SmallVector<RegionOp> regions;
    getOperation().walk([&](RegionOp region) { regions.push_back(region); });
    for (RegionOp region : regions)
      if (auto match = cuda::matchLibraryProduct(region, facts, placements); match && match->biasIsWide && facts.elementType(match->bias).isF32())
        narrow(region, *match, facts);
  }

  void narrow(RegionOp region, const cuda::LibraryMatch &match, ShapeFacts &facts) {
    BlockArgument bias = match.bias;
    unsigned number = bias.getArgNumber();
    Value wide = region.getInputs()[number];
    if (!isConstantExpression(wide)) // whose values nobody has agreed to round
      return;
    OpBuilder before(region), within = OpBuilder::atBlockBegin(bias.getOwner());
    Value narrowed = facts.make<CastOp>(before, wide.getLoc(), wide, {before.getNamedAttr("to", TypeAttr::get(match.product.outElement))});
    BlockArgument now = bias.getOwner()->insertArgument(number, narrowed.getType(), bias.getLoc());
    facts.set(now, match.product.outElement, Dims(facts.dims(narrowed)));
    Value back = facts.make<CastOp>(within, bias.getLoc(), now, {before.getNamedAttr("to", TypeAttr::get(within.getF32Type()))});
    bias.replaceAllUsesWith(back);
    bias.getOwner()->eraseArgument(number + 1);
    region->setOperand(number, narrowed);
    ++narrowedBiases;
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/choose/Passes.h"
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CUDAPACKWEIGHTS
#include "backends/cuda/CudaPasses.h.inc"

namespace {

struct CudaPackWeights : impl::CudaPackWeightsBase<CudaPackWeights> {
  using CudaPackWeightsBase::CudaPackWeightsBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<ConvOp> convolutions;
    getOperation().walk([&](ConvOp conv) {
      if (isa<RegionOp>(conv->getParentOp()))
        convolutions.push_back(conv);
    });
    for (ConvOp conv : convolutions)
      pack(conv, facts);
  }

  void pack(ConvOp conv, ShapeFacts &facts) {
    auto region = cast<RegionOp>(conv->getParentOp());
    auto arg = dyn_cast<BlockArgument>(conv.getW());
    if (!conv.getChannelsLast() || !arg || !arg.hasOneUse() || facts.rank(arg) < 3)
      return;
    Value weights = region.getInputs()[arg.getArgNumber()];
    if (!isConstantExpression(weights))
      return;
    int64_t rank = facts.rank(weights);
    bool depthwise = facts.dim(weights, 1).isConstant(1) && facts.dim(weights, 0).isConstant(conv.getGroup());
    if (!depthwise && conv.getGroup() != 1)
      return;
    // Channels last: of [Cout, C, R, S..] C, of depthwise ones [C, 1, R, S..] both, in front of nothing.
    SmallVector<int64_t> outside, inside(rank);
    if (!depthwise)
      outside.push_back(0);
    for (int64_t i = 2; i < rank; ++i)
      outside.push_back(i);
    if (depthwise)
      outside.push_back(0);
    outside.push_back(1);
    for (auto [i, p] : llvm::enumerate(outside))
      inside[p] = i;
    OpBuilder before(region), within(conv);
    Value packedWeights = facts.make<TransposeOp>(before, conv.getLoc(), weights, {before.getNamedAttr("perm", before.getDenseI64ArrayAttr(outside))});
    BlockArgument inner = addInput(region, packedWeights, facts);
    Value unpacked = facts.make<TransposeOp>(within, conv.getLoc(), inner, {before.getNamedAttr("perm", before.getDenseI64ArrayAttr(inside))});
    conv.getWMutable().assign(unpacked);
    dropInput(arg);
    ++packed;
  }
};

} // namespace
} // namespace mlc

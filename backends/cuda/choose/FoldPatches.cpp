// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/choose/Passes.h"
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CUDAFOLDPATCHES
#include "backends/cuda/CudaPasses.h.inc"

namespace {

constexpr int64_t kLanes = 8; // of 16 bytes of halves

struct CudaFoldPatches : impl::CudaFoldPatchesBase<CudaFoldPatches> {
  using CudaFoldPatchesBase::CudaFoldPatchesBase;

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
      if (isWorthIt(conv, facts))
        fold(conv, facts);
  }

private:
  /// A picture in memory whose windows lie side by side along W, and whose channels are no whole vectors until those of a window's row are.
  static bool isWorthIt(ConvOp conv, ShapeFacts &facts) {
    auto x = dyn_cast<BlockArgument>(conv.getX()), w = dyn_cast<BlockArgument>(conv.getW());
    if (!conv.getChannelsLast() || conv.getGroup() != 1 || !x || !w || !x.hasOneUse() || !w.hasOneUse() || facts.rank(x) != 4)
      return false;
    auto width = facts.dim(x, 2).constant(), channels = facts.dim(x, 3).constant(), across = facts.dim(w, 3).constant();
    auto pads = conv.getPads();
    return width && channels && across && *across > 1 && conv.getStrides()[1] == *across && conv.getDilations()[1] == 1 && pads[1] == 0 && pads[3] == 0 && *width % *across == 0 && *channels % kLanes != 0 &&
           *channels * *across % kLanes == 0 && isConstantExpression(cast<RegionOp>(conv->getParentOp()).getInputs()[w.getArgNumber()]);
  }

  void fold(ConvOp conv, ShapeFacts &facts) {
    auto region = cast<RegionOp>(conv->getParentOp());
    OpBuilder before(region), within(conv);
    auto outer = [&](Value inner) { return region.getInputs()[cast<BlockArgument>(inner).getArgNumber()]; };
    auto reshape = [&](Value v, const Dims &dims) { return facts.make<ReshapeOp>(before, conv.getLoc(), v, before.getNamedAttr("dims", DimsAttr::get(&getContext(), ArrayRef<DimExpr>(dims)))); };
    Dims x(facts.dims(conv.getX())), w(facts.dims(conv.getW()));
    Value pictures = reshape(outer(conv.getX()), {x[0], x[1], DimExpr::floorDiv(x[2], w[3]), x[3] * w[3]});
    Value turned = facts.make<TransposeOp>(before, conv.getLoc(), outer(conv.getW()), before.getNamedAttr("perm", before.getDenseI64ArrayAttr({0, 3, 1, 2})));
    Value weights = reshape(turned, {w[0], w[3] * w[1], w[2], DimExpr(1)});
    SmallVector<Value> operands{addInput(region, pictures, facts), addInput(region, weights, facts)};
    if (conv.getBias())
      operands.push_back(conv.getBias());
    NamedAttrList attrs(conv->getAttrs());
    SmallVector<int64_t> strides(conv.getStrides());
    strides[1] = 1;
    attrs.set("strides", within.getDenseI64ArrayAttr(strides));
    conv.replaceAllUsesWith(facts.make<ConvOp>(within, conv.getLoc(), operands, attrs.getAttrs()));
    auto picture = cast<BlockArgument>(conv.getX()), filter = cast<BlockArgument>(conv.getW());
    conv.erase();
    dropInput(picture);
    dropInput(filter);
    ++folded;
  }
};

} // namespace
} // namespace mlc

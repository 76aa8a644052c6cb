// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. the region that makes a stem's image joins it when it only moves and computes element by element; 2. constant weights are packed as the fragments of kernels/stem.cuh.
#include "backends/cuda/choose/Passes.h"
#include "backends/cuda/emit/Stem.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CUDAPACKSTEMS
#include "backends/cuda/CudaPasses.h.inc"

namespace {

struct CudaPackStems : impl::CudaPackStemsBase<CudaPackStems> {
  using CudaPackStemsBase::CudaPackStemsBase;

  void runOnOperation() override {
    SmallVector<RegionOp> stems;
    {
      ShapeFacts facts(getOperation());
      if (!facts.valid())
        return signalPassFailure();
      getOperation().walk([&](ConvOp conv) {
        auto region = dyn_cast<RegionOp>(conv->getParentOp());
        if (!region || !cuda::stemShape(conv, facts))
          return;
        if (BlockArgument weights = weightsIn(conv); weights && isConstantExpression(outside(weights))) // what a run brings cannot be packed
          stems.push_back(region);
      });
    }
    if (stems.empty())
      return;
    for (RegionOp &stem : stems)
      stem = joinMaker(stem);
    ShapeFacts facts(getOperation()); // regions changed
    if (!facts.valid())
      return signalPassFailure();
    for (RegionOp stem : stems)
      pack(convOf(stem), facts);
  }

  static ConvOp convOf(RegionOp region) { return *region.getBody().front().getOps<ConvOp>().begin(); }

  /// The weights [N, R, S, C] as cuda-pack-weights leaves them, moved back in the region for the convolution alone; else null.
  static BlockArgument weightsIn(ConvOp conv) {
    auto back = conv.getW().getDefiningOp<TransposeOp>();
    auto arg = back && back->hasOneUse() && back.getPerm() == ArrayRef<int64_t>{0, 3, 1, 2} ? dyn_cast<BlockArgument>(back.getX()) : BlockArgument();
    return arg && arg.hasOneUse() ? arg : BlockArgument();
  }

  static Value outside(BlockArgument arg) { return cast<RegionOp>(arg.getOwner()->getParentOp()).getInputs()[arg.getArgNumber()]; }

  RegionOp joinMaker(RegionOp region) {
    ConvOp conv = convOf(region);
    auto arg = dyn_cast<BlockArgument>(conv.getX());
    if (!arg || !arg.hasOneUse())
      return region;
    Value image = outside(arg);
    auto maker = image.getDefiningOp<RegionOp>();
    // Others read it: it is stored anyhow, and already as the kernel wants it.
    if (!maker || maker->getBlock() != region->getBlock() || maker.getNumResults() != 1 || !image.hasOneUse() || llvm::count(region.getInputs(), image) != 1)
      return region;
    for (Operation &op : maker.getBody().front().without_terminator())
      if (!op.hasTrait<Pointwise>() && !isa<ConstantOp, ReshapeOp, TransposeOp, PadOp, SliceOp>(op))
        return region; // windows overlap: what sums or gathers would do so again for each
    Location loc = FusedLoc::get(&getContext(), {region.getLoc(), maker.getLoc()}); // the convolution gives the kernel its name
    SmallVector<Operation *> ops = dissolveRegion(maker);
    llvm::append_range(ops, dissolveRegion(region));
    RegionOp whole = makeRegion(ops, "conv");
    whole->setLoc(loc);
    ++joined;
    return whole;
  }

  void pack(ConvOp conv, ShapeFacts &facts) {
    auto region = cast<RegionOp>(conv->getParentOp());
    cuda::StemShape s = *cuda::stemShape(conv, facts);
    BlockArgument arg = weightsIn(conv);
    Operation *unpacked = conv.getW().getDefiningOp();
    Location loc = conv.getLoc();
    int64_t warps = s.warpsN(), pairs = s.pairs(), steps = s.steps(), filters = 16 * warps * pairs;
    OpBuilder before(region), within(conv);
    auto transpose = [&](OpBuilder &b, Value v, ArrayRef<int64_t> perm) { return Value(facts.make<TransposeOp>(b, loc, v, {b.getNamedAttr("perm", b.getDenseI64ArrayAttr(perm))})); };
    auto dims = [&](ArrayRef<int64_t> sizes) { return DimsAttr::get(&getContext(), llvm::map_to_vector(sizes, [](int64_t n) { return DimExpr(n); })); };
    auto reshape = [&](OpBuilder &b, Value v, ArrayRef<int64_t> sizes) { return Value(facts.make<ReshapeOp>(b, loc, v, {b.getNamedAttr("dims", dims(sizes))})); };
    // [N, R, S, C] -> [N, taps, C], with zeros [filters, 4 steps, 4] -> (warp, lane / 4, pair, row half, step, lane % 4, column half, element) -> (warp, pair, step, lane, 8 elements): rows and columns of mma.sync's left operand.
    Value w = reshape(before, outside(arg), {s.N, s.taps(), s.C});
    w = facts.make<PadOp>(before, loc, w, {before.getNamedAttr("low", dims({0, 0, 0})), before.getNamedAttr("high", dims({filters - s.N, 4 * steps - s.taps(), 4 - s.C}))});
    w = transpose(before, reshape(before, w, {warps, 8, pairs, 2, steps, 4, 2, 2}), {0, 2, 4, 1, 5, 6, 3, 7});
    w = reshape(before, w, {warps * pairs, steps, 256});
    BlockArgument inner = addInput(region, w, facts);
    // And back.
    Value v = transpose(within, reshape(within, inner, {warps, pairs, steps, 8, 4, 2, 2, 2}), {0, 3, 1, 6, 2, 4, 5, 7});
    v = reshape(within, v, {filters, 4 * steps, 4});
    v = facts.make<SliceOp>(within, loc, v, {within.getNamedAttr("starts", dims({0, 0, 0})), within.getNamedAttr("steps", within.getDenseI64ArrayAttr({1, 1, 1})), within.getNamedAttr("dims", dims({s.N, s.taps(), s.C}))});
    conv.getWMutable().assign(transpose(within, reshape(within, v, {s.N, s.R, s.S, s.C}), {0, 3, 1, 2}));
    unpacked->erase();
    dropInput(arg);
    ++packed;
  }
};

} // namespace
} // namespace mlc

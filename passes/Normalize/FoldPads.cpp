// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"
#include <cmath>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_FOLDPADS
#include "passes/Normalize/Passes.h.inc"

namespace {

/// The padded counts, begins then ends, of the spatial dims; empty when the pad does not only add numbers of elements to these.
SmallVector<int64_t> spatialCounts(PadOp pad) {
  SmallVector<int64_t> counts;
  if (pad.getMode() != "constant")
    return {};
  for (const Dims &dims : {pad.getLow().getDims(), pad.getHigh().getDims()})
    for (auto [i, d] : llvm::enumerate(dims)) {
      auto count = d.constant();
      if (!count || *count < 0 || (i < 2 && *count != 0))
        return {};
      if (i >= 2)
        counts.push_back(*count);
    }
  return counts;
}

bool isNonNegative(Value v) { return isa_and_nonnull<ReluOp, SigmoidOp, AbsOp, ExpOp>(v.getDefiningOp()); }

/// What the pad writes, when that is known.
std::optional<double> paddedValue(PadOp pad) { return pad.getValue() ? splatValue(pad.getValue()) : 0.0; }

// Each `whyNot` says why the pad stays, or gives null.

const char *whyNot(PadOp pad, ConvOp, ArrayRef<int64_t>) { return paddedValue(pad) == 0 ? nullptr : "a convolution's padding is 0"; }

const char *whyNot(PadOp pad, AveragePoolOp pool, ArrayRef<int64_t>) {
  if (paddedValue(pad) != 0)
    return "an average's padding is 0";
  if (pool.getCeilMode())
    return "the last window may reach beyond the padding";
  bool own = llvm::any_of(pool.getPads(), [](int64_t n) { return n != 0; });
  return own && !pool.getCountIncludePad() ? "the pool's own padding does not count, the pad's does" : nullptr;
}

const char *whyNot(PadOp pad, MaxPoolOp pool, ArrayRef<int64_t> pads) {
  auto value = paddedValue(pad);
  bool neverWins = value && (*value == -INFINITY || (*value == 0 && isNonNegative(pad.getX())));
  if (!neverWins || !isa<FloatType>(getElementTypeOrSelf(pad.getType())))
    return "the pad's value may be the maximum";
  if (pool.getCeilMode())
    return "the last window may reach beyond the padding";
  size_t rank = pool.getKernelShape().size();
  for (size_t i = 0; i < 2 * rank; ++i)
    if (pool.getDilations()[i % rank] != 1 || pads[i] >= pool.getKernelShape()[i % rank])
      return "a window may have nothing but padding";
  return nullptr;
}

struct FoldPads : impl::FoldPadsBase<FoldPads> {
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      llvm::TypeSwitch<Operation *>(op).Case<ConvOp, AveragePoolOp, MaxPoolOp>([&](auto known) {
        while (fold(known, facts))
          ++numFolded;
      });
    });
    eraseDead(getOperation());
  }

  template <typename Op> static bool fold(Op op, ShapeFacts &facts) {
    auto pad = op.getX().template getDefiningOp<PadOp>();
    if (!pad || op.getChannelsLast())
      return false;
    SmallVector<int64_t> pads = spatialCounts(pad);
    if (pads.size() != op.getPads().size())
      return false; // of batch or channels, symbolic, or a crop
    for (auto [sum, own] : llvm::zip(pads, op.getPads()))
      sum += own;
    if (whyNot(pad, op, pads))
      return false;
    op.getXMutable().assign(pad.getX());
    op.setPads(pads);
    if constexpr (std::is_same_v<Op, AveragePoolOp>)
      op.setCountIncludePad(true);
    return succeeded(facts.infer(op));
  }
};

} // namespace
} // namespace mlc

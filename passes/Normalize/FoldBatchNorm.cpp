// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;

namespace mlc {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/Normalize/Passes.h.inc"

namespace {

/// Why a norm stays, or null when it folds into `conv`.
template <typename Conv> const char *whyNot(graph::BatchNormOp norm, Conv conv) {
  if (!conv->hasOneUse())
    return "the convolution has other users";
  if (conv.getChannelsLast())
    return "the convolution has its channels last";
  if (isa<graph::ConvTransposeOp>(conv) && conv.getGroup() != 1)
    return "the transposed convolution has groups";
  for (Value v : {norm.getScale(), norm.getBias(), norm.getMean(), norm.getVar(), conv.getW()})
    if (!derivesFromConstants(v))
      return "its parameters are no constants";
  if (conv.getBias() && !derivesFromConstants(conv.getBias()))
    return "the convolution's bias is no constant";
  return nullptr;
}

/// The convolution with the norm inside.
template <typename Conv> Value folded(graph::ShapeFacts &facts, graph::BatchNormOp norm, Conv conv) {
  Build k(norm, facts);
  Type type = facts.elementType(conv.getW());
  auto as = [&](Value v) { return k.cast(v, type); };
  Value std = k.make<graph::SqrtOp>(k.make<graph::AddOp>({as(norm.getVar()), k.scalar(type, norm.getEpsilon().convertToFloat())}));
  Value factor = k.make<graph::DivOp>({as(norm.getScale()), std});
  // Output channels are dim 0 of a convolution's weights, dim 1 of a transposed one's.
  int64_t after = facts.rank(conv.getW()) - (isa<graph::ConvTransposeOp>(conv) ? 2 : 1);
  Value w = k.make<graph::MulOp>({conv.getW(), k.perChannel(factor, after, type)});
  Value mean = as(norm.getMean());
  if (conv.getBias())
    mean = k.make<graph::SubOp>({mean, conv.getBias()});
  Value bias = k.make<graph::SubOp>({as(norm.getBias()), k.make<graph::MulOp>({mean, factor})});
  return k.make<Conv>({conv.getX(), w, bias}, conv->getAttrs());
}

struct FoldBatchNorm : impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    graph::ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<std::pair<graph::BatchNormOp, Value>> replacements;
    getOperation().walk([&](graph::BatchNormOp norm) {
      Operation *producer = norm.getX().getDefiningOp();
      Value y;
      if (auto conv = dyn_cast_or_null<graph::ConvOp>(producer); conv && !whyNot(norm, conv))
        y = folded(facts, norm, conv);
      else if (auto transposed = dyn_cast_or_null<graph::ConvTransposeOp>(producer); transposed && !whyNot(norm, transposed))
        y = folded(facts, norm, transposed);
      if (y)
        replacements.push_back({norm, y});
    });
    for (auto [norm, y] : replacements) {
      Operation *conv = norm.getX().getDefiningOp();
      norm.replaceAllUsesWith(y);
      norm.erase();
      conv->erase();
      ++numFolded;
    }
  }
};

} // namespace
} // namespace mlc

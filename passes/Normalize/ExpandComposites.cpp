// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;

namespace mlc {
#define GEN_PASS_DEF_EXPANDCOMPOSITES
#include "passes/Normalize/Passes.h.inc"

namespace {

using graph::AddOp;
using graph::DivOp;
using graph::MulOp;
using graph::ReduceMeanOp;
using graph::ReduceSumOp;
using graph::SubOp;

/// The type in which a composite of this element type is computed.
Type computeType(Type type) { return type.isF16() || type.isBF16() ? Float32Type::get(type.getContext()) : type; }

SmallVector<int64_t> axesFrom(int64_t first, int64_t rank) { return llvm::to_vector(llvm::seq<int64_t>(first, std::max(first, rank))); }

int64_t normalized(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

/// 1 / sqrt(variance + epsilon)
Value inverseStd(Build &k, Value variance, Type type, double epsilon) {
  return k.make<graph::ReciprocalOp>(k.make<graph::SqrtOp>(k.make<AddOp>({variance, k.scalar(type, epsilon)})));
}

struct Moments {
  Value mean, centred, inverse;
};
Moments moments(Build &k, Value x, ArrayRef<int64_t> axes, Type type, double epsilon) {
  Value mean = k.reduce<ReduceMeanOp>(x, axes), centred = k.make<SubOp>({x, mean});
  Value variance = k.reduce<ReduceMeanOp>(k.make<MulOp>({centred, centred}), axes);
  return {mean, centred, inverseStd(k, variance, type, epsilon)};
}

/// Each `expand` gives the values that replace the op's results.
using Values = SmallVector<Value>;

/// exp(x - max) and the sum of it, along axis.
struct Exponentials {
  Value shifted, exps, sum;
};
template <typename Op> Exponentials exponentials(Build &k, Op op) {
  int64_t axis = normalized(op.getAxis(), k.facts.rank(op.getX()));
  Value x = k.cast(op.getX(), computeType(k.facts.elementType(op.getX())));
  Value shifted = k.make<SubOp>({x, k.reduce<graph::ReduceMaxOp>(x, axis)}), exps = k.make<graph::ExpOp>(shifted);
  return {shifted, exps, k.reduce<ReduceSumOp>(exps, axis)};
}

Values expand(Build &k, graph::SoftmaxOp op) {
  auto e = exponentials(k, op);
  return {k.cast(k.make<DivOp>({e.exps, e.sum}), k.facts.elementType(op.getX()))};
}

Values expand(Build &k, graph::LogSoftmaxOp op) {
  auto e = exponentials(k, op);
  return {k.cast(k.make<SubOp>({e.shifted, k.make<graph::LogOp>(e.sum)}), k.facts.elementType(op.getX()))};
}

Values expand(Build &k, graph::LayerNormOp op) {
  Type own = k.facts.elementType(op.getX()), type = computeType(own);
  int64_t rank = k.facts.rank(op.getX());
  auto m = moments(k, k.cast(op.getX(), type), axesFrom(normalized(op.getAxis(), rank), rank), type, op.getEpsilon().convertToFloat());
  Value y = k.make<MulOp>({k.make<MulOp>({m.centred, m.inverse}), k.cast(op.getScale(), type)});
  if (op.getBias())
    y = k.make<AddOp>({y, k.cast(op.getBias(), type)});
  auto statistic = [&](Value result, Value v) { return result.use_empty() ? Value(result) : k.cast(v, k.facts.elementType(result)); };
  return {k.cast(y, own), statistic(op.getMean(), m.mean), statistic(op.getInvStd(), m.inverse)};
}

Values expand(Build &k, graph::RMSNormOp op) {
  Type own = k.facts.elementType(op.getX()), type = computeType(own);
  int64_t rank = k.facts.rank(op.getX());
  Value x = k.cast(op.getX(), type);
  Value square = k.reduce<ReduceMeanOp>(k.make<MulOp>({x, x}), axesFrom(normalized(op.getAxis(), rank), rank));
  Value y = k.make<MulOp>({x, inverseStd(k, square, type, op.getEpsilon().convertToFloat())});
  return {k.cast(k.make<MulOp>({y, k.cast(op.getScale(), type)}), own)};
}

Values expand(Build &k, graph::BatchNormOp op) {
  Type own = k.facts.elementType(op.getX()), type = computeType(own);
  int64_t after = std::max<int64_t>(0, k.facts.rank(op.getX()) - 2);
  Value factor = k.make<MulOp>({k.cast(op.getScale(), type), inverseStd(k, k.cast(op.getVar(), type), type, op.getEpsilon().convertToFloat())});
  Value shift = k.make<SubOp>({k.cast(op.getBias(), type), k.make<MulOp>({k.cast(op.getMean(), type), factor})});
  Value y = k.make<MulOp>({k.cast(op.getX(), type), k.perChannel(factor, after, type)});
  return {k.cast(k.make<AddOp>({y, k.perChannel(shift, after, type)}), own)};
}

Values expand(Build &k, graph::InstanceNormOp op) {
  Type own = k.facts.elementType(op.getX()), type = computeType(own);
  int64_t rank = k.facts.rank(op.getX()), after = std::max<int64_t>(0, rank - 2);
  auto m = moments(k, k.cast(op.getX(), type), axesFrom(2, rank), type, op.getEpsilon().convertToFloat());
  Value y = k.make<MulOp>({k.make<MulOp>({m.centred, m.inverse}), k.perChannel(op.getScale(), after, type)});
  return {k.cast(k.make<AddOp>({y, k.perChannel(op.getBias(), after, type)}), own)};
}

Values expand(Build &k, graph::GroupNormOp op) {
  Type own = k.facts.elementType(op.getX()), type = computeType(own);
  Dims in(k.facts.dims(op.getX()));
  DimExpr groups(op.getNumGroups()), rest = product(ArrayRef<DimExpr>(in).drop_front(1));
  int64_t after = in.size() - 2;
  Value x = k.reshape(k.cast(op.getX(), type), {in[0], groups, DimExpr::floorDiv(rest, groups)});
  auto m = moments(k, x, 2, type, op.getEpsilon().convertToFloat());
  Value y = k.make<MulOp>({k.reshape(k.make<MulOp>({m.centred, m.inverse}), in), k.perChannel(op.getScale(), after, type)});
  return {k.cast(k.make<AddOp>({y, k.perChannel(op.getBias(), after, type)}), own)};
}

struct ExpandComposites : impl::ExpandCompositesBase<ExpandComposites> {
  using ExpandCompositesBase::ExpandCompositesBase;
  void runOnOperation() override {
    graph::ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<Operation *> expanded;
    WalkResult walked = getOperation().walk([&](Operation *op) {
      if (keepSoftmax && isa<graph::SoftmaxOp>(op))
        return WalkResult::advance();
      Build k(op, facts);
      auto values = llvm::TypeSwitch<Operation *, Values>(op)
                        .Case<graph::SoftmaxOp, graph::LogSoftmaxOp, graph::LayerNormOp, graph::RMSNormOp, graph::BatchNormOp, graph::InstanceNormOp, graph::GroupNormOp>(
                            [&](auto composite) { return expand(k, composite); })
                        .Default([](Operation *) { return Values(); });
      if (values.empty())
        return WalkResult::advance();
      if (llvm::is_contained(values, Value()))
        return WalkResult::interrupt(); // inference has said why
      for (auto [result, v] : llvm::zip(op->getResults(), values))
        if (result != v)
          result.replaceAllUsesWith(v);
      expanded.push_back(op);
      return WalkResult::advance();
    });
    if (walked.wasInterrupted())
      return signalPassFailure();
    for (Operation *op : expanded)
      op->erase();
    numExpanded += expanded.size();
  }
};

} // namespace
} // namespace mlc

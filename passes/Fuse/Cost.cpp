// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Fuse/Cost.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

namespace {

// One Zen 4 core, tensors of 1 to 8 MB (second and third level of the cache): a value is stored and loaded again at about 10 bytes a nanosecond.
constexpr double kBytesPerNs = 10;
constexpr double kLaunchNs = 1000;
constexpr int64_t kCacheLine = 64; // bytes
constexpr double kMultiplyAddsPerNs = 50, kReducedNs = 0.05, kMovedNs = 0.1;
constexpr double kColumnsPerPanel = 64; // for which rows are packed once

/// Nanoseconds for one element of an op's result, its operands at hand.
double elementNs(Operation *op) {
  if (isa<RangeOp, CastOp, ExpandOp, DimsTensorOp, ReshapeOp, SliceOp>(op))
    return 0.02;
  if (isa<ExpOp, LogOp, TanhOp, ErfOp, SigmoidOp, PowOp, SoftplusOp, MishOp>(op))
    return 0.5;
  if (isa<GatherOp, GatherElementsOp>(op))
    return 0.3;
  if (isa<DivOp, SqrtOp>(op))
    return 0.15;
  if (isa<MatMulOp>(op))
    return 100;
  return op->hasTrait<Pointwise>() ? 0.05 : 10;
}

} // namespace

std::string FusionCost::str(double times) const { return llvm::formatv("through memory {0:f1} us, computed {1:f0} times {2:f1} us", saved / 1e3, times, recomputed / 1e3); }

FusionCost fusionCost(Operation *op, double times, bool keptToo, ShapeFacts &facts, const AssumedSizes &sizes) {
  Value y = op->getResult(0);
  double elements = sizes(product(facts.dims(y))), bytes = elements * facts.elementType(y).getIntOrFloatBitWidth() / 8;
  FusionCost cost;
  cost.saved = keptToo ? bytes / 2 / kBytesPerNs : bytes / kBytesPerNs + kLaunchNs;
  cost.recomputed = elements * (keptToo ? times : times - 1) * elementNs(op);
  return cost;
}

double regionNs(RegionOp region, ShapeFacts &facts, const AssumedSizes &sizes) {
  double ns = kLaunchNs;
  auto count = [&](Value v) { return double(sizes(product(facts.dims(v)))); };
  for (ValueRange values : {ValueRange(region.getInputs()), ValueRange(region.getResults())})
    for (Value v : values)
      ns += count(v) * facts.elementType(v).getIntOrFloatBitWidth() / 8 / kBytesPerNs / 2;
  for (Operation &op : region.getBody().front().without_terminator()) {
    Value y = op.getResult(0);
    if (auto product = dyn_cast<MatMulOp>(op))
      ns += count(y) * sizes(facts.dims(product.getA()).back()) / kMultiplyAddsPerNs;
    else if (auto conv = dyn_cast<ConvOp>(op))
      ns += count(y) * count(conv.getW()) / sizes(facts.dim(conv.getW(), 0)) / kMultiplyAddsPerNs;
    else if (op.hasTrait<Pointwise>())
      ns += count(y) * elementNs(&op);
    else if (op.hasTrait<Reduction>())
      ns += count(op.getOperand(0)) * kReducedNs;
    else if (!isa<ConstantOp, ReshapeOp>(op))
      ns += count(y) * kMovedNs;
  }
  return ns;
}

double readAgainNs(double bytes) { return kLaunchNs + bytes / 2 / kBytesPerNs; }

double overReadNs(double rows, int64_t bytes, int64_t pitch) { return bytes % kCacheLine == 0 && pitch % kCacheLine == 0 ? 0 : rows * kCacheLine / 2 / kBytesPerNs / 2; }

double timesReadByProduct(Operation *op, ShapeFacts &facts, const AssumedSizes &sizes) {
  double columns = sizes(facts.dims(op->getResult(0)).back());
  double window = 1;
  if (auto conv = dyn_cast<ConvOp>(op)) {
    ArrayRef<DimExpr> w = facts.dims(conv.getW());
    for (size_t i = 0; i < w.size(); ++i)
      window *= sizes(w[i]);
    window /= std::max<double>(1, columns * sizes(facts.dims(conv.getX()).back()));
  }
  return std::max(1.0, window) * std::max(1.0, std::ceil(columns / kColumnsPerPanel));
}

} // namespace mlc

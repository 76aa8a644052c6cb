// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/KeyGroups.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::cuda {
namespace {

/// How many of x's leading dims hold as many elements as y's first `leading`, so that a reshape from x to y keeps their row-major number; empty when none do.
std::optional<size_t> sameLeading(ArrayRef<DimExpr> x, ArrayRef<DimExpr> y, size_t leading) {
  const DimExpr wanted = product(y.take_front(leading));
  DimExpr count = 1;
  for (size_t i = 0; i < x.size(); ++i) {
    // The last of them: dims of 1 behind belong to what is repeated.
    if (count == wanted && !x[i].isConstant(1))
      return i;
    count = count * x[i];
  }
  return count == wanted ? std::optional<size_t>(x.size()) : std::nullopt;
}

/// Whether the first `leading` dims stay where they are.
bool keepsLeading(TransposeOp op, size_t leading) {
  for (size_t i = 0; i < leading; ++i)
    if (op.getPerm()[i] != static_cast<int64_t>(i))
      return false;
  return true;
}

} // namespace

int64_t headsPerKeyHead(Value operand, ArrayRef<DimExpr> batch, ShapeFacts &facts) {
  auto heads = batch.empty() ? std::nullopt : batch.back().constant();
  if (!heads || *heads < 2)
    return 1;
  size_t leading = facts.dims(operand).size() - 2;
  if (leading == 0 || facts.dims(operand)[leading - 1].isConstant(1))
    return *heads; // broadcast over all of them
  if (facts.dims(operand).take_front(leading) != batch)
    return 1; // broadcast over dims before the heads
  for (Value v = operand; Operation *op = v.getDefiningOp(); v = op->getOperand(0)) {
    ArrayRef<DimExpr> y = facts.dims(v);
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      if (!keepsLeading(transpose, leading))
        return 1;
    } else if (isa<ReshapeOp>(op)) {
      auto before = sameLeading(facts.dims(op->getOperand(0)), y, leading);
      if (!before)
        return 1;
      leading = *before;
    } else if (isa<ExpandOp>(op)) {
      ArrayRef<DimExpr> x = facts.dims(op->getOperand(0));
      if (x.size() != y.size() || leading == 0)
        return 1;
      auto repeats = y[leading - 1].constant();
      if (x[leading - 1].isConstant(1) && repeats && *repeats > 1 && *heads % *repeats == 0)
        return *repeats;
      if (x.take_front(leading) != y.take_front(leading))
        return 1;
    } else if (!isa<CastOp>(op)) {
      return 1;
    }
  }
  return 1;
}

} // namespace mlc::cuda

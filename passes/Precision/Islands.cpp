// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Precision/Islands.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

constexpr int64_t kLargeSum = 32; // elements

bool isView(Operation *op) { return isa<ReshapeOp, TransposeOp>(op); }

DimExpr elements(ShapeFacts &facts, Value v) { return product(facts.dims(v)); }

bool isSum(Operation *op) { return isa<ReduceSumOp, ReduceMeanOp, ReduceProdOp>(op); }

bool isLargeSum(Operation *op, ShapeFacts &facts) {
  if (!isSum(op))
    return false;
  auto all = elements(facts, op->getOperand(0)).constant(), left = elements(facts, op->getResult(0)).constant();
  return !all || !left || *left == 0 || *all / *left >= kLargeSum;
}

/// Whether visit(its argument) holds for one of the regions that read a value or a view of it; `otherwise` where something else does.
bool anyReader(Value v, bool otherwise, llvm::function_ref<bool(Value)> visit) {
  return llvm::any_of(v.getUses(), [&](OpOperand &use) {
    if (auto region = dyn_cast<RegionOp>(use.getOwner()))
      return visit(region.getBody().front().getArgument(use.getOperandNumber()));
    return isView(use.getOwner()) ? anyReader(use.getOwner()->getResult(0), otherwise, visit) : otherwise;
  });
}

/// The same inside of a region, through casts and views.
bool anyUser(Value v, llvm::function_ref<bool(Operation *)> visit) {
  return llvm::any_of(v.getUsers(), [&](Operation *user) { return isa<CastOp>(user) || isView(user) ? anyUser(user->getResult(0), visit) : visit(user); });
}

bool isProduct(Operation *op) { return isa<MatMulOp, ConvOp>(op); }

bool onlyProductsRead(Value v) {
  return !v.use_empty() && !anyReader(v, true, [](Value inner) { return anyUser(inner, [](Operation *user) { return !isProduct(user); }); });
}

bool sumReads(Value v) {
  return anyReader(v, false, [](Value inner) { return anyUser(inner, isSum); });
}

bool isPower(Value v) {
  while (auto cast = v.getDefiningOp<CastOp>())
    v = cast.getX();
  Operation *op = v.getDefiningOp();
  return op && (isa<ExpOp, PowOp>(op) || (isa<MulOp>(op) && op->getOperand(0) == op->getOperand(1)));
}

} // namespace

Islands::Islands(func::FuncOp func, ShapeFacts &facts) : facts(facts) {
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto region = dyn_cast<RegionOp>(op);
    if (!region)
      return WalkResult::advance();
    for (auto [r, yielded] : llvm::zip(region.getResults(), region.getBody().front().getTerminator()->getOperands())) {
      llvm::DenseSet<Value> seen;
      bool is = facts.elementType(r).isF32() && (comesFromSum(region, yielded, elements(facts, yielded), seen) || hasOnlyIslands(region) || (isPower(yielded) && sumReads(r)));
      if (is && !onlyProductsRead(r))
        islands.insert(r);
    }
    return WalkResult::skip();
  });
}

bool Islands::contains(Value v) const {
  while (Operation *op = v.getDefiningOp()) {
    if (isa<RegionOp>(op))
      return islands.contains(v);
    if (!isView(op))
      return false;
    v = op->getOperand(0);
  }
  return false;
}

bool Islands::hasOnlyIslands(RegionOp region) const {
  bool any = false;
  for (Value v : region.getInputs()) {
    if (isConstantExpression(v))
      continue;
    if (!contains(v))
      return false;
    any = true;
  }
  return any && llvm::none_of(region.getBody().front(), [](Operation &op) { return isProduct(&op); });
}

bool Islands::comesFromSum(RegionOp region, Value v, const DimExpr &size, llvm::DenseSet<Value> &seen) const {
  if (!(elements(facts, v) == size) || !seen.insert(v).second)
    return false;
  Operation *op = v.getDefiningOp();
  if (!op)
    return contains(region.getInputs()[cast<BlockArgument>(v).getArgNumber()]);
  if (isLargeSum(op, facts))
    return true;
  return (op->hasTrait<Pointwise>() || isView(op)) && llvm::any_of(op->getOperands(), [&](Value operand) { return comesFromSum(region, operand, size, seen); });
}

} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Fuse/Regions.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

bool isMoveByNumbers(Operation *op) {
  if (!isa<ReshapeOp, TransposeOp, PadOp, SliceOp, ConcatOp>(op))
    return false;
  if (auto pad = dyn_cast<PadOp>(op); pad && (pad.getValue() || pad.getMode() != "constant"))
    return false;
  // NOTE: a slice of static dims may start at a symbol.
  return llvm::all_of(op->getAttrs(), [](NamedAttribute a) {
    auto dims = dyn_cast<DimsAttr>(a.getValue());
    return !dims || llvm::all_of(dims.getDims(), [](const DimExpr &d) { return d.constant().has_value(); });
  });
}

bool isNarrowing(Operation *op) {
  auto cast = dyn_cast<CastOp>(op);
  return cast && getElementTypeOrSelf(cast.getX().getType()).isF32() && (cast.getTo().isF16() || cast.getTo().isBF16());
}

bool isConstantExpression(Value v) {
  // Each op is looked at once, however many ways lead to it.
  SmallVector<Value> work{v};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!op || !cast<RankedTensorType>(next.getType()).hasStaticShape())
      return false;
    if (isa<ConstantOp>(op) || !seen.insert(op).second)
      continue;
    if (isNarrowing(op) ? !isa_and_nonnull<ConstantOp>(op->getOperand(0).getDefiningOp()) : !isMoveByNumbers(op))
      return false;
    work.append(op->operand_begin(), op->operand_end());
  }
  return true;
}

bool isComputed(Operation *op) {
  if (isa<ConstantOp, IfOp, LoopOp, YieldOp, RegionOp>(op) || op->hasTrait<OpTrait::IsTerminator>())
    return false;
  if (isa<ReshapeOp>(op))
    return false;
  if (isPlaced(op))
    return false;
  return !isConstantExpression(op->getResult(0));
}

bool isRowReduction(Operation *op, ShapeFacts &facts) {
  if (!op->hasTrait<Reduction>() || !cast<BoolAttr>(op->getAttr("keepdims")).getValue())
    return false;
  auto axes = cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef();
  return axes.size() == 1 && axes[0] + 1 == facts.rank(op->getOperand(0));
}

bool isImmediate(Value v) {
  auto constant = v.getDefiningOp<ConstantOp>();
  return constant && isa<DenseElementsAttr>(constant.getValue()) && constant.getValue().getNumElements() == 1;
}

RegionOp makeRegion(ArrayRef<Operation *> ops, StringRef kind) {
  llvm::SmallPtrSet<Operation *, 16> inside(ops.begin(), ops.end());
  llvm::SetVector<Value> inputs, immediates;
  SmallVector<Value> results;
  for (Operation *op : ops) {
    for (Value v : op->getOperands()) {
      if (v.getDefiningOp() && inside.contains(v.getDefiningOp()))
        continue;
      (isImmediate(v) ? immediates : inputs).insert(v);
    }
    for (Value r : op->getResults())
      if (llvm::any_of(r.getUsers(), [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(r);
  }
  // Nothing uses it: one result keeps the region well formed until it is removed.
  if (results.empty())
    results.push_back(ops.back()->getResult(0));

  OpBuilder b(ops.back());
  SmallVector<Location> locs;
  for (Operation *op : ops)
    locs.push_back(op->getLoc());
  auto region = RegionOp::create(b, b.getFusedLoc(locs), ValueRange(results).getTypes(), inputs.getArrayRef(), b.getStringAttr(kind));
  Block *body = b.createBlock(&region.getBody());
  IRMapping map;
  for (Value v : inputs)
    map.map(v, body->addArgument(v.getType(), v.getLoc()));
  for (Value v : immediates)
    map.map(v, b.clone(*v.getDefiningOp())->getResult(0));
  for (Operation *op : ops)
    b.clone(*op, map);
  SmallVector<Value> yields;
  for (Value r : results)
    yields.push_back(map.lookup(r));
  YieldOp::create(b, region.getLoc(), yields);
  for (auto [old, now] : llvm::zip(results, region.getResults()))
    old.replaceUsesWithIf(now, [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
  for (Operation *op : llvm::reverse(ops))
    op->erase();
  return region;
}

SmallVector<Operation *> dissolveRegion(RegionOp region) {
  OpBuilder b(region);
  IRMapping map;
  SmallVector<Operation *> ops;
  Block &body = region.getBody().front();
  map.map(body.getArguments(), region.getInputs());
  for (Operation &inner : body.without_terminator()) {
    Operation *op = b.clone(inner, map);
    if (!isa<ConstantOp>(op))
      ops.push_back(op);
  }
  for (auto [result, yielded] : llvm::zip(region.getResults(), body.getTerminator()->getOperands()))
    result.replaceAllUsesWith(map.lookup(yielded));
  region.erase();
  return ops;
}

BlockArgument addInput(RegionOp region, Value v, ShapeFacts &facts) {
  Dims dims(facts.dims(v)); // facts may move its own when it takes more
  BlockArgument inner = region.getBody().front().addArgument(v.getType(), v.getLoc());
  region.getInputsMutable().append(v);
  facts.set(inner, facts.elementType(v), dims);
  return inner;
}

void dropInput(BlockArgument argument) {
  auto region = cast<RegionOp>(argument.getOwner()->getParentOp());
  unsigned number = argument.getArgNumber();
  region.getBody().front().eraseArgument(number);
  region.getInputsMutable().erase(number);
}

} // namespace mlc

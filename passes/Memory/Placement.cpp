// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Memory/Placement.h"
#include "passes/Fuse/Regions.h"
#include "passes/Memory/LowerToPlan.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

Dims denseStrides(ArrayRef<DimExpr> dims) {
  Dims strides(dims.size(), DimExpr(1));
  for (size_t i = dims.size(); i-- > 1;)
    strides[i - 1] = strides[i] * dims[i];
  return strides;
}

DimExpr byteSize(Value v, ShapeFacts &facts) { return product(facts.dims(v)) * DimExpr((facts.elementType(v).getIntOrFloatBitWidth() + 7) / 8); }

Value viewed(Value v) {
  while (auto reshape = v.getDefiningOp<ReshapeOp>()) {
    if (isConstantExpression(v))
      break;
    v = reshape.getX();
  }
  return v;
}

SmallVector<Value> inPlaceOperands(RegionOp region, ShapeFacts &facts) {
  SmallVector<Value> found;
  if (!region->hasAttr(kernel_attr::kInPlace))
    return found;
  Value result = region.getResult(0);
  for (Value v : region.getInputs()) {
    Value source = viewed(v);
    if (isConstantExpression(source) || isa<BlockArgument>(source) || source.getDefiningOp()->getBlock() != region->getBlock())
      continue;
    if (placementOf(source, facts) || isa<ConcatOp>(source.getDefiningOp()))
      continue; // others lie there too
    bool sameShape = Dims(facts.dims(v)) == Dims(facts.dims(result)) && byteSize(v, facts) == byteSize(result, facts);
    if (sameShape && llvm::count_if(region.getInputs(), [&](Value other) { return viewed(other) == source; }) == 1)
      found.push_back(v);
  }
  return found;
}

DenseMap<Value, unsigned> writtenOutputs(Operation *ret) {
  DenseMap<Value, unsigned> outputs;
  for (auto [i, v] : llvm::enumerate(ret->getOperands())) {
    Value source = viewed(v);
    if (source.getDefiningOp<RegionOp>() && source.getDefiningOp()->getBlock() == ret->getBlock())
      outputs.try_emplace(source, i);
  }
  return outputs;
}

std::optional<Placement> placementOf(Value v, ShapeFacts &facts) {
  for (Operation *user : v.getUsers()) {
    auto concat = dyn_cast<ConcatOp>(user);
    if (!concat || !isPlaced(concat))
      continue;
    Placement p{concat.getY(), 0, denseStrides(facts.dims(concat.getY()))};
    for (Value x : concat.getXs()) {
      if (x == v)
        return p;
      p.offset = p.offset + facts.dim(x, concat.getAxis()) * p.strides[concat.getAxis()];
    }
  }
  return std::nullopt;
}

} // namespace mlc

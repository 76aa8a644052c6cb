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

SmallVector<Value> inPlaceOperands(RegionOp region, ShapeFacts &facts, const Placements &placements) {
  SmallVector<Value> found;
  if (!region->hasAttr(kernel_attr::kInPlace))
    return found;
  Value result = region.getResult(0);
  for (Value v : region.getInputs()) {
    Value source = viewed(v);
    if (isConstantExpression(source) || isa<BlockArgument>(source) || source.getDefiningOp()->getBlock() != region->getBlock())
      continue;
    if (placements.of(source) || isa<ConcatOp>(source.getDefiningOp()))
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

Placements::Placements(func::FuncOp func, ShapeFacts &facts) {
  func.walk([&](ConcatOp concat) {
    if (!isPlaced(concat))
      return;
    Placement part{concat.getY(), 0, denseStrides(facts.dims(concat.getY()))};
    for (Value v : concat.getXs()) {
      parts.try_emplace(v, part);
      part.offset = part.offset + facts.dim(v, concat.getAxis()) * part.strides[concat.getAxis()];
    }
  });
}

const Placement *Placements::of(Value v) const {
  auto it = parts.find(v);
  return it == parts.end() ? nullptr : &it->second;
}

} // namespace mlc

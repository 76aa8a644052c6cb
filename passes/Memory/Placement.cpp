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

std::optional<Dims> stridesThroughView(ArrayRef<DimExpr> dims, ArrayRef<DimExpr> strides, ArrayRef<DimExpr> seen) {
  Dims found(seen.size(), DimExpr(1));
  size_t d = dims.size(), s = seen.size();
  // From the back: groups of dims and of seen dims with one product.
  while (d > 0 || s > 0) {
    size_t dEnd = d, sEnd = s;
    DimExpr left = d > 0 ? dims[--d] : DimExpr(1), right = s > 0 ? seen[--s] : DimExpr(1);
    while (left != right) {
      auto l = left.constant(), r = right.constant();
      bool growLeft = l && r ? *l < *r : sEnd - s > dEnd - d;
      if (growLeft ? d == 0 : s == 0)
        return std::nullopt;
      (growLeft ? left : right) = growLeft ? dims[--d] * left : seen[--s] * right;
    }
    // Dims that a seen one joins must follow each other without gaps.
    if (dEnd - d > 1)
      for (size_t i = d; i + 1 < dEnd; ++i)
        if (strides[i] != strides[i + 1] * dims[i + 1])
          return std::nullopt;
    DimExpr stride = dEnd > d ? strides[dEnd - 1] : DimExpr(1);
    for (size_t i = sEnd; i-- > s;) {
      found[i] = stride;
      stride = stride * seen[i];
    }
  }
  return found;
}

Dims transposedStrides(TransposeOp op, ShapeFacts &facts) {
  Dims dense = denseStrides(facts.dims(op.getY())), strides(dense);
  for (auto [to, from] : llvm::enumerate(op.getPerm()))
    strides[from] = dense[to];
  return strides;
}

Placements::Placements(func::FuncOp func, ShapeFacts &facts) {
  SmallVector<ConcatOp> inside;
  func.walk([&](ConcatOp concat) {
    if (!isPlaced(concat))
      return;
    if (concat->hasAttr(kInsideAttr))
      return inside.push_back(concat);
    Placement part{concat.getY(), 0, denseStrides(facts.dims(concat.getY()))};
    Dims strides = part.strides;
    for (Value v : concat.getXs()) {
      Value made = viewed(v);
      part.strides = made == v ? strides : *stridesThroughView(facts.dims(v), strides, facts.dims(made));
      parts.try_emplace(made, part);
      part.offset = part.offset + facts.dim(v, concat.getAxis()) * strides[concat.getAxis()];
    }
  });
  func.walk([&](TransposeOp move) {
    if (!isPlaced(move))
      return;
    Value made = viewed(move.getX());
    parts.try_emplace(made, Placement{move.getY(), 0, *stridesThroughView(facts.dims(move.getX()), transposedStrides(move, facts), facts.dims(made))});
  });
  for (ConcatOp concat : inside) {
    const Placement &first = parts.find(viewed(concat.getXs().front()))->second;
    parts.try_emplace(concat.getY(), Placement{first.whole, first.offset, denseStrides(facts.dims(first.whole))});
  }
}

const Placement *Placements::of(Value v) const {
  auto it = parts.find(v);
  return it == parts.end() ? nullptr : &it->second;
}

} // namespace mlc

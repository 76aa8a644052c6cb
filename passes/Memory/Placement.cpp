// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Memory/Placement.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

Dims denseStrides(ArrayRef<DimExpr> dims) {
  Dims strides(dims.size(), DimExpr(1));
  for (size_t i = dims.size(); i-- > 1;)
    strides[i - 1] = strides[i] * dims[i];
  return strides;
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

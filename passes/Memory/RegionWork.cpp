// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Memory/RegionWork.h"
#include "passes/Memory/Placement.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

DimExpr regionFlops(RegionOp region, ShapeFacts &facts) {
  DimExpr total = 0;
  for (Operation &op : region.getBody().front().without_terminator()) {
    DimExpr elements = product(facts.dims(op.getResult(0)));
    if (auto matmul = dyn_cast<MatMulOp>(op))
      elements = elements * facts.dims(matmul.getA()).back() * 2;
    else if (auto conv = dyn_cast<ConvOp>(op))
      elements = elements * product(ArrayRef<DimExpr>(facts.dims(conv.getW())).drop_front()) * 2;
    else if (op.hasTrait<Reduction>())
      elements = product(facts.dims(op.getOperand(0)));
    else if (isa<ReshapeOp, TransposeOp, SliceOp, ConcatOp, PadOp, ExpandOp, ConstantOp>(op))
      elements = 0;
    total = total + elements;
  }
  return total;
}

DimExpr regionTraffic(RegionOp region, ShapeFacts &facts) {
  DimExpr total = 0;
  for (Value v : region.getInputs())
    total = total + byteSize(v, facts);
  for (Value v : region.getResults())
    total = total + byteSize(v, facts);
  return total;
}

} // namespace mlc

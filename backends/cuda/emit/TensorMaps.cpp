// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/TensorMaps.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::cuda {

std::optional<DimExpr> OperandView::strideOfAll(size_t first, size_t last) const {
  std::optional<DimExpr> stride;
  DimExpr expected = 0;
  for (size_t i = last; i-- > first;) {
    if (dims[i].isConstant(1))
      continue;
    if (stride && strides[i] != expected)
      return std::nullopt;
    if (!stride)
      stride = strides[i];
    expected = strides[i] * dims[i];
  }
  return stride ? stride : DimExpr(1);
}

/// Whether an op takes the first elements along each dim.
static bool isFront(Operation *op) {
  auto slice = dyn_cast<SliceOp>(op);
  return slice && llvm::all_of(slice.getStarts().getDims(), [](const DimExpr &d) { return d.isConstant(0); }) && llvm::all_of(slice.getSteps(), [](int64_t step) { return step == 1; });
}

std::optional<OperandView> viewOfOperand(Value operand, RegionOp region, ShapeFacts &facts, const Placements &placements) {
  SmallVector<Operation *> moves;
  for (Operation *op = operand.getDefiningOp(); op; op = operand.getDefiningOp()) {
    if (!isa<TransposeOp>(op) && !isFront(op))
      return std::nullopt;
    moves.push_back(op);
    operand = op->getOperand(0);
  }
  auto argument = dyn_cast<BlockArgument>(operand);
  if (!argument)
    return std::nullopt;
  OperandView view;
  view.buffer = argument.getArgNumber();
  Value outer = region.getInputs()[view.buffer];
  view.dims = Dims(facts.dims(argument));
  view.strides = denseStrides(view.dims);
  if (auto place = placements.of(outer)) {
    if (!isWholeStride(place->offset))
      return std::nullopt;
    view.strides = place->strides;
  }
  for (Operation *move : llvm::reverse(moves)) {
    if (auto slice = dyn_cast<SliceOp>(move)) {
      view.dims = Dims(facts.dims(slice.getY()));
      continue;
    }
    OperandView before = view;
    for (auto [i, from] : llvm::enumerate(cast<TransposeOp>(move).getPerm())) {
      view.dims[i] = before.dims[from];
      view.strides[i] = before.strides[from];
    }
  }
  return view;
}

bool isWholeStride(const DimExpr &stride) {
  auto c = stride.constant();
  return c && *c % 8 == 0;
}

} // namespace mlc::cuda

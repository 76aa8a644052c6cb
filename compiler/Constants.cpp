// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Constant expressions are evaluated one at a time while the plan is written, so packed weights never exist all at once.
#include "compiler/Constants.h"
#include "dialects/Graph/Graph.h"
#include "mlc/runtime.h"
#include <cstring>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

size_t elementBytes(RankedTensorType type) { return (type.getElementType().getIntOrFloatBitWidth() + 7) / 8; }

/// Bytes of a constant's attribute; bools and splats are spelled out into `owned`.
ArrayRef<char> attributeBytes(ElementsAttr value, std::vector<char> &owned) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    return blob ? blob->getData() : ArrayRef<char>();
  }
  auto dense = cast<DenseElementsAttr>(value);
  auto type = cast<RankedTensorType>(dense.getType());
  if (type.getElementType().isInteger(1)) {
    for (bool b : dense.getValues<bool>())
      owned.push_back(b);
    return owned;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat())
    return raw;
  size_t bytes = elementBytes(type);
  owned.resize(bytes * type.getNumElements());
  for (size_t at = 0; at < owned.size(); at += bytes)
    std::memcpy(owned.data() + at, raw.data(), bytes);
  return owned;
}

void evaluate(Operation *op, std::vector<char> &out) {
  std::vector<ConstantBytes> sources;
  std::vector<runtime::MoveOperand> operands;
  for (Value v : op->getOperands())
    sources.push_back(ConstantBytes::of(v));
  for (auto [source, v] : llvm::zip(sources, op->getOperands()))
    operands.push_back({cast<RankedTensorType>(v.getType()).getShape(), source.bytes()});
  runtime::Status status = runtime::ApplyMove(moveOf(op), operands, elementBytes(cast<RankedTensorType>(op->getResult(0).getType())), UINT64_MAX, &out);
  if (!status.ok())
    llvm::report_fatal_error(llvm::Twine("a move that passed isConstantExpression cannot be done: ") + status.message());
}

} // namespace

runtime::Move moveOf(Operation *op) {
  runtime::Move move;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  move.dims.assign(shape.begin(), shape.end());
  auto numbers = [](const Dims &dims) {
    std::vector<int64_t> out;
    for (const DimExpr &d : dims)
      out.push_back(*d.constant());
    return out;
  };
  TypeSwitch<Operation *>(op)
      .Case<ReshapeOp>([&](auto) { move.op = plan::MoveOp::Reshape; })
      .Case<TransposeOp>([&](TransposeOp t) {
        move.op = plan::MoveOp::Transpose;
        move.a.assign(t.getPerm().begin(), t.getPerm().end());
      })
      .Case<PadOp>([&](PadOp pad) {
        move.op = plan::MoveOp::Pad;
        move.a = numbers(pad.getLow().getDims());
      })
      .Case<SliceOp>([&](SliceOp slice) {
        move.op = plan::MoveOp::Slice;
        move.a = numbers(slice.getStarts().getDims());
        move.b.assign(slice.getSteps().begin(), slice.getSteps().end());
      })
      .Case<CastOp>([&](CastOp cast) {
        move.op = plan::MoveOp::Narrow;
        move.a = {cast.getTo().isF16() ? MLC_DTYPE_FLOAT16 : MLC_DTYPE_BFLOAT16};
      })
      .Case<ConcatOp>([&](ConcatOp concat) {
        move.op = plan::MoveOp::Concat;
        move.a = {static_cast<int64_t>(concat.getAxis())};
      });
  return move;
}

ConstantBytes ConstantBytes::of(ElementsAttr value) {
  ConstantBytes result;
  result.borrowed = attributeBytes(value, result.owned);
  return result;
}

ConstantBytes ConstantBytes::of(Value v) {
  Operation *op = v.getDefiningOp();
  if (auto constant = dyn_cast<ConstantOp>(op))
    return of(constant.getValue());
  ConstantBytes result;
  evaluate(op, result.owned);
  return result;
}

} // namespace mlc

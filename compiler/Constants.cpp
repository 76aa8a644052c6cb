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

/// Evaluates ops of one constant expression, each once; what an op has made goes when its last reader has it.
class Evaluator {
public:
  ConstantBytes run(Value v) {
    addSteps(v.getDefiningOp());
    for (Operation *op : steps) {
      for (Value operand : op->getOperands())
        ++readers[operand];
    }
    for (Operation *op : steps) {
      if (auto constant = dyn_cast<ConstantOp>(op))
        made[constant] = ConstantBytes::of(constant.getValue());
      else
        evaluate(op);
    }
    return std::move(made[v]);
  }

private:
  void addSteps(Operation *last) {
    llvm::SmallPtrSet<Operation *, 8> seen;
    SmallVector<Operation *> work{last};
    while (!work.empty()) {
      Operation *op = work.back();
      size_t waiting = work.size();
      for (Value operand : op->getOperands())
        if (!seen.contains(operand.getDefiningOp()))
          work.push_back(operand.getDefiningOp());
      if (work.size() != waiting)
        continue;
      work.pop_back();
      if (seen.insert(op).second)
        steps.push_back(op);
    }
  }

  void evaluate(Operation *op) {
    std::vector<runtime::MoveOperand> operands;
    for (Value v : op->getOperands())
      operands.push_back({cast<RankedTensorType>(v.getType()).getShape(), made[v].bytes()});
    std::vector<char> out;
    runtime::Status status = runtime::ApplyMove(moveOf(op), operands, elementBytes(cast<RankedTensorType>(op->getResult(0).getType())), UINT64_MAX, &out);
    if (!status.ok())
      llvm::report_fatal_error(llvm::Twine("a move that passed isConstantExpression cannot be done: ") + status.message());
    for (Value v : op->getOperands())
      if (--readers[v] == 0)
        made.erase(v);
    made[op->getResult(0)] = ConstantBytes(std::move(out));
  }

  SmallVector<Operation *> steps; // operands before their readers
  llvm::DenseMap<Value, unsigned> readers;
  llvm::DenseMap<Value, ConstantBytes> made;
};

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
  if (auto constant = v.getDefiningOp<ConstantOp>())
    return of(constant.getValue());
  return Evaluator().run(v);
}

} // namespace mlc

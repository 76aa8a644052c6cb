// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/ShapeFacts.h"

using namespace mlir;

namespace mlc::graph {
namespace {

/// reduce_c1: axes lie in [0, rank) without repetition.
template <typename Op> LogicalResult inferReduce(Op op, ShapeFacts &facts) {
  auto in = facts.dims(op.getX());
  llvm::SmallDenseSet<int64_t> reduced;
  for (int64_t axis : op.getAxes())
    if (axis < 0 || axis >= static_cast<int64_t>(in.size()) || !reduced.insert(axis).second)
      return op.emitOpError() << "[reduce_c1] has axis " << axis << " for an operand of dims " << describe(in);
  Dims out;
  for (auto [i, d] : llvm::enumerate(in)) {
    if (!reduced.contains(i))
      out.push_back(d);
    else if (op.getKeepdims())
      out.push_back(1);
  }
  auto elements = facts.elements(op.getX());
  facts.set(op.getY(), facts.elementType(op.getX()), out);
  // Shape arithmetic: the product or sum of all elements.
  if (elements && reduced.size() == in.size()) {
    if (isa<ReduceProdOp>(op.getOperation()))
      facts.setElements(op.getY(), product(*elements));
    if (isa<ReduceSumOp>(op.getOperation())) {
      DimExpr sum = 0;
      for (const DimExpr &e : *elements)
        sum = sum + e;
      facts.setElements(op.getY(), sum);
    }
  }
  return success();
}

/// arg_c1: axis lies in [-rank, rank).
template <typename Op> LogicalResult inferArg(Op op, ShapeFacts &facts) {
  auto in = facts.dims(op.getX());
  int64_t rank = in.size(), axis = op.getAxis(); // NOTE: getAxis() itself is unsigned
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank)
    return op.emitOpError() << "[arg_c1] has axis " << op.getAxis() << " for an operand of dims " << describe(in);
  Dims out(in);
  if (op.getKeepdims())
    out[axis] = 1;
  else
    out.erase(out.begin() + axis);
  facts.set(op.getY(), IntegerType::get(op.getContext(), 64), out);
  return success();
}

/// Results shaped and typed like x.
LogicalResult inferLike(Operation *op, ShapeFacts &facts) {
  Value x = op->getOperand(0);
  Dims dims(facts.dims(x));
  facts.set(op->getResult(0), facts.elementType(x), dims);
  return success();
}

} // namespace

LogicalResult ReduceSumOp::inferShapes(ShapeFacts &facts) { return inferReduce(*this, facts); }
LogicalResult ReduceMeanOp::inferShapes(ShapeFacts &facts) { return inferReduce(*this, facts); }
LogicalResult ReduceMaxOp::inferShapes(ShapeFacts &facts) { return inferReduce(*this, facts); }
LogicalResult ReduceMinOp::inferShapes(ShapeFacts &facts) { return inferReduce(*this, facts); }
LogicalResult ReduceProdOp::inferShapes(ShapeFacts &facts) { return inferReduce(*this, facts); }
LogicalResult ArgMaxOp::inferShapes(ShapeFacts &facts) { return inferArg(*this, facts); }
LogicalResult ArgMinOp::inferShapes(ShapeFacts &facts) { return inferArg(*this, facts); }

LogicalResult CumSumOp::inferShapes(ShapeFacts &facts) { return inferLike(*this, facts); }
LogicalResult SoftmaxOp::inferShapes(ShapeFacts &facts) { return inferLike(*this, facts); }
LogicalResult LogSoftmaxOp::inferShapes(ShapeFacts &facts) { return inferLike(*this, facts); }
LogicalResult RMSNormOp::inferShapes(ShapeFacts &facts) { return inferLike(*this, facts); }
LogicalResult BatchNormOp::inferShapes(ShapeFacts &facts) { return inferLike(*this, facts); }
LogicalResult InstanceNormOp::inferShapes(ShapeFacts &facts) { return inferLike(*this, facts); }
LogicalResult GroupNormOp::inferShapes(ShapeFacts &facts) { return inferLike(*this, facts); }

LogicalResult LayerNormOp::inferShapes(ShapeFacts &facts) {
  Dims in(facts.dims(getX()));
  int64_t rank = in.size(), axis = getAxis(); // NOTE: getAxis() itself is unsigned
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank)
    return emitOpError() << "[layer_norm_c1] has axis " << getAxis() << " for an operand of dims " << describe(in);
  facts.set(getY(), facts.elementType(getX()), in);
  Dims stats(in);
  for (int64_t i = axis; i < rank; ++i)
    stats[i] = 1;
  Type f32 = Float32Type::get(getContext());
  facts.set(getMean(), f32, stats);
  facts.set(getInvStd(), f32, stats);
  return success();
}

LogicalResult TopKOp::inferShapes(ShapeFacts &facts) {
  Dims out(facts.dims(getX()));
  if (getAxis() >= out.size()) // unsigned: negative ones are beyond, too
    return emitOpError() << "[top_k_c1] has axis " << getAxis() << " for an operand of dims " << describe(out);
  out[getAxis()] = getK().getDims()[0];
  facts.set(getValues(), facts.elementType(getX()), out);
  facts.set(getIndices(), IntegerType::get(getContext(), 64), out);
  return success();
}

} // namespace mlc::graph

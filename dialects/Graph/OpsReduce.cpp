// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/Constraints.h"

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
  if (!requireAtMost(facts, op, 1, out[axis]))
    return op.emitOpError() << "[arg_c2] has no elements along axis " << op.getAxis() << " of " << describe(in);
  if (op.getKeepdims())
    out[axis] = 1;
  else
    out.erase(out.begin() + axis);
  facts.set(op.getY(), IntegerType::get(op.getContext(), 64), out);
  return success();
}

/// Results shaped and typed like x, for ops that work along one axis. axis_c1: it lies in [-rank, rank).
template <typename Op> LogicalResult inferAlong(Op op, ShapeFacts &facts) {
  Dims dims(facts.dims(op.getX()));
  if (!normalized(op.getAxis(), dims.size()))
    return op.emitOpError() << "[axis_c1] has axis " << static_cast<int64_t>(op.getAxis()) << " for an operand of dims " << describe(dims);
  facts.set(op->getResult(0), facts.elementType(op.getX()), dims);
  return success();
}

/// channel_norm_c1: x has channels in dim 1, and every other operand has one element for each.
LogicalResult inferChannelNorm(Operation *op, ShapeFacts &facts) {
  Dims dims(facts.dims(op->getOperand(0)));
  for (Value parameter : op->getOperands().drop_front())
    if (dims.size() < 2 || !requireEqual(facts, op, dims[1], facts.dims(parameter)))
      return op->emitOpError() << "[channel_norm_c1] has an input of dims " << describe(dims) << " and parameters of dims " << describe(facts.dims(parameter));
  facts.set(op->getResult(0), facts.elementType(op->getOperand(0)), dims);
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

LogicalResult CumSumOp::inferShapes(ShapeFacts &facts) { return inferAlong(*this, facts); }
LogicalResult SoftmaxOp::inferShapes(ShapeFacts &facts) { return inferAlong(*this, facts); }
LogicalResult LogSoftmaxOp::inferShapes(ShapeFacts &facts) { return inferAlong(*this, facts); }
LogicalResult RMSNormOp::inferShapes(ShapeFacts &facts) {
  if (!requireBroadcastTo(facts, *this, facts.dims(getScale()), facts.dims(getX())))
    return emitOpError() << "[rms_norm_c1] has a scale of dims " << describe(facts.dims(getScale())) << " for an operand of dims " << describe(facts.dims(getX()));
  return inferAlong(*this, facts);
}
LogicalResult BatchNormOp::inferShapes(ShapeFacts &facts) { return inferChannelNorm(*this, facts); }
LogicalResult InstanceNormOp::inferShapes(ShapeFacts &facts) { return inferChannelNorm(*this, facts); }
LogicalResult GroupNormOp::inferShapes(ShapeFacts &facts) {
  if (failed(inferChannelNorm(*this, facts)))
    return failure();
  if (!getNumGroupsAttr()) // the importer infers before the op is verified
    return emitOpError() << "requires attribute 'num_groups'";
  int64_t groups = getNumGroups();
  if (groups < 1 || !requireEqual(facts, *this, DimExpr::mod(facts.dim(getX(), 1), groups), 0))
    return emitOpError() << "[group_norm_c1] has " << groups << " groups for an operand of dims " << describe(facts.dims(getX()));
  return success();
}

LogicalResult LayerNormOp::inferShapes(ShapeFacts &facts) {
  Dims in(facts.dims(getX()));
  int64_t rank = in.size(), axis = getAxis(); // NOTE: getAxis() itself is unsigned
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank)
    return emitOpError() << "[layer_norm_c1] has axis " << getAxis() << " for an operand of dims " << describe(in);
  for (Value v : getOperands().drop_front())
    if (!requireBroadcastTo(facts, *this, facts.dims(v), in))
      return emitOpError() << "[layer_norm_c2] has a scale or bias of dims " << describe(facts.dims(v)) << " for an operand of dims " << describe(in);
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
  if (getK().size() != 1)
    return emitOpError() << "[top_k_c2] has " << getK().size() << " values of k, expected one";
  if (!requireAtMost(facts, *this, getK().getDims()[0], out[getAxis()]))
    return emitOpError() << "[top_k_c3] wants " << getK().getDims()[0].str() << " of the elements along axis " << getAxis() << " of " << describe(out);
  out[getAxis()] = getK().getDims()[0];
  facts.set(getValues(), facts.elementType(getX()), out);
  facts.set(getIndices(), IntegerType::get(getContext(), 64), out);
  return success();
}

} // namespace mlc::graph

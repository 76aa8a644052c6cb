// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Running sums: y[i] = sum of x[j] along axis over j <= i (exclusive: j < i; reverse: from the other end). One task per line; half types accumulate in f32.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

int64_t axisOf(ShapeFacts &facts, Operation *op) {
  int64_t axis = cast<CumSumOp>(op).getAxis();
  return axis < 0 ? axis + facts.rank(op->getOperand(0)) : axis;
}

Dims lines(ShapeFacts &facts, Operation *op) {
  Dims dims(facts.dims(op->getResult(0)));
  dims.erase(dims.begin() + axisOf(facts, op));
  return dims;
}

DimExpr cumSumTasks(ShapeFacts &facts, Operation *op) { return product(lines(facts, op)); }

void emitCumSum(Emitter &e, Operation *op, Value task, Value) {
  auto scan = cast<CumSumOp>(op);
  int64_t axis = axisOf(e.facts, op);
  Indices index;
  for (Value v : e.delinearize(task, lines(e.facts, op)))
    index.push_back(e.position(v));
  index.insert(index.begin() + axis, e.zero());
  Value extent = e.dim(e.facts.dim(scan.getX(), axis));
  Type element = e.computeType(e.facts.elementType(scan.getX())), wide = accumulatorType(element);
  e.loop(e.i64(0), extent, e.i64(1), {e.constant(wide, 0)}, [&](Value i, ValueRange carried) -> SmallVector<Value> {
    index[axis] = e.position(scan.getReverse() ? e.sub(e.sub(extent, e.i64(1)), i) : i);
    Value x = e.convert(e.at(scan.getX(), index), element, wide);
    Value sum = isa<FloatType>(wide) ? Value(arith::AddFOp::create(e.b, e.loc, carried[0], x)) : e.add(carried[0], x);
    e.store(op->getResult(0), index, e.convert(scan.getExclusive() ? Value(carried[0]) : sum, wide, element));
    return {sum};
  });
}

double cumSumCost(ShapeFacts &facts, Operation *op) { return 1.5 * roughCount({facts.dim(op->getResult(0), axisOf(facts, op))}); }

} // namespace

void registerScans() { registerNest("graph.cum_sum", {cumSumTasks, emitCumSum, nullptr, cumSumCost}); }

} // namespace mlc::reference

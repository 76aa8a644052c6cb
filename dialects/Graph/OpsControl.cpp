// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/ShapeFacts.h"

using namespace mlir;

namespace mlc::graph {
namespace {

LogicalResult inferBlock(Block &block, ShapeFacts &facts) {
  for (Operation &op : block)
    if (failed(facts.infer(&op)))
      return failure();
  return success();
}

/// The values that a region gives; none when it does not end in a yield, which the region's own verification reports later.
OperandRange yielded(Region &region) {
  Block &block = region.front();
  bool ends = !block.empty() && isa<YieldOp>(block.back());
  return ends ? block.back().getOperands() : OperandRange(nullptr, 0);
}

/// Whether two types differ in dims that are `?` on one side at most.
bool compatible(Type a, Type b) {
  auto x = dyn_cast<RankedTensorType>(a), y = dyn_cast<RankedTensorType>(b);
  return x && y && x.getElementType() == y.getElementType() && succeeded(verifyCompatibleShape(x, y));
}

} // namespace

LogicalResult IfOp::verify() {
  for (Region *region : {&getThenRegion(), &getElseRegion()}) {
    auto types = yielded(*region).getTypes();
    bool fits = types.size() == getNumResults();
    for (unsigned i = 0; fits && i < types.size(); ++i)
      fits = compatible(types[i], getResult(i).getType());
    if (!fits)
      return emitOpError() << "[if_c1] yields " << types << " for results of types " << getResultTypes();
  }
  return success();
}

LogicalResult IfOp::inferShapes(ShapeFacts &facts) {
  if (failed(inferBlock(getThenRegion().front(), facts)) || failed(inferBlock(getElseRegion().front(), facts)))
    return failure();
  auto a = yielded(getThenRegion()), b = yielded(getElseRegion());
  if (a.size() != getNumResults() || b.size() != getNumResults())
    return emitOpError() << "[if_c1] has branches with " << a.size() << " and " << b.size() << " results";
  for (auto [x, y, r] : llvm::zip(a, b, getResults())) {
    Dims dx(facts.dims(x)), dy(facts.dims(y));
    if (dx.size() != dy.size() || facts.elementType(x) != facts.elementType(y))
      return emitOpError() << "[if_c1] has branches that give " << x.getType() << " and " << y.getType();
    for (size_t i = 0; i < dx.size(); ++i)
      if (dx[i] != dy[i])
        return emitOpError() << "[if_c2] has branches that give dims " << describe(dx) << " and " << describe(dy) << "; results whose dims depend on the condition are not supported";
    facts.set(r, facts.elementType(x), dx);
  }
  return success();
}

LogicalResult LoopOp::verify() {
  Block &body = getBody().front();
  size_t carried = getInit().size();
  size_t yields = yielded(getBody()).size();
  if (body.getNumArguments() != carried + 2 || yields < carried + 1 || getNumResults() + 1 != yields)
    return emitOpError() << "[loop_c1] has " << body.getNumArguments() << " body arguments, " << yields << " yields, " << carried << " carried values and " << getNumResults() << " results";
  return success();
}

LogicalResult LoopOp::inferShapes(ShapeFacts &facts) {
  Block &body = getBody().front();
  size_t carried = getInit().size();
  if (body.getNumArguments() != carried + 2)
    return emitOpError() << "[loop_c1] has a body that does not fit its operands and results";
  Type i64 = IntegerType::get(getContext(), 64), i1 = IntegerType::get(getContext(), 1);
  facts.set(body.getArgument(0), i64, {});
  facts.set(body.getArgument(1), i1, {});
  for (size_t i = 0; i < carried; ++i) {
    Dims d(facts.dims(getInit()[i]));
    facts.set(body.getArgument(i + 2), facts.elementType(getInit()[i]), d);
  }
  if (failed(inferBlock(body, facts)))
    return failure();
  auto yields = yielded(getBody());
  if (yields.size() != getNumResults() + 1 || yields.size() < carried + 1)
    return emitOpError() << "[loop_c1] has a body that does not fit its operands and results";
  if (getTrips() && getTrips()->size() != 1)
    return emitOpError() << "[loop_c4] has " << getTrips()->size() << " trip counts, expected one";
  for (size_t i = 0; i < getNumResults(); ++i) {
    Value y = yields[i + 1];
    Dims d(facts.dims(y));
    if (i < carried) {
      if (d != Dims(facts.dims(getInit()[i])))
        return emitOpError() << "[loop_c2] carries a value whose dims change from " << describe(facts.dims(getInit()[i])) << " to " << describe(d) << "; this is not supported";
    } else {
      if (!getTrips())
        return emitOpError() << "[loop_c3] stacks a result, but its trip count is not known before the run; this is not supported";
      d.insert(d.begin(), getTrips()->getDims()[0]);
    }
    facts.set(getResult(i), facts.elementType(y), d);
  }
  return success();
}

LogicalResult RegionOp::verify() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getInputs().getTypes())
    return emitOpError() << "[region_c1] has block arguments " << body.getArgumentTypes() << " for operands " << getInputs().getTypes();
  if (yielded(getBody()).getTypes() != getResultTypes())
    return emitOpError() << "[region_c2] yields " << yielded(getBody()).getTypes() << " for results " << getResultTypes();
  return success();
}

LogicalResult RegionOp::inferShapes(ShapeFacts &facts) {
  Block &body = getBody().front();
  for (auto [arg, operand] : llvm::zip(body.getArguments(), getInputs())) {
    Dims d(facts.dims(operand));
    facts.set(arg, facts.elementType(operand), d);
    if (auto e = facts.elements(operand)) {
      std::vector<DimExpr> copy(e->begin(), e->end());
      facts.setElements(arg, copy);
    }
  }
  if (failed(inferBlock(body, facts)))
    return failure();
  for (auto [y, r] : llvm::zip(yielded(getBody()), getResults())) {
    Dims d(facts.dims(y));
    facts.set(r, facts.elementType(y), d);
  }
  return success();
}

} // namespace mlc::graph

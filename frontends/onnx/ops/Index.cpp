// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Ops indexed by data or by position, where the record alone does not do.
#include "frontends/onnx/Registry.h"

using namespace mlir;

namespace mlc::importer {
namespace {

LogicalResult importTrilu(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims k{DimExpr(0)};
  if (n.has(1)) {
    auto given = n.exprs(1, "k");
    if (failed(given) || given->size() != 1)
      return failure();
    k = *given;
  }
  return n.done(n.make<graph::TriluOp>(n.in(0), {n.attr("k", k), n.attr("upper", n.intAttr("upper", 1))}));
}

/// indices may be of any numeric type; the axis counts the dims of the result.
LogicalResult importOneHot(Node &n) {
  if (failed(n.require(3)))
    return failure();
  Dims depth;
  if (auto number = n.floats(n.in(1)); number && number->size() == 1) {
    depth = {DimExpr(saturated(number->front()))};
  } else {
    auto given = n.exprs(1, "depth");
    if (failed(given))
      return failure();
    depth = *given;
  }
  auto axis = n.axis(n.intAttr("axis", -1), n.rank(n.in(0)) + 1);
  if (failed(axis) || depth.size() != 1)
    return failure();
  Value indices = isa<IntegerType>(n.elementType(n.in(0))) ? n.in(0) : n.cast(n.in(0), n.b.getI64Type());
  return n.done(n.make<graph::OneHotOp>({indices, n.in(2)}, {n.attr("depth", depth), n.attr("axis", *axis)}));
}

LogicalResult importTopK(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims k{DimExpr(n.intAttr("k", 1))};
  if (n.version >= 10) {
    auto given = n.exprs(1, "k");
    if (failed(given))
      return failure();
    k = *given;
  }
  auto axis = n.axis(n.intAttr("axis", -1), n.rank(n.in(0)));
  if (failed(axis))
    return failure();
  if (k.size() != 1)
    return n.fail("its k has " + Twine(k.size()) + " elements, expected 1");
  // NOTE: `sorted` = 0 leaves the order open; ours is sorted.
  Operation *op = n.makeOp(graph::TopKOp::getOperationName(), n.in(0), {n.attr("k", k), n.attr("axis", *axis), n.attr("largest", n.intAttr("largest", 1))}, 2);
  return op ? n.done(op->getResults()) : failure();
}

LogicalResult importCumSum(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto given = n.numbers(1, "axis");
  if (failed(given))
    return failure();
  if (given->size() != 1)
    return n.fail("its axis has " + Twine(given->size()) + " elements, expected 1");
  auto axis = n.axis(given->front(), n.rank(n.in(0)));
  if (failed(axis))
    return failure();
  return n.done(n.make<graph::CumSumOp>(n.in(0), {n.attr("axis", *axis), n.attr("exclusive", n.intAttr("exclusive", 0)), n.attr("reverse", n.intAttr("reverse", 0))}));
}

/// The name that ScatterElements had before 11.
LogicalResult importScatter(Node &n) {
  if (failed(n.require(3)))
    return failure();
  return n.done(n.make<graph::ScatterElementsOp>({n.in(0), n.in(1), n.in(2)}, n.attr("axis", n.intAttr("axis", 0))));
}

} // namespace

void addIndex(Registry &r) {
  r.add({{"Trilu", 14, importTrilu}, {"OneHot", 9, importOneHot}, {"TopK", 1, importTopK}, {"CumSum", 11, importCumSum}, {"Scatter", 9, importScatter}});
}

} // namespace mlc::importer

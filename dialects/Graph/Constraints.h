// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the ops' shape inference asks of dims. False: numbers contradict it. What is true for some values of the symbols only is recorded, and checked for each shape
// (ShapeFacts::require).
#ifndef MLC_DIALECTS_GRAPH_CONSTRAINTS_H
#define MLC_DIALECTS_GRAPH_CONSTRAINTS_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc::graph {

/// a == b.
inline bool requireEqual(ShapeFacts &facts, mlir::Operation *op, const DimExpr &a, const DimExpr &b) { return facts.require(op, Requirement::Kind::Equal, a, b); }
/// The same for all dims of two tensors.
inline bool requireEqual(ShapeFacts &facts, mlir::Operation *op, llvm::ArrayRef<DimExpr> a, llvm::ArrayRef<DimExpr> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [&](auto pair) { return requireEqual(facts, op, std::get<0>(pair), std::get<1>(pair)); });
}

/// a <= b.
inline bool requireAtMost(ShapeFacts &facts, mlir::Operation *op, const DimExpr &a, const DimExpr &b) { return facts.require(op, Requirement::Kind::AtMost, a, b); }

/// A tensor of dims `from` broadcasts to `to` without making it larger.
inline bool requireBroadcastTo(ShapeFacts &facts, mlir::Operation *op, llvm::ArrayRef<DimExpr> from, llvm::ArrayRef<DimExpr> to) {
  if (from.size() > to.size())
    return false;
  return llvm::all_of(llvm::zip(from, to.take_back(from.size())), [&](auto pair) { return facts.require(op, Requirement::Kind::BroadcastTo, std::get<0>(pair), std::get<1>(pair)); });
}

/// axis in [0, rank), for one that may count from the end.
inline std::optional<int64_t> normalized(int64_t axis, int64_t rank) {
  axis = axis < 0 ? axis + rank : axis;
  return axis >= 0 && axis < rank ? std::optional<int64_t>(axis) : std::nullopt;
}

} // namespace mlc::graph

#endif

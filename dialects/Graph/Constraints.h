// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the ops' shape inference asks of dims. Dims that are not numbers may be anything, so these answer "may".
#ifndef MLC_DIALECTS_GRAPH_CONSTRAINTS_H
#define MLC_DIALECTS_GRAPH_CONSTRAINTS_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc::graph {

/// Whether a == b is possible.
inline bool mayEqual(const DimExpr &a, const DimExpr &b) { return !a.constant() || !b.constant() || a == b; }
/// The same for all dims of two tensors.
inline bool mayEqual(llvm::ArrayRef<DimExpr> a, llvm::ArrayRef<DimExpr> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) { return mayEqual(std::get<0>(pair), std::get<1>(pair)); });
}

/// Whether a <= b is possible.
inline bool mayFit(const DimExpr &a, const DimExpr &b) { return !a.constant() || !b.constant() || *a.constant() <= *b.constant(); }

/// Whether a tensor of these dims may broadcast to `to` without making it larger.
inline bool mayBroadcastTo(llvm::ArrayRef<DimExpr> from, llvm::ArrayRef<DimExpr> to) {
  if (from.size() > to.size())
    return false;
  return llvm::all_of(llvm::zip(from, to.take_back(from.size())), [](auto pair) { return std::get<0>(pair).isConstant(1) || mayEqual(std::get<0>(pair), std::get<1>(pair)); });
}

/// axis in [0, rank), for one that may count from the end.
inline std::optional<int64_t> normalized(int64_t axis, int64_t rank) {
  axis = axis < 0 ? axis + rank : axis;
  return axis >= 0 && axis < rank ? std::optional<int64_t>(axis) : std::nullopt;
}

} // namespace mlc::graph

#endif

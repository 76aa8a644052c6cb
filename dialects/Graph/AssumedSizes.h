// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_DIALECTS_GRAPH_ASSUMEDSIZES_H
#define MLC_DIALECTS_GRAPH_ASSUMEDSIZES_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc::graph {

/// Numbers for dims that are not known, for choices that are never wrong but may be worse at other sizes: a symbol's opt value, else 1 for an input's first dim and 64 for others,
/// moved into its range: what the tools try first (tools/common/symbols.h).
class AssumedSizes {
public:
  AssumedSizes(mlir::func::FuncOp func, ShapeFacts &facts);
  int64_t operator()(const DimExpr &e) const;

private:
  llvm::StringMap<int64_t> values;
};

} // namespace mlc::graph

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The model's node names, which locations carry through all passes.
#ifndef MLC_DIALECTS_GRAPH_NODENAMES_H
#define MLC_DIALECTS_GRAPH_NODENAMES_H

#include "mlir/IR/Location.h"

namespace mlc::graph {

/// Adds the names in a location to `names`, in order, none twice.
void collectNames(mlir::Location loc, llvm::SmallVectorImpl<llvm::StringRef> &names);
/// The first of them; empty when there is none.
llvm::StringRef firstName(mlir::Location loc);

} // namespace mlc::graph

#endif

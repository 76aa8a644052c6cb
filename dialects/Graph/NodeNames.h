// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The model's node names, and the patterns that recognise-patterns found, which locations carry through all passes.
#ifndef MLC_DIALECTS_GRAPH_NODENAMES_H
#define MLC_DIALECTS_GRAPH_NODENAMES_H

#include "mlir/IR/Location.h"

namespace mlc::graph {

/// Adds the names in a location to `names`, in order, none twice.
void collectNames(mlir::Location loc, llvm::SmallVectorImpl<llvm::StringRef> &names);
/// The first of them; empty when there is none.
llvm::StringRef firstName(mlir::Location loc);

/// One occurrence of a pattern in a function: "layer_norm", the third that was found. Ops that are part of it say so in their locations, as metadata of a fused one.
struct PatternTag {
  llvm::StringRef name; // owned by the context
  int64_t number;
  bool operator==(const PatternTag &other) const { return name == other.name && number == other.number; }
};

/// The location with the tag around it.
mlir::Location withPattern(mlir::Location loc, PatternTag tag);
/// The location without any tag.
mlir::Location withoutPatterns(mlir::Location loc);
/// Adds the tags in a location to `tags`, the outermost first, none twice.
void collectPatterns(mlir::Location loc, llvm::SmallVectorImpl<PatternTag> &tags);

} // namespace mlc::graph

#endif

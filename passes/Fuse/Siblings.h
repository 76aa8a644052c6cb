// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Reductions of one tensor over the same dims (its mean and its largest element, its sum and that of its squares): one kernel reads it for all of them.
#ifndef MLC_PASSES_FUSE_SIBLINGS_H
#define MLC_PASSES_FUSE_SIBLINGS_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc {

/// A reduction of f32 and other types that keeps its dims, over some dims but not the last one: lanes run along the last.
bool isColumnReduction(mlir::Operation *op, graph::ShapeFacts &facts);

/// Other reductions of the tensor that `op` reduces, over the same dims, in the same block: each as the ops that it takes, the reduction last; a pointwise op that nothing else reads may come ahead of it, and of `op`. arg_max and arg_min of a row count. None for a tensor with
/// more than 64 readers.
llvm::SmallVector<llvm::SmallVector<mlir::Operation *, 2>> siblingReductions(mlir::Operation *op, graph::ShapeFacts &facts);

} // namespace mlc

#endif

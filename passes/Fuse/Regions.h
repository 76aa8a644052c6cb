// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Making graph.region ops out of sets of ops.
#ifndef MLC_PASSES_FUSE_REGIONS_H
#define MLC_PASSES_FUSE_REGIONS_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc {

/// Whether an op only moves elements (reshape, transpose, pad with zeros, slice, concat) by numbers known now: what the plan writer evaluates on constants.
bool isMoveByNumbers(mlir::Operation *op);
/// Whether an op rounds f32 to f16 or bf16.
bool isNarrowing(mlir::Operation *op);
/// Whether a value is a constant, maybe narrowed, or only moves of such (reshape, transpose, pad, slice, concat), so that the plan writer evaluates it.
bool isConstantExpression(mlir::Value v);
/// On a concat that is a view of its operands' memory, or a transpose whose operand is stored moved (passes/Memory/PlaceConcats, PlaceTransposes).
inline constexpr const char *kPlacedAttr = "graph.placed";
/// On a placed concat that is in turn a part of a placed one, in which its operands lie side by side.
inline constexpr const char *kInsideAttr = "graph.inside";
inline bool isPlaced(mlir::Operation *op) { return op->hasAttr(kPlacedAttr); }
/// Whether an op computes at run time, that is, must be part of a region: not a constant expression, a view, control flow or a return.
bool isComputed(mlir::Operation *op);

/// A constant that a kernel holds as an immediate.
bool isImmediate(mlir::Value v);
/// A reduction over the last dim that keeps it as 1.
bool isRowReduction(mlir::Operation *op, graph::ShapeFacts &facts);

/// Moves `ops` (in block order, closed under the uses between them) into one region of `kind` placed at the last of them. Results are the values used outside.
graph::RegionOp makeRegion(llvm::ArrayRef<mlir::Operation *> ops, llvm::StringRef kind);
/// Puts a region's ops in its place, and gives them, without the constants that it held.
llvm::SmallVector<mlir::Operation *> dissolveRegion(graph::RegionOp region);

/// One more input of a region: `v`, as the argument inside.
mlir::BlockArgument addInput(graph::RegionOp region, mlir::Value v, graph::ShapeFacts &facts);
/// Takes an input away that nothing inside reads any more.
void dropInput(mlir::BlockArgument argument);

} // namespace mlc

#endif

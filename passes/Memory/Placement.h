// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Where a value lies when it is part of a larger one: kernels address it with the strides of the whole.
#ifndef MLC_PASSES_MEMORY_PLACEMENT_H
#define MLC_PASSES_MEMORY_PLACEMENT_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc {

struct Placement {
  mlir::Value whole; // the concat's or transpose's result
  DimExpr offset;    // of the first element, in elements
  Dims strides;      // in elements: those of the whole
};

/// What the placed concats (PlaceConcats) of a function join, those that are parts of another, and what placed transposes (PlaceTransposes) move.
class Placements {
public:
  Placements(mlir::func::FuncOp func, graph::ShapeFacts &facts);
  /// Where `v` lies in the result of a placed concat, or null when it has memory of its own.
  const Placement *of(mlir::Value v) const;

private:
  llvm::DenseMap<mlir::Value, Placement> parts;
};

/// The value whose memory a view shares.
mlir::Value viewed(mlir::Value v);

/// The operands whose memory result 0 of a region may take over when they die there, in order of preference: of its size, read once, and nobody else's.
llvm::SmallVector<mlir::Value> inPlaceOperands(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements);

/// The results of regions that are written straight into an output of the function: {result, number of the output}.
llvm::DenseMap<mlir::Value, unsigned> writtenOutputs(mlir::Operation *ret);

/// Bytes of a value.
DimExpr byteSize(mlir::Value v, graph::ShapeFacts &facts);

/// Strides of `seen`, the dims of a view of a value with `dims` and `strides`; nothing when one of `seen` joins dims between which there are gaps, or they cannot be compared.
std::optional<Dims> stridesThroughView(llvm::ArrayRef<DimExpr> dims, llvm::ArrayRef<DimExpr> strides, llvm::ArrayRef<DimExpr> seen);

/// Strides, in elements, of a transpose's operand that lies in the memory of its result.
Dims transposedStrides(graph::TransposeOp op, graph::ShapeFacts &facts);

/// Row-major strides of `dims`, in elements.
Dims denseStrides(llvm::ArrayRef<DimExpr> dims);

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Operands as the copies of sm_90a want them: matrices and pictures in one buffer, with 16 bytes between neighbouring rows at least.
#ifndef MLC_BACKENDS_CUDA_EMIT_TENSORMAPS_H
#define MLC_BACKENDS_CUDA_EMIT_TENSORMAPS_H

#include "passes/Memory/Placement.h"

namespace mlc::cuda {

/// A region's input seen through transposes and slices of its front: where its elements lie, in elements.
struct OperandView {
  unsigned buffer = 0;
  Dims dims, strides;

  /// The stride of dims [first, last) as one, the last the fastest; nothing when there are gaps between them.
  std::optional<DimExpr> strideOfAll(size_t first, size_t last) const;
};

/// Nothing when `operand` is computed, or its first element is not at a multiple of 16 bytes.
std::optional<OperandView> viewOfOperand(mlir::Value operand, graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements);

/// Whether a stride, in elements of 2 bytes, is a number of whole 16 bytes.
bool isWholeStride(const DimExpr &stride);

} // namespace mlc::cuda

#endif

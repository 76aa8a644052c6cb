// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_CUDA_EMIT_KEYGROUPS_H
#define MLC_BACKENDS_CUDA_EMIT_KEYGROUPS_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc::cuda {

/// Heads of queries that read the same matrix of `operand` (keys or values, whose last two dims are a matrix): g such that the matrix of entry i of `batch`, counted row-major, is that of entry i / g * g, and g divides
/// batch's last dim. 1 where nothing is known. Looks through casts, transposes of the matrix and reshapes of the batch dims for the expand that repeats heads.
int64_t headsPerKeyHead(mlir::Value operand, llvm::ArrayRef<DimExpr> batch, graph::ShapeFacts &facts);

} // namespace mlc::cuda

#endif

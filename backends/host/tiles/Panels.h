// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Packed operands. Packing is an ordinary chain of moves outside of a region (evaluated while the plan is written when the operand is constant), and the region
// begins with the inverse chain, so its meaning stays explicit. The tiles recognise the inverse chain and read the panels directly.
//   product:     [.., K, N]        -> [.., ceil(N/16), K, 16]
//   convolution: [Cout, C, R, S]   -> [ceil(Cout/16), R, S, C, 16]
//   depthwise:   [C, 1, R, S]      -> [R, S, C]
#ifndef MLC_BACKENDS_HOST_TILES_PANELS_H
#define MLC_BACKENDS_HOST_TILES_PANELS_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc::host {

/// Moves out of packed form: given the packed operand, the original one.
struct Packing {
  mlir::Value packed;   // outside of the region
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Value packed)> unpack;
};

Packing packProduct(mlir::OpBuilder &b, graph::ShapeFacts &facts, mlir::Value operand);
Packing packConvolution(mlir::OpBuilder &b, graph::ShapeFacts &facts, mlir::Value weights);
Packing packDepthwise(mlir::OpBuilder &b, graph::ShapeFacts &facts, mlir::Value weights);

/// The packed block argument that `operand` unpacks, or null.
mlir::Value packedProduct(mlir::Value operand);
mlir::Value packedConvolution(mlir::Value weights);
mlir::Value packedDepthwise(mlir::Value weights);

} // namespace mlc::host

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Values between regions that 16 bits would spoil: what a norm or a softmax that is spread over several kernels makes on its way.
#ifndef MLC_PASSES_PRECISION_ISLANDS_H
#define MLC_PASSES_PRECISION_ISLANDS_H

#include "dialects/Graph/ShapeFacts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc {

/// Results of regions, in order, of three kinds:
/// 1. sums, means and products of 32 elements or more, and what is computed from them element by element: E[x^2] - E[x]^2 takes away their leading digits;
/// 2. what is computed from nothing else but such values and constants;
/// 3. squares, powers and exponentials that a sum reads: they leave f16's range first.
/// Values that only products read are none: a product rounds its operands whatever they were.
class Islands {
public:
  Islands(mlir::func::FuncOp func, graph::ShapeFacts &facts);

  /// Whether a value is one; views of one memory are what their operand is.
  bool contains(mlir::Value v) const;

private:
  /// Whether a region reads islands, beside constants nothing else, and has no product.
  bool hasOnlyIslands(graph::RegionOp region) const;
  /// Whether a value inside of `region` is a reduced value with as many elements as `size` says, through element-wise ops. `seen`: values that were asked about.
  bool comesFromSum(graph::RegionOp region, mlir::Value v, const DimExpr &size, llvm::DenseSet<mlir::Value> &seen) const;

  graph::ShapeFacts &facts;
  llvm::DenseSet<mlir::Value> islands;
};

} // namespace mlc

#endif

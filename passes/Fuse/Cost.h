// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What it is worth to compute a value where it is read. Rough, but the same for every decision, at the sizes that tools assume.
#ifndef MLC_PASSES_FUSE_COST_H
#define MLC_PASSES_FUSE_COST_H

#include "dialects/Graph/AssumedSizes.h"

namespace mlc {

/// Nanoseconds of one core, with vectors of 8 f32.
struct FusionCost {
  double saved = 0;      // what memory would take to hand the value over
  double recomputed = 0; // what it takes to compute elements again
  bool pays() const { return saved > recomputed; }
  /// "memory takes 1.2 us, computing it 8 times 3.4 us"
  std::string str(double times) const;
};

/// Of reading `op`'s result element by element from its operands, each element `times` times. `keptToo`: it is stored for other readers all the same.
FusionCost fusionCost(mlir::Operation *op, double times, bool keptToo, graph::ShapeFacts &facts, const graph::AssumedSizes &sizes);

/// Of one kernel more that reads a tensor of so many bytes.
double readAgainNs(double bytes);
/// Of rows of so many bytes with others between them, when the larger ones have `pitch` bytes: part of a cache line of each is read for nothing, unless all are whole lines.
double overReadNs(double rows, int64_t bytes, int64_t pitch);

/// How often a product (or convolution) would compute an element of its left operand anew: once per panel of columns.
double timesReadByProduct(mlir::Operation *product, graph::ShapeFacts &facts, const graph::AssumedSizes &sizes);

/// Nanoseconds of a region by itself: its launch, its operands and results through memory, and what it computes.
double regionNs(graph::RegionOp region, graph::ShapeFacts &facts, const graph::AssumedSizes &sizes);

} // namespace mlc

#endif

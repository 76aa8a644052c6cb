// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What matchers of patterns share. A matcher starts at the op that would end (or, for norms, mark) an occurrence and walks back through what exporters write; it changes nothing.
#ifndef MLC_PASSES_RECOGNISE_PATTERNS_H
#define MLC_PASSES_RECOGNISE_PATTERNS_H

#include "dialects/Graph/ShapeFacts.h"
#include "llvm/ADT/SetVector.h"
#include <map>

namespace mlc {

/// What a matcher says of an op: nothing, an occurrence, or what was almost one.
struct Outcome {
  llvm::StringRef name;                             // of the pattern; empty: the op has nothing to do with it
  llvm::SmallVector<llvm::StringRef, 4> details;    // "mask", "cache"..
  llvm::SmallSetVector<mlir::Operation *, 16> ops;  // of the occurrence, the last one in front
  const char *declined = nullptr;                   // why it is none

  static Outcome none() { return {}; }
  static Outcome almost(llvm::StringRef name, const char *why) {
    Outcome o;
    o.name = name, o.declined = why;
    return o;
  }
  bool found() const { return !name.empty() && !declined; }
};

/// layer_norm, rms_norm, instance_norm, group_norm, l2_norm: x / sqrt(moment of x). Starts at the square root (or the power of -1/2).
Outcome matchNorm(mlir::Operation *op, graph::ShapeFacts &facts);
/// softmax and log_softmax, named or written out. Starts at the op, or at the sum of exponentials.
Outcome matchSoftmax(mlir::Operation *op, graph::ShapeFacts &facts);
/// softmax(f(q k^T)) v, with f any pointwise ops and moves. Details: mask, causal, cache, grouped, guard. Starts at the second product.
Outcome matchAttention(mlir::Operation *op, graph::ShapeFacts &facts);
/// x cos + rotated(x) sin, by halves or by neighbours (detail: interleaved). Starts at the addition, or at the concat of two rotated parts.
Outcome matchRotary(mlir::Operation *op, graph::ShapeFacts &facts);
/// x gate(mean of x over its pixels), gate of two products. Starts at the multiplication.
Outcome matchSqueezeExcite(mlir::Operation *op, graph::ShapeFacts &facts);
/// pixel_shuffle, pixel_unshuffle, window_partition, window_reverse: a transpose between two reshapes. Starts at the transpose.
Outcome matchBlocks(mlir::Operation *op, graph::ShapeFacts &facts);
/// A convolution whose windows tile the picture, and whose pixels become rows. Starts at the convolution.
Outcome matchPatchEmbedding(mlir::Operation *op, graph::ShapeFacts &facts);
/// lstm_cell and gru_cell: one step of a recurrent layer, written out. Starts at the multiplication, or the addition, that gives the new output.
Outcome matchCell(mlir::Operation *op, graph::ShapeFacts &facts);
/// Ops that are patterns by themselves: lstm, gru, rnn, and activations with more than one op's arithmetic.
Outcome matchNamed(mlir::Operation *op, graph::ShapeFacts &facts);

/// The number of occurrences in a function that recognise-patterns has seen, by name.
std::map<std::string, unsigned> countPatterns(mlir::func::FuncOp func);

/// A value behind ops that hand on the same elements: casts between floats, reshapes, expands. They are added to `ops`.
mlir::Value behindViews(mlir::Value v, Outcome *ops = nullptr);
/// The op of type Op that makes a value, behind such ops; null when another does.
template <typename Op> Op makerOf(mlir::Value v, Outcome *ops = nullptr) {
  Op op = behindViews(v, ops).template getDefiningOp<Op>();
  if (op && ops)
    ops->ops.insert(op);
  return op;
}
/// The axes of a reduction.
inline llvm::ArrayRef<int64_t> axesOf(mlir::Operation *reduction) { return mlir::cast<mlir::DenseI64ArrayAttr>(reduction->getAttr("axes")).asArrayRef(); }

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Pointwise ops between two values as a function of one number.
#ifndef MLC_PASSES_RECOGNISE_SCALARFUNCTION_H
#define MLC_PASSES_RECOGNISE_SCALARFUNCTION_H

#include "dialects/Graph/Graph.h"
#include "llvm/ADT/SetVector.h"

namespace mlc {

/// The ops that make `y` of one value and single-element constants.
class ScalarFunction {
public:
  static constexpr unsigned kMaxOps = 16;

  /// Just the op that makes `y`.
  explicit ScalarFunction(mlir::Operation *last);
  /// The one value that it is a function of; null while it depends on several.
  mlir::Value argument() const { return leaves.size() == 1 ? leaves[0] : mlir::Value(); }
  /// Takes in one more op: the latest that makes a leaf. False when there is none, or the op is used elsewhere, computes no function of numbers, or is one too many.
  bool extend();
  /// y at x; argument() must be there.
  double operator()(double x) const;
  llvm::ArrayRef<mlir::Operation *> ops() const { return inside.getArrayRef(); }

  /// Whether the value of an op's result follows from those of its operands alone, and evaluate() knows how.
  static bool knows(mlir::Operation *op);

private:
  void take(mlir::Operation *op);
  llvm::SetVector<mlir::Operation *> inside; // users before their operands
  llvm::SmallVector<mlir::Value, 4> leaves;
};

} // namespace mlc

#endif

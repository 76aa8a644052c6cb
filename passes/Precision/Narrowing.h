// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What convert-precision narrows, found before anything changes, so that others can ask too.
#ifndef MLC_PASSES_PRECISION_NARROWING_H
#define MLC_PASSES_PRECISION_NARROWING_H

#include "dialects/Graph/ShapeFacts.h"
#include "llvm/ADT/StringSet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc {

/// Whether the result's f32 elements are elements of operand 0 (or of all operands), so that rounding may come before or after.
bool isRoundedMove(mlir::Operation *op);
/// Ops that multiply narrow operands and sum in f32.
bool isNarrowProduct(mlir::Operation *op);
/// A view of its operand's memory, outside of regions.
bool isMemoryView(mlir::Operation *op);

/// Regions that compute in f32, and the values between all others that take 16 bits: results of regions that only regions use (with `io` the caller too), and views of them, as whole classes
/// of one memory, without Islands.
class Narrowing {
public:
  struct Options {
    std::string type; // "f16" or "bf16"
    llvm::SmallVector<llvm::StringRef> keep; // nodes whose regions stay f32
    bool io = false;
  };
  Narrowing(mlir::func::FuncOp func, graph::ShapeFacts &facts, const Options &options);

  mlir::Type narrowType() const { return type; }
  bool isNarrow(mlir::Value v) const { return narrow.contains(v); }
  bool isKept(graph::RegionOp region) const { return kept.contains(region); }
  size_t values() const { return narrow.size(); }
  size_t keptRegions() const { return kept.size(); }

  /// Of a region's input: whether it is a constant expression that is narrowed while the plan is written, since a product reads it or it is a large table.
  bool isNarrowedConstant(mlir::Value outer, mlir::Value inner) const;

private:
  /// Whether a region computes in f32: it says so, a node of it is named, or calibration saw what f16 does not hold.
  bool mustKeep(graph::RegionOp region, const llvm::StringSet<> &names);
  /// Whether a constant expression has finite elements that f16 would make infinite.
  bool overflowsHalf(mlir::Value v);
  void find(mlir::func::FuncOp func, const llvm::StringSet<> &names, bool io);

  graph::ShapeFacts &facts;
  mlir::Type type;
  llvm::DenseSet<mlir::Value> narrow;
  llvm::DenseSet<mlir::Operation *> kept;
  llvm::DenseMap<mlir::Attribute, bool> overflowing;
};

/// Whether a region computes with a constant that f16 has no room for, as masks do: what it stores in f16 is clamped.
bool holdsMask(graph::RegionOp region);

/// Whether a product of the region reads the argument, through moves.
bool feedsProduct(mlir::Value argument);

} // namespace mlc

#endif

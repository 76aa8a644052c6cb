// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which spatial ops (convolutions, pooling) run on channels-last tensors: decided for all that hang together at once, by what their kernels gain against what the transposes at the borders cost.
#ifndef MLC_PASSES_LAYOUT_LAYOUTCHOICE_H
#define MLC_PASSES_LAYOUT_LAYOUTCHOICE_H

#include "dialects/Graph/AssumedSizes.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

namespace mlc {

/// Nanoseconds of one core at the sizes that tools assume. Linear in the function's ops and uses.
class LayoutChoice {
public:
  LayoutChoice(mlir::func::FuncOp func, graph::ShapeFacts &facts);

  /// Whether a spatial op belongs to a part of the graph that gains.
  bool isLast(mlir::Operation *spatial) const;
  /// One line for each part: where it begins, how many ops it has, both figures.
  void explain(llvm::raw_ostream &os) const;

private:
  struct Part {
    unsigned ops = 0;
    mlir::Operation *first = nullptr;
    double gain = 0, borders = 0;
    bool pays() const { return gain > borders; }
  };
  void join(mlir::Operation *op);
  void enter(unsigned part, mlir::Value v);
  void leave(mlir::Value v);
  bool carriesOn(mlir::OpOperand &use) const;
  double gainOf(mlir::Operation *op);
  double moveNs(mlir::Value v);
  double elements(llvm::ArrayRef<DimExpr> dims) const;

  graph::ShapeFacts &facts;
  graph::AssumedSizes sizes;
  llvm::EquivalenceClasses<unsigned> joined;      // numbers of spatial ops
  llvm::MapVector<mlir::Value, unsigned> partOf; // values that would lie channels last
  llvm::DenseMap<mlir::Operation *, unsigned> numberOf;
  std::vector<mlir::Operation *> spatial;
  llvm::DenseSet<std::pair<unsigned, mlir::Value>> entered;
  std::vector<std::pair<unsigned, double>> costs; // of borders, by an op of the part
  std::vector<Part> parts;                        // by their leader's number
};

/// Convolutions and pooling of 3 or 4 dims with channels first: what channels-last rewrites.
bool isSpatial(mlir::Operation *op, graph::ShapeFacts &facts);

/// Whether moving a value's channels to the end (or back) moves no element: all but one of channels and spatial dims have extent 1.
bool isLayoutView(mlir::Value v, graph::ShapeFacts &facts);

} // namespace mlc

#endif

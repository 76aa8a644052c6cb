// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Elements of small float tensors during import. Exporters compute sizes through floats (Cast, Mul by 0.5, Floor, Cast back); this follows such chains.
// An element is numerator / denominator, an expression over a power of two, or else any double.
#ifndef MLC_FRONTENDS_ONNX_FLOATFACTS_H
#define MLC_FRONTENDS_ONNX_FLOATFACTS_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc::importer {

class FloatFacts {
public:
  /// Looks at an op that was just made and inferred; casts back to integers give their elements to `facts`.
  void infer(mlir::Operation *op, graph::ShapeFacts &facts);
  /// The elements of a small tensor of any type, when they are numbers.
  std::optional<llvm::SmallVector<double>> constants(mlir::Value v, graph::ShapeFacts &facts);
  /// The elements of a small tensor of any type, when they are integers or sizes.
  std::optional<Dims> integers(mlir::Value v, graph::ShapeFacts &facts);

private:
  struct Element {
    DimExpr numerator;
    int64_t denominator = 1; // 0: `number` holds
    double number = 0;
    static Element of(double value);
    std::optional<double> value() const;
  };
  using Elements = llvm::SmallVector<Element>;
  static std::optional<Element> apply(mlir::Operation *op, llvm::ArrayRef<Element> args);
  std::optional<Elements> elementsOf(mlir::Value v, graph::ShapeFacts &facts);
  void inferPointwise(mlir::Operation *op, graph::ShapeFacts &facts);
  void inferMove(mlir::Operation *op, graph::ShapeFacts &facts);
  llvm::DenseMap<mlir::Value, Elements> known;
};

} // namespace mlc::importer

#endif

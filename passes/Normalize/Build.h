// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the passes that rewrite ops share: building with inference, and reading constants.
#ifndef MLC_PASSES_NORMALIZE_BUILD_H
#define MLC_PASSES_NORMALIZE_BUILD_H

#include "dialects/Graph/ShapeFacts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc {

/// Builds ops at one place; the results' types are inferred. Null operands give null results.
struct Build {
  mlir::OpBuilder b;
  mlir::Location loc;
  graph::ShapeFacts &facts;

  Build(mlir::Operation *before, graph::ShapeFacts &facts) : b(before), loc(before->getLoc()), facts(facts) {}

  template <typename Op> mlir::Value make(mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attrs = {}) {
    return llvm::is_contained(operands, mlir::Value()) ? mlir::Value() : facts.make<Op>(b, loc, operands, attrs);
  }
  template <typename Op> mlir::Value reduce(mlir::Value x, llvm::ArrayRef<int64_t> axes) {
    return make<Op>(x, {b.getNamedAttr("axes", b.getDenseI64ArrayAttr(axes)), b.getNamedAttr("keepdims", b.getBoolAttr(true))});
  }
  mlir::Value reshape(mlir::Value x, const Dims &dims) {
    return x && Dims(facts.dims(x)) == dims ? x : make<graph::ReshapeOp>(x, b.getNamedAttr("dims", graph::DimsAttr::get(b.getContext(), llvm::ArrayRef<DimExpr>(dims))));
  }
  mlir::Value cast(mlir::Value x, mlir::Type type) {
    return !x || facts.elementType(x) == type ? x : make<graph::CastOp>(x, b.getNamedAttr("to", mlir::TypeAttr::get(type)));
  }
  mlir::Value scalar(mlir::Type type, double value) {
    auto op = graph::ConstantOp::create(b, loc, mlir::cast<mlir::ElementsAttr>(mlir::DenseElementsAttr::get(
                                                    mlir::RankedTensorType::get({}, type), b.getFloatAttr(type, value).getValue())));
    (void)facts.infer(op);
    return op;
  }
  /// A vector per channel as [C, 1, ..] with `after` dims of 1 behind.
  mlir::Value perChannel(mlir::Value v, int64_t after, mlir::Type type) {
    Dims dims(facts.dims(v));
    dims.append(after, DimExpr(1));
    return reshape(cast(v, type), dims);
  }
};

/// The one value that all elements of a constant have.
inline std::optional<double> splatValue(mlir::Value v) {
  auto constant = v.getDefiningOp<graph::ConstantOp>();
  auto dense = constant ? mlir::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : mlir::DenseElementsAttr();
  if (!dense || !dense.isSplat() || dense.getNumElements() == 0)
    return std::nullopt;
  mlir::Type type = dense.getElementType();
  if (mlir::isa<mlir::FloatType>(type)) {
    llvm::APFloat f = dense.getSplatValue<llvm::APFloat>();
    bool lossy;
    f.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lossy);
    return f.convertToDouble();
  }
  llvm::APInt i = dense.getSplatValue<llvm::APInt>();
  return type.isUnsignedInteger() || type.isInteger(1) ? static_cast<double>(i.getZExtValue()) : static_cast<double>(i.getSExtValue());
}

/// Whether a value is a constant or computed from constants alone, by few ops.
inline bool derivesFromConstants(mlir::Value v, int depth = 6) {
  mlir::Operation *op = v.getDefiningOp();
  if (!op || op->getNumRegions())
    return false;
  if (mlir::isa<graph::ConstantOp>(op))
    return true;
  return depth > 0 && op->getNumOperands() && llvm::all_of(op->getOperands(), [&](mlir::Value o) { return derivesFromConstants(o, depth - 1); });
}

/// Removes ops without users, from the back so that chains go at once.
inline void eraseDead(mlir::func::FuncOp func) {
  llvm::SmallVector<mlir::Operation *> ops;
  func.walk([&](mlir::Operation *op) { ops.push_back(op); });
  for (mlir::Operation *op : llvm::reverse(ops))
    if (op != func && mlir::isOpTriviallyDead(op))
      op->erase();
}

} // namespace mlc

#endif

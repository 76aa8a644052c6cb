// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// ONNX element types and tensors as MLIR types and attributes.
#ifndef MLC_FRONTENDS_ONNX_TENSORS_H
#define MLC_FRONTENDS_ONNX_TENSORS_H

#include "frontends/onnx/ModelFile.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlc::importer {

/// The element type of a TensorProto.DataType; null for those that have none (strings, complex numbers).
mlir::Type elementTypeOf(int32_t onnxType, mlir::MLIRContext *context);
std::string nameOfElementType(int32_t onnxType);

/// The tensor's value. Small ones are DenseElementsAttr; larger ones are resources named after the tensor, whose bytes stay where `file` has them and keep it alive.
/// Resources hold bools as one byte each and 4-bit elements two per byte, low nibble first. Errors say what is wrong with "it".
llvm::Expected<mlir::ElementsAttr> toAttribute(const ::onnx::TensorProto &tensor, const std::shared_ptr<ModelFile> &file, mlir::MLIRContext *context);

} // namespace mlc::importer

#endif

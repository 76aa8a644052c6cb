// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Reads an ONNX model into the graph dialect. See README.md for the form of the result.
#ifndef MLC_FRONTENDS_ONNX_IMPORT_H
#define MLC_FRONTENDS_ONNX_IMPORT_H

#include "dialects/Graph/DimExpr.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <string>
#include <vector>

namespace mlc {

/// An input's dims at the smallest, the usual and the largest size, of equal length.
struct ShapeRange {
  llvm::SmallVector<int64_t> min, opt, max;
};

struct OnnxImportOptions {
  /// Dims of inputs, by input name; they replace what the model says. An entry of -1 keeps the model's dim.
  llvm::StringMap<llvm::SmallVector<int64_t>> shapes;
  /// Ranges of symbols, by the model's dim_param; min = max makes the dim static.
  SymbolInfos symbols;
  /// Ranges of whole inputs, by input name. They become ranges of the symbols behind the dims; what a dim says otherwise must agree.
  llvm::StringMap<ShapeRange> shapeRanges;
  /// Inner tensors of the model's top graph that become outputs behind the model's own, in this order.
  std::vector<std::string> keep;
  /// Gets the name of the node that gives each tensor, when not null.
  llvm::StringMap<std::string> *nodesByTensor = nullptr;
  /// If given: filled with the names of the top graph's initializers and Constant nodes' outputs that are used and over 1 KiB, by where their bytes lie.
  llvm::DenseMap<const void *, std::string> *initializers = nullptr;
  /// If given: set to true when an option is at fault (names what the model lacks), not the model.
  bool *wrongOption = nullptr;
};

/// The model as a module with one function `main`. On failure one error is emitted at the module's location, which lists every node that cannot be
/// imported, and the result is null. The context needs the graph and func dialects loaded.
///
/// Weights over 1 KiB become dense_resource blobs that point into the mapped file (byte alignment only); the mapping lives as long as the blobs do, that is,
/// until the context's blob manager lets go of them.
mlir::OwningOpRef<mlir::ModuleOp> importOnnxFile(llvm::StringRef path, const OnnxImportOptions &options, mlir::MLIRContext &context);

/// The same from memory, which the blobs keep alive. `folder` is where external data may lie; empty refuses external data.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(std::unique_ptr<llvm::MemoryBuffer> buffer, llvm::StringRef folder, const OnnxImportOptions &options,
                                             mlir::MLIRContext &context);

} // namespace mlc

#endif

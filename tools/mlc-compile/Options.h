// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_COMPILE_OPTIONS_H
#define MLC_TOOLS_MLC_COMPILE_OPTIONS_H

#include "compiler/Buckets.h"
#include "frontends/onnx/Import.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

namespace mlc {

/// Reads --shape INPUT=1x3x?x? and --dims NAME=MIN:OPT:MAX,NAME=N into the import options, and appends their normal form to `flags`.
llvm::Error parseShapeOptions(llvm::ArrayRef<std::string> shapes, llvm::ArrayRef<std::string> dims, OnnxImportOptions &options, std::string &flags);

/// Reads --bucket NAME=N,NAME=MIN:OPT:MAX (one bucket each) or --bucket opt (an empty bucket, which resolveBuckets fills).
llvm::Error parseBuckets(llvm::ArrayRef<std::string> texts, std::vector<Bucket> &buckets, std::string &flags);

/// Reads trtexec's --minShapes, --optShapes and --maxShapes (x:1x3x224x224,y:8); the opt shapes may stand alone.
llvm::Error parseShapeRanges(llvm::StringRef min, llvm::StringRef opt, llvm::StringRef max, OnnxImportOptions &options, std::string &flags);

/// Takes the names of --keep, each once.
llvm::Error parseKeep(llvm::ArrayRef<std::string> names, OnnxImportOptions &options, std::string &flags);

/// Where object code is kept: $MLC_CACHE_DIR (empty: nowhere), else mlc in $XDG_CACHE_HOME or ~/.cache. Empty when there is no such place.
std::string cacheFolder();

/// "error: node: message", without MLIR's source excerpts.
void printDiagnostic(const mlir::Diagnostic &d, llvm::raw_ostream &os);

/// --keep-fp32: names and patterns, checked.
llvm::Error parseKeepFp32(llvm::ArrayRef<std::string> names, std::string &flags);
/// The nodes of a module that the names and patterns mean; `nodesByTensor`: the node that gives a tensor. The error says which means none.
llvm::Expected<std::vector<std::string>> nodesNamed(mlir::ModuleOp module, llvm::ArrayRef<std::string> names, const llvm::StringMap<std::string> &nodesByTensor);

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Prints functions of the reference lowering's ops (arith, math, scf, vector, llvm loads and stores) as C++ that is valid both in device code and on the host: one statement per value.
// The types and functions it uses are those of kernels/scalar.h.
#ifndef MLC_BACKENDS_CUDA_EMIT_CPPPRINTER_H
#define MLC_BACKENDS_CUDA_EMIT_CPPPRINTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <string>
#include <vector>

namespace mlc::cuda {

/// A function whose arguments have the given C++ names. `name` becomes the printed function's name; `head` are the parameters as C++ has them. It gives one result or none. Fails when an op has no spelling.
mlir::FailureOr<std::string> printFunction(mlir::func::FuncOp func, llvm::StringRef name, llvm::StringRef head, llvm::ArrayRef<std::string> argumentNames);

/// "float", "half_t", "Pack<float, 8>"; empty for a type that has no spelling.
std::string cppType(mlir::Type type);

} // namespace mlc::cuda

#endif

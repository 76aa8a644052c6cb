// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_LLVM_LOWERTOLLVM_H
#define MLC_BACKENDS_LLVM_LOWERTOLLVM_H

#include "mlir/IR/BuiltinOps.h"

namespace mlc {

/// Turns a kernel module of func, scf, arith, math and vector ops into the LLVM dialect. Math that is no single instruction becomes calls to mlc_<name>_<type> (backends/host/support).
mlir::LogicalResult lowerToLLVM(mlir::ModuleOp module);

} // namespace mlc

#endif

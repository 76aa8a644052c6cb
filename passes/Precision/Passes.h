// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_PASSES_PRECISION_PASSES_H
#define MLC_PASSES_PRECISION_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlc {

#define GEN_PASS_DECL
#include "passes/Precision/PrecisionPasses.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Precision/PrecisionPasses.h.inc"

} // namespace mlc

#endif

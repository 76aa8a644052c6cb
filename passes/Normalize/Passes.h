// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The normalisation passes: shapes become numbers or symbols, composites primitives, trivial algebra goes. See Passes.td for each.
#ifndef MLC_PASSES_NORMALIZE_PASSES_H
#define MLC_PASSES_NORMALIZE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include <memory>
#include <string>

namespace mlc {

#define GEN_PASS_DECL
#include "passes/Normalize/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Normalize/Passes.h.inc"

} // namespace mlc

#endif

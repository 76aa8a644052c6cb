// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The normalisation passes: shapes become numbers or symbols, composites primitives, trivial algebra goes. See Passes.td for each.
#ifndef MLC_PASSES_NORMALIZE_PASSES_H
#define MLC_PASSES_NORMALIZE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <memory>
#include <string>

namespace mlc {

/// What fold-constants computes with; compiler/Evaluate.h makes one of the compiler and the runtime, so that the pass needs neither.
struct ConstantEvaluator {
  /// Dialects that `evaluate` makes ops of.
  std::function<void(mlir::DialectRegistry &)> registerDialects;
  /// Runs `main` of a module once. Its arguments' values are `inputs`; one blob per result comes back, in storage form (row-major, bool as one byte), owned by the caller.
  std::function<llvm::Expected<std::vector<mlir::AsmResourceBlob>>(mlir::ModuleOp module, llvm::ArrayRef<mlir::ElementsAttr> inputs)> evaluate;
};

/// The pass with something to compute with; without (createFoldConstants()) it changes nothing.
std::unique_ptr<mlir::Pass> createFoldConstants(ConstantEvaluator evaluator);

#define GEN_PASS_DECL
#include "passes/Normalize/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Normalize/Passes.h.inc"

} // namespace mlc

#endif

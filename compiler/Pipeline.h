// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_COMPILER_PIPELINE_H
#define MLC_COMPILER_PIPELINE_H

#include "backends/Backend.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Normalize/Passes.h"

namespace mlc {

/// Inputs take pictures (add-preprocessing); an error there is of `pictures`, not of the model.
void buildPreprocessPipeline(mlir::OpPassManager &pm, llvm::StringRef pictures);
/// Target-independent: meaning is kept, form becomes normal. Constants are folded by `evaluator`; an empty one folds none.
void buildNormalizePipeline(mlir::OpPassManager &pm, int optLevel, ConstantEvaluator evaluator = {});
/// After it: symbols get the values and ranges of `dims` (SpecializeShapes), and what that decides becomes normal again.
void buildSpecializePipeline(mlir::OpPassManager &pm, llvm::StringRef dims, int optLevel, ConstantEvaluator evaluator = {});
/// Per target: layouts chosen, ops grouped into regions.
/// `explain`: prints why kernels stay apart. `precision`: "", "f16" or "bf16" (passes/Precision).
void buildFusePipeline(mlir::OpPassManager &pm, int optLevel, bool explain, const Backend &target, llvm::StringRef precision);
/// Per target, when the regions have kernels: their order.
void buildSchedulePipeline(mlir::OpPassManager &pm, int optLevel);

} // namespace mlc

#endif

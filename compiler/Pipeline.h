// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_COMPILER_PIPELINE_H
#define MLC_COMPILER_PIPELINE_H

#include "backends/Backend.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Normalize/Passes.h"

namespace mlc {
namespace graph {
class ShapeFacts;
}

/// Inputs take pictures (add-preprocessing), inputs and outputs have other layouts (set-io-layout); an error there is of the options, not of the model.
void buildSignaturePipeline(mlir::OpPassManager &pm, llvm::StringRef pictures, llvm::StringRef layouts);
/// Target-independent: meaning is kept, form becomes normal. Constants are folded by `evaluator`; an empty one folds none. `explain`: prints what almost was a known pattern (recognise-patterns).
void buildNormalizePipeline(mlir::OpPassManager &pm, int optLevel, ConstantEvaluator evaluator = {}, bool explain = false);
/// After it: symbols get the values and ranges of `dims` (SpecializeShapes), and what that decides becomes normal again.
void buildSpecializePipeline(mlir::OpPassManager &pm, llvm::StringRef dims, int optLevel, ConstantEvaluator evaluator = {});
/// Per target: layouts chosen, ops grouped into regions.
/// `explain`: prints why kernels stay apart. `precision`: what will come behind it: "", "f16" or "bf16".
void buildFusePipeline(mlir::OpPassManager &pm, int optLevel, bool explain, const Backend &target, llvm::StringRef precision);
/// The same for a module that comes with regions (what --stop-after=fuse prints, what calibration measures): only what lies outside of them becomes one.
void buildFusedPipeline(mlir::OpPassManager &pm);
/// What is narrowed.
struct PrecisionOptions {
  std::string type;          // "f16", "bf16"; empty: nothing
  std::vector<std::string> keep; // nodes that stay f32
  bool io = false;           // the model's inputs and outputs too
};
/// Per target, after the regions are formed (and calibrated): values in memory and products in 16 bits; then what the target decides when it knows the types.
void buildPrecisionPipeline(mlir::OpPassManager &pm, const PrecisionOptions &options, int optLevel, const Backend &target);
/// What shapes a schedule beside the regions.
struct ScheduleOptions {
  int optLevel = 2;
  graph::ShapeFacts *rematerialize = nullptr; // compute cheap values anew beside late readers where that lowers the peak; takes the facts that go on to be used
  unsigned streams = 1;                       // most that parallel branches get at once
  std::optional<Backend::Concurrency> concurrency; // of the target; none: one stream
  bool explain = false;                       // print what each branch saves
};
/// Per target, when the regions have kernels: their order.
void buildSchedulePipeline(mlir::OpPassManager &pm, const ScheduleOptions &options);

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The order of all passes. What follows them (kernels, buffers, the file) is Compile.cpp.
#include "compiler/Pipeline.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Layout/Passes.h"
#include "passes/Memory/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Precision/Passes.h"
#include "passes/Recognise/Passes.h"
#include "passes/Schedule/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace mlc {

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void buildSignaturePipeline(OpPassManager &pm, StringRef pictures, StringRef layouts) {
  auto &func = pm.nest<func::FuncOp>();
  if (!pictures.empty())
    func.addPass(createAddPreprocessing({.pictures = pictures.str()}));
  if (!layouts.empty())
    func.addPass(createSetIoLayout({.layouts = layouts.str()}));
}

void buildNormalizePipeline(OpPassManager &pm, int optLevel, ConstantEvaluator evaluator, bool explain) {
  auto &func = pm.nest<func::FuncOp>();
  func.addPass(createFoldShapes());
  addCleanup(func);
  if (optLevel > 0) {
    func.addPass(createSimplifyControl());
    func.addPass(createJoinBranches());
    func.addPass(createFoldPads());
  }
  func.addPass(createFoldBatchNorm());
  func.addPass(createExpandComposites({.keepSoftmax = optLevel > 1}));
  if (optLevel > 0)
    func.addPass(createMergeLinear());
  if (evaluator.evaluate) {
    func.addPass(createFoldArithmetic());
    func.addPass(createFoldConstants(std::move(evaluator)));
  }
  if (optLevel > 0)
    func.addPass(createSimplifyControl());
  func.addPass(createSimplifyAlgebra());
  addCleanup(func);
  if (optLevel > 0)
    func.addPass(createRecogniseActivations());
  if (optLevel > 0)
    func.addPass(createRecognisePatterns({.explain = explain}));
}

void buildSpecializePipeline(OpPassManager &pm, StringRef dims, int optLevel, ConstantEvaluator evaluator) {
  SpecializeShapesOptions options;
  options.dims = dims.str();
  pm.addNestedPass<func::FuncOp>(createSpecializeShapes(options));
  buildNormalizePipeline(pm, optLevel, std::move(evaluator));
}

void buildFusePipeline(OpPassManager &pm, int optLevel, bool explain, const Backend &target, StringRef precision) {
  auto &func = pm.nest<func::FuncOp>();
  if (optLevel > 1) {
    func.addPass(createChannelsLast({.always = target.channelsLastAlways, .explain = explain}));
    func.addPass(createSimplifyAlgebra());
    func.addPass(createExpandComposites());
  }
  if (optLevel > 0) {
    func.addPass(createSimplifyAlgebra());
    func.addPass(createSinkReshapes());
    func.addPass(createSimplifyAlgebra());
    addCleanup(func);
  }
  if (optLevel > 0) {
    func.addPass(createMergeProducts());
    func.addPass(createMergeBranches({.explain = explain}));
    func.addPass(createFuseRotary({.explain = explain}));
    if (auto taken = target.attention(precision); taken.any)
      func.addPass(createFuseAttention({.onlySoftmax = taken.onlySoftmax, .mostQueries = taken.mostQueries, .headMultiple = taken.headMultiple, .mostHead = taken.mostHead}));
    func.addPass(createFuseRegions({.explain = explain}));
    func.addPass(createPlaceConcats());
    func.addPass(createPlaceTransposes({.explain = explain}));
    func.addPass(createFuseMoves());
    func.addPass(createJoinMoves());
  }
  func.addPass(createFormRegions());
  if (optLevel > 0) {
    func.addPass(createSinkSlices());
    if (explain)
      func.addPass(createExplainFusion());
    target.addChoosePasses(func);
  }
}

void buildFusedPipeline(OpPassManager &pm) { pm.addNestedPass<func::FuncOp>(createFormRegions()); }

void buildPrecisionPipeline(OpPassManager &pm, const PrecisionOptions &options, int optLevel, const Backend &target) {
  auto &func = pm.nest<func::FuncOp>();
  if (!options.type.empty())
    func.addPass(createConvertPrecision({.type = options.type, .keep = llvm::join(options.keep, ";"), .io = options.io}));
  if (optLevel > 0)
    target.addTypedPasses(func);
}

void buildSchedulePipeline(OpPassManager &pm, const ScheduleOptions &options) {
  auto &func = pm.nest<func::FuncOp>();
  if (options.optLevel > 0 && options.rematerialize)
    func.addPass(createRematerialize(*options.rematerialize));
  if (options.optLevel > 0)
    func.addPass(createOrderForMemory());
  if (const auto &beside = options.concurrency; options.optLevel > 0 && options.streams > 1 && beside)
    func.addPass(createAssignStreams({.flopsPerNs = beside->flopsPerNs,
                                      .halfFlopsPerNs = beside->halfFlopsPerNs,
                                      .bytesPerNs = beside->bytesPerNs,
                                      .launchNs = beside->launchNs,
                                      .fillElements = beside->fillElements,
                                      .forkNs = beside->forkNs,
                                      .maxStreams = options.streams,
                                      .explain = options.explain}));
}

} // namespace mlc

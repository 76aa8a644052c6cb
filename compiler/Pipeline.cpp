// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The order of all passes. What follows them (kernels, buffers, the file) is Compile.cpp.
#include "compiler/Pipeline.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Fuse/Passes.h"

using namespace mlir;

namespace mlc {

void buildNormalizePipeline(OpPassManager &pm, int optLevel) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void buildFusePipeline(OpPassManager &pm, int optLevel) {
  auto &func = pm.nest<func::FuncOp>();
  func.addPass(createFormRegions());
}

} // namespace mlc

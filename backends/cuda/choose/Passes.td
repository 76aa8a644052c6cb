// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_CUDA_PASSES
#define MLC_BACKENDS_CUDA_PASSES

include "mlir/Pass/PassBase.td"

def CudaPackWeights : Pass<"cuda-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "Constant weights of convolutions come with the channels last";
  let description = [{
    The kernels read weights in whole vectors along the input channels ([Cout, R, S, C]), of depthwise convolutions along the channels ([R, S, C, 1]). The region takes the transposed
    constant and transposes it back inside, which costs nothing: element functions and templates read through moves.

        %y = graph.region "conv"(%x, %w) { ^bb0(%a, %b): %c = graph.conv %a, %b {channels_last, ..} ... }
    ->  %p = graph.transpose %w {perm = [0, 2, 3, 1]}
        %y = graph.region "conv"(%x, %p) { ^bb0(%a, %q): %b = graph.transpose %q {perm = [0, 3, 1, 2]}  %c = graph.conv %a, %b ... }
  }];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
  let statistics = [Statistic<"packed", "packed", "Number of weights packed">];
}

#endif

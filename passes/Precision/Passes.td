// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_PRECISION_PASSES
#define MLC_PRECISION_PASSES
include "mlir/Pass/PassBase.td"

def ConvertPrecision : Pass<"convert-precision", "::mlir::func::FuncOp"> {
  let summary = "Keep what lies in memory between kernels, and what products multiply, in 16 bits; compute the rest in f32";
  let description = [{
    Runs on regions. Values that pass from region to region, weights of products and large tables become `type` (f16 or bf16). Inside of a region everything but moves, products and
    convolutions goes on in f32, so softmax, norms, reductions, powers and whole epilogues are f32 islands; products accumulate in f32. Inputs and outputs of the model and what control flow
    carries keep their types, unless `io` narrows the function's own inputs and outputs; so do sums of many elements and what norms and softmaxes of several kernels make of them (Islands.h), and results of running sums, scatters and the top k, whose kernels write by loops. A region stays f32 with its results, products and weights when one of its nodes is named in `keep`, when it says so (`graph.keep_f32`, by which samples keep the answers near f32), or, in f16,
    when its weights have numbers beyond 65504, or calibration (`graph.ranges`, `graph.product_range`) saw what does not fit. In f16, a region that computes with constants beyond 65504 (masks) stores its results clamped to that.

        %1 = graph.region "gemm"(%0, %w) : (f32, f32) -> f32 { %2 = graph.matmul %a, %b ; %3 = graph.relu %2 }
    ->  %1 = graph.region "gemm"(%0, %v) : (f16, f16) -> f16 { %2 = graph.matmul %a, %b : f16 ; %3 = graph.cast %2 {to = f32} ; %4 = graph.relu %3 ; %5 = graph.cast %4 {to = f16} }
  }];
  let options = [Option<"type", "type", "std::string", "\"f16\"", "f16 or bf16">,
                 Option<"keep", "keep", "std::string", "\"\"", "Names of nodes whose regions stay f32, ';' between them">,
                 Option<"io", "io", "bool", "false", "f32 inputs and outputs of the function take the type too">];
  let statistics = [Statistic<"converted", "converted", "Values in memory that take 16 bits">, Statistic<"kept", "kept", "Regions that stay f32">];
}
#endif

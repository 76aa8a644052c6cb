// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_FUSE_PASSES
#define MLC_FUSE_PASSES
include "mlir/Pass/PassBase.td"

def FuseAttention : Pass<"fuse-attention", "::mlir::func::FuncOp"> {
  let summary = "Group two products and the row-wise computation between them into one region";
  let description = [{
    Whatever an exporter writes between the two products counts, as long as it is pointwise (scale, mask, bias, NaN guard) or reduces rows (softmax written out) and nothing of it
    is used elsewhere. The region also takes what only moves or scales an operand (transposes and splits of heads, slices of one product for q, k and v) and a transpose of its
    result. Declined: products of other types than f32, rows without a reduction, scores that are used elsewhere too (returned attention weights).
    ```
    %s = graph.matmul %q, %kt
    %m = graph.reduce_max %s {axes = [3]}  ... exp, reduce_sum, div ...
    %y = graph.matmul %p, %v
    // becomes
    %y = graph.region "attention" (%q, %kt, %v) : ... { matmul, reduce_max, sub, exp, reduce_sum, div, matmul }
    ```
  }];
  let statistics = [Statistic<"numFused", "fused", "Attentions made one region">];
}

def FuseRegions : Pass<"fuse-regions", "::mlir::func::FuncOp"> {
  let summary = "Group ops into regions by anchor: products and convolutions with their epilogues, rows of reductions, chains of pointwise ops";
  let description = [{
    Ops are visited in order; one that is in no group yet starts one, which then grows along its users. What may join depends on the anchor:
    an epilogue op has the anchor's dims; a rows group takes pointwise ops and reductions over the last dim of one shape; a pointwise group takes
    pointwise ops of one shape. A group never closes a cycle through ops outside of it, and one that grew to several results falls back to its
    last prefix with few.
    ```
    %0 = graph.matmul %x, %w : ...
    %1 = graph.add %0, %b : ...
    %2 = graph.relu %1 : ...
    // becomes
    %2 = graph.region "gemm" (%x, %w, %b) : ... { matmul, add, relu }
    ```
  }];
  let statistics = [Statistic<"regions", "regions", "Regions of more than one op">];
}

def FormRegions : Pass<"form-regions", "::mlir::func::FuncOp"> {
  let summary = "Put every op that computes into a graph.region of its own";
  let description = [{
    What fusion leaves over, and all that -O0 does. Single-element constants are cloned inside; reshapes stay outside as views,
    and so do moves of constants, which are evaluated while the plan is written.
    ```
    %y = graph.relu %x : (tensor<4xf32>) -> tensor<4xf32>
    // becomes
    %y = graph.region "single" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>):
      %0 = graph.relu %a : (tensor<4xf32>) -> tensor<4xf32>
      graph.yield %0 : tensor<4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"regions", "regions", "Regions made">];
}
#endif

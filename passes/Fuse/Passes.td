// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_FUSE_PASSES
#define MLC_FUSE_PASSES
include "mlir/Pass/PassBase.td"

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

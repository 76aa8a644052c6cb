// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_FUSE_PASSES
#define MLC_FUSE_PASSES
include "mlir/Pass/PassBase.td"

def FormRegions : Pass<"mlc-form-regions", "::mlir::func::FuncOp"> {
  let summary = "Put every op that computes into a graph.region of its own";
  let description = [{
    What fusion starts from, and all that -O0 does. Single-element constants are cloned inside; reshapes stay outside as views,
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

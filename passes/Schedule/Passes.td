// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_SCHEDULE_PASSES
#define MLC_SCHEDULE_PASSES
include "mlir/Pass/PassBase.td"

def OrderForMemory : Pass<"order-for-memory", "::mlir::func::FuncOp"> {
  let summary = "Order the regions so that the least memory is live at once";
  let description = [{
    Of each block three orders are weighed at the sizes that tools assume (the opt values of the dims' ranges): the one it has, depth-first from what the block returns, and greedy (next is what frees most).
    The one with the smallest peak of live bytes stays; the block's own when it is as good. Views, placed concats, results in place and the kernels' workspaces count as the plan counts them, so this runs on regions
    whose kernels are known. The peaks are left on the function as `graph.peaks`, for the report.
    ```
    %a = graph.region "map" ...   // large
    %b = graph.region "map" ...   // large
    %c = graph.region "rows" (%a)  // small
    %d = graph.region "rows" (%b)  // small
    // becomes
    %a = graph.region "map" ...
    %c = graph.region "rows" (%a)
    %b = graph.region "map" ...
    %d = graph.region "rows" (%b)
    ```
  }];
  let statistics = [Statistic<"numReordered", "reordered", "Blocks whose order changed">];
}
#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_HOST_CHOOSE_PASSES
#define MLC_HOST_CHOOSE_PASSES
include "mlir/Pass/PassBase.td"

def HostPackOperands : Pass<"host-pack-operands", "::mlir::func::FuncOp"> {
  let summary = "Give the tiles of products and convolutions their packed operands";
  let description = [{
    The operand gets a chain of moves into packed form outside of the region, and the inverse chain inside (tiles/Panels.h). A constant's chain is evaluated while
    the plan is written; another operand's chain becomes a region of its own.
    ```
    %y = graph.region "gemm" (%a, %b) : ... { %0 = graph.matmul %a, %b }
    // becomes
    %p = graph.transpose (graph.reshape %b)
    %y = graph.region "gemm" (%a, %p) : ... { %0 = graph.reshape (graph.transpose %p); %1 = graph.matmul %a, %0 }
    ```
  }];
  let statistics = [Statistic<"packed", "packed", "Operands packed">];
}
#endif

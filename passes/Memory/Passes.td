// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_MEMORY_PASSES
#define MLC_MEMORY_PASSES
include "mlir/Pass/PassBase.td"

def PlaceConcats : Pass<"place-concats", "::mlir::func::FuncOp"> {
  let summary = "Let what a concat joins be written into the concat's memory";
  let description = [{
    A concat whose operands are all made by kernels, each for this concat alone, becomes a view: the kernels write their results with the strides of the whole, at their place in it, and
    nothing is copied. It is marked `graph.placed`; backends and the plan ask passes/Memory/Placement.h where a value lies.
    A concat whose operands lie side by side among those of a larger one, as in a dense block, is then a view of a part of it (`graph.inside`). An operand may be a view of its maker's result
    when the maker's dims have strides in the whole (the pixels of a feature map as one dim).
    Declined: an operand that is a move (fuse-moves makes one kernel of those), an argument, a constant or part of another concat, whose dense memory a view shows or that is returned; a result that is returned; dims that may be 0.
    ```
    %a = graph.region "conv" ...
    %b = graph.region "conv" ...
    %y = graph.concat %a, %b {axis = 3}
    // becomes
    %y = graph.concat %a, %b {axis = 3, graph.placed}
    ```
  }];
  let statistics = [Statistic<"numPlaced", "placed", "Concats that copy nothing">];
}
#endif

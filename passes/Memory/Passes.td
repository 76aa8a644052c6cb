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

def PlaceTransposes : Pass<"place-transposes", "::mlir::func::FuncOp"> {
  let summary = "Let a kernel store its result transposed";
  let description = [{
    A transpose that keeps the last dim, of what a product, rows or pointwise kernel makes for it alone, becomes a view: the kernel stores its rows where they are moved to. Where it counts its rows in other dims (the windows of
    an image as one dim) it is made again with the dims that are moved, its operands and other results viewed in those. Marked `graph.placed`, as placed concats are; saves a pass over the tensor and its launch, and costs nothing
    as long as rows are whole cache lines.
    Declined: rows of less than 64 bytes or of symbolic size, makers of other kinds, values that others read or that are returned, dims that may be 0, makers with operands that are neither rows nor the same for all of them.
    ```
    %p = graph.region "gemm" (%x, %w) : -> tensor<64x49x96xf32>
    %v = graph.reshape %p : -> tensor<8x8x7x7x96xf32>
    %y = graph.transpose %v {perm = [0, 2, 1, 3, 4]}
    // becomes
    %u = graph.reshape %x : -> tensor<8x8x7x7x96xf32>
    %p = graph.region "gemm" (%u, %w) : -> tensor<8x8x7x7x96xf32>
    %y = graph.transpose %p {perm = [0, 2, 1, 3, 4], graph.placed}
    ```
  }];
  let options = [Option<"explain", "explain", "bool", "false", "Note on readers why a transpose is a kernel of its own, for explain-fusion">];
  let statistics = [Statistic<"numPlaced", "placed", "Transposes that move nothing">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}
#endif

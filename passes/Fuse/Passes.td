// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_FUSE_PASSES
#define MLC_FUSE_PASSES
include "mlir/Pass/PassBase.td"

def MergeProducts : Pass<"merge-products", "::mlir::func::FuncOp"> {
  let summary = "Make one product of several with the same left operand";
  let description = [{
    Queries, keys and values of one attention are three products of one tensor. When right operands and biases are constants and the results are only moved (split into heads; queries may be scaled first),
    one wide product computes all, and slices of it take their places, which what moves them reads through. Declined: results that are computed with, which would need copies.
    ```
    %q = graph.matmul %x, %wq
    %k = graph.matmul %x, %wk
    // becomes
    %w = graph.concat %wq, %wk {axis = 1}      // of constants: evaluated while the plan is written
    %y = graph.matmul %x, %w
    %q = graph.slice %y ...
    %k = graph.slice %y ...
    ```
  }];
  let statistics = [Statistic<"numMerged", "merged", "Products that became part of another">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def MergeBranches : Pass<"merge-branches", "::mlir::func::FuncOp"> {
  let summary = "Make one convolution (or product) of several with the same input";
  let description = [{
    Convolutions of one tensor with the same window, strides and padding, no groups and constant weights, or products by constants, are one with all their columns; what follows each in the same way (biases, which become one vector; an activation)
    follows the one. Slices of the result take the places of the parts, which sink-slices lets their readers read in place. Branches of feature pyramids' heads, inception blocks. Runs behind channels-last and merge-products.
    Declined, with a note for explain-fusion: something else follows one of them in its kernel (another activation, a residual); a reader that would need a copy (concats, moves, results of the function); a cost: one
    launch and one pass over the input less, against cache lines of rows that lie apart (Cost.h).
    ```
    %a = graph.relu (graph.conv %x, %v)
    %b = graph.relu (graph.conv %x, %w)
    // becomes
    %vw = graph.concat %v, %w {axis = 0}         // of constants: evaluated while the plan is written
    %y = graph.relu (graph.conv %x, %vw)
    %a = graph.slice %y ...
    %b = graph.slice %y ...
    ```
  }];
  let options = [Option<"explain", "explain", "bool", "false", "Note on products why they are not part of another, for explain-fusion">];
  let statistics = [Statistic<"numMerged", "merged", "Convolutions and products that became part of another">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def FuseAttention : Pass<"fuse-attention", "::mlir::func::FuncOp"> {
  let summary = "Group two products and the row-wise computation between them into one region";
  let description = [{
    Whatever an exporter writes between the two products counts, as long as it is pointwise (scale, mask, bias, NaN guard) or reduces rows (softmax written out) and nothing of it
    is used elsewhere. The region also takes what only moves or scales an operand (transposes and splits of heads, slices of one product for q, k and v) and a transpose of its
    result. Declined: products of other types than f32, rows without a reduction, scores that are used elsewhere too (returned attention weights),
    values with batch dims that the scores lack, or computed from the scores. The options say what a target's kernels decline besides.
    ```
    %s = graph.matmul %q, %kt
    %m = graph.reduce_max %s {axes = [3]}  ... exp, reduce_sum, div ...
    %y = graph.matmul %p, %v
    // becomes
    %y = graph.region "attention" (%q, %kt, %v) : ... { matmul, reduce_max, sub, exp, reduce_sum, div, matmul }
    ```
  }];
  let options = [Option<"onlySoftmax", "only-softmax", "bool", "false", "take attention only where the rows are exactly a softmax of a function of the scores">,
                 Option<"mostQueries", "most-queries", "int64_t", "0", "and only where at most that many queries are assumed (a constant, the opt value of a range, ..); 0: any number">,
                 Option<"headMultiple", "head-multiple", "int64_t", "1", "and only heads (of queries and of values) of a known size that is a multiple of this">,
                 Option<"mostHead", "most-head", "int64_t", "0", "and at most this; 0: any">];
  let statistics = [Statistic<"numFused", "fused", "Attentions made one region">];
}

def FuseRotary : Pass<"fuse-rotary", "::mlir::func::FuncOp"> {
  let summary = "Group a rotary embedding by halves into one region";
  let description = [{
    What is turned as a whole, x cos + concat(-x2, x1) sin, is written by parts: each element is computed as before, and a region that ends in a concat along its last dim computes each part where it
    belongs. Declined: neighbours instead of halves, whose lanes would lie apart; other dims than the last and other types than f32; cosines or products that are read elsewhere too.
    ```
    %c = graph.mul %x, %cos
    %j = graph.concat %n, %x1                // %n = -%x2
    %s = graph.mul %j, %sin
    %y = graph.add %c, %s
    // becomes
    %y = graph.region "move" (%x, %cos, %sin) { concat(x1 * cos1 + (-x2) * sin1, x2 * cos2 + x1 * sin2) }
    ```
  }];
  let options = [Option<"explain", "explain", "bool", "false", "Print to stderr what is declined, and why">];
  let statistics = [Statistic<"numFused", "fused", "Rotary embeddings made one region">];
}

def FuseRegions : Pass<"fuse-regions", "::mlir::func::FuncOp"> {
  let summary = "Group ops into regions by anchor: products and convolutions with their epilogues, rows of reductions, reductions of one tensor, chains of pointwise ops";
  let description = [{
    Ops are visited in order; one that is in no group yet starts one, which then grows along its users. What may join depends on the anchor:
    an epilogue op has the anchor's dims; a rows group takes pointwise ops and reductions over the last dim of one shape; a pointwise group takes
    pointwise ops of one shape. A group never closes a cycle through ops or groups outside of it (GroupOrder.h), and one that grew to several results falls back to its
    last prefix with few.
    Reductions of one tensor over the same dims are one kernel, which reads it once: of rows, with what follows each of them, or of dims before the last (kind "columns", up to 4 results).
    Afterwards a group looks back: rows and pointwise groups take what feeds them alone and is cheap to read (lookups, ranges, slices, broadcasts, what computes
    masks and indices; where others use it too, it is cloned when the cost model says so; slices with steps only along dims that no lane runs along), a product by a constant takes a scale of its left operand as prologue, by the same model (passes/Fuse/Cost.h).
    ```
    %0 = graph.matmul %x, %w : ...
    %1 = graph.add %0, %b : ...
    %2 = graph.relu %1 : ...
    // becomes
    %2 = graph.region "gemm" (%x, %w, %b) : ... { matmul, add, relu }
    ```
  }];
  let options = [Option<"explain", "explain", "bool", "false", "Note on readers why they did not take in what makes their operands, for explain-fusion">];
  let statistics = [Statistic<"regions", "regions", "Regions of more than one op">];
}

def FuseMoves : Pass<"fuse-moves", "::mlir::func::FuncOp"> {
  let summary = "Make one region of moves that feed each other, and of cheap arithmetic in front of them";
  let description = [{
    A transpose, slice, concat, pad or expand takes in the moves (and the views between them) whose results only it uses, and likewise what casts, scales or shifts one tensor by
    constants (a picture's normalisation): a pointwise region of that kind is taken apart for it. Declined: what is used elsewhere too,
    a reshape with nothing of this behind it, which is a view and costs nothing outside, arithmetic on two tensors or with more than casts, sums and products.
    ```
    %s = graph.slice %x
    %t = graph.transpose %s
    %y = graph.concat %past, %t
    // becomes
    %y = graph.region "move" (%x, %past) : ... { slice, transpose, concat }
    ```
  }];
  let statistics = [Statistic<"numFused", "fused", "Regions made">];
}

def JoinMoves : Pass<"join-moves", "::mlir::func::FuncOp"> {
  let summary = "Make two moves of one shape that the same op reads one kernel with two results";
  let description = [{
    Keys and values of a cache: each is joined to what an input holds and moved in the same way, and attention or the caller reads both. Declined: results of other dims or types, no common reader, a
    second move that needs what is made after the first one, concats along the last dim (whose kernel copies part by part), moves of which one is a view.
    ```
    %k = graph.region "move"(%qkv, %past_k) ...
    %v = graph.region "move"(%qkv, %past_v) ...
    // becomes
    %kv:2 = graph.region "move"(%qkv, %past_k, %past_v) ...
    ```
  }];
  let statistics = [Statistic<"numJoined", "joined", "Pairs of moves made one region">];
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

def SinkSlices : Pass<"sink-slices", "::mlir::func::FuncOp"> {
  let summary = "Let regions read the slices that they use from the whole tensor";
  let description = [{
    A slice of neighbours is an offset to whoever reads it, so each region that uses one takes it inside; the copy is gone when no one else needs it.
    Reshapes of the slice go along into regions that read element by element.
    Declined: slices with steps; reshapes of a slice that a product or a convolution reads.
    ```
    %s = graph.region "single" (%x) { slice }
    %y = graph.region "conv" (%s, %w) { conv }
    // becomes
    %y = graph.region "conv" (%x, %w) { slice, conv }
    ```
  }];
  let statistics = [Statistic<"numSunk", "sunk", "Uses of slices taken inside">];
}

def ExplainFusion : Pass<"explain-fusion", "::mlir::func::FuncOp"> {
  let summary = "Print each value that one kernel hands to another through memory, and why";
  let description = [{
    One line per edge on stderr: maker, reader, shape, size and the reason: what fuse-regions noted on the reader (`graph.declined`, which this removes), else what follows from the kinds of
    the two, with the cost model's figures (passes/Fuse/Cost.h) where it decided. Then one line per occurrence of a pattern that recognise-patterns found: the kernels that hold its ops. The IR stays as it is.
    ```
    conv '/conv1' -> single '/pool', [n, 64, 112, 112] 3211.3 kB: 'graph.relu' and 'graph.max_pool' visit elements in different orders
    ```
  }];
}
#endif

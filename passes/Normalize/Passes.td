// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_PASSES_NORMALIZE
#define MLC_PASSES_NORMALIZE
include "mlir/Pass/PassBase.td"

def FoldShapes : Pass<"fold-shapes", "::mlir::func::FuncOp"> {
  let summary = "Replaces shape arithmetic by constants and dims_tensor ops";
  let description = [{
    Small integer and bool values whose elements are numbers become constants; those whose elements are expressions over the symbols become one
    `graph.dims_tensor`. The ops that computed them are dead afterwards and are removed.

    ```
    %s = graph.shape %x : (tensor<?x4xf32>) -> tensor<2xi64>      // x has dims [b, 4]
    %d = graph.mul %s, %two                                        // used as data
    ```
    becomes
    ```
    %d = graph.dims_tensor {elements = #graph.dims<["2*b", 8]>, type = tensor<2xi64>} : () -> tensor<2xi64>
    ```
  }];
  let statistics = [Statistic<"numFolded", "folded", "Values replaced">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def SpecializeShapes : Pass<"specialize-shapes", "::mlir::func::FuncOp"> {
  let summary = "Gives symbols their values and infers all shapes again";
  let description = [{
    `shapes=x=1x3x224x224;y=1x?` names inputs and their dims, `dims=batch=1,seq=64:128:256` names symbols and their values or narrower ranges. Every
    `#graph.dims` attribute of the function and its arguments is rewritten, then result types are inferred again. A shape that contradicts the function's is an error.

    ```
    func.func @main(%x: tensor<?x4xf32> {graph.dims = #graph.dims<["b", 4]>, graph.name = "x"})   // shapes=x=2x4
    ```
    becomes
    ```
    func.func @main(%x: tensor<2x4xf32> {graph.dims = #graph.dims<[2, 4]>, graph.name = "x"})
    ```
  }];
  let options = [Option<"shapes", "shapes", "std::string", "\"\"", "NAME=1x3x224x224;... dims of inputs, ? keeps one">,
                 Option<"dims", "dims", "std::string", "\"\"", "NAME=NUMBER,NAME=MIN:OPT:MAX,... values and narrower ranges of symbols">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def AddPreprocessing : Pass<"add-preprocessing", "::mlir::func::FuncOp"> {
  let summary = "Lets inputs take pictures as programs have them, and normalises them in the graph";
  let description = [{
    `pictures=x=u8,nhwc,bgr,mean=0.485:0.456:0.406,std=0.229:0.224:0.225;y=nhwc` names inputs of 4 dims and a float type and says what comes in instead: bytes (u8), channels
    last (nhwc), the three channels in the opposite of the model's order (bgr). The model is given (pixel * scale - mean) / std; mean and std have one number for all
    channels or one per channel in the model's order; scale is 1/255 for u8, else 1. `axis=3` tells that the model's own input is channels-last. Symbols
    stay with their dims. An input that is not there or does not fit is an error.

    ```
    func.func @main(%x: tensor<?x3x32x32xf32> {graph.dims = #graph.dims<["n", 3, 32, 32]>, graph.name = "x"})   // pictures=x=u8,nhwc,bgr,mean=0.5,std=0.5
    ```
    becomes
    ```
    func.func @main(%p: tensor<?x32x32x3xui8> {graph.dims = #graph.dims<["n", 32, 32, 3]>, graph.name = "x"})
      %r = graph.slice %p {starts = #graph.dims<[0, 0, 0, 2]>, steps = array<i64: 1, 1, 1, -1>, dims = #graph.dims<["n", 32, 32, 3]>}
      %f = graph.cast %r {to = f32}
      %s = graph.mul %f, 2/255
      %t = graph.add %s, -1
      %x = graph.transpose %t {perm = array<i64: 0, 3, 1, 2>}
    ```
  }];
  let options = [Option<"pictures", "pictures", "std::string", "\"\"", "INPUT=KEY,KEY=VALUE,..;... what comes in for inputs">];
  let statistics = [Statistic<"numInputs", "inputs", "Inputs that take pictures now">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def FoldBatchNorm : Pass<"fold-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "Folds batch_norm after a convolution into its weights and bias";
  let description = [{
    Fires when the convolution has no other user and weights, bias, scale, shift, mean and variance derive from constants alone. The new weights are
    written as ops on constants, which constant folding computes.

    ```
    %c = graph.conv %x, %w {...}
    %y = graph.batch_norm %c, %scale, %bias, %mean, %var {epsilon = e}
    ```
    becomes, with a = scale / sqrt(var + e),
    ```
    %y = graph.conv %x, (%w * a), (%bias - %mean * a) {...}
    ```
  }];
  let statistics = [Statistic<"numFolded", "folded", "Norms folded">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def FoldPads : Pass<"fold-pads", "::mlir::func::FuncOp"> {
  let summary = "Makes a pad the padding of the convolution or pool behind it";
  let description = [{
    Zeros go into a convolution; into an average whose own padding, if any, counts; into a maximum of what is never negative. -inf goes into any maximum, as long as every window has an
    element of x. Declined: other modes and values, crops, symbolic counts, pads of batch or channels, pools in ceil mode.

    ```
    %p = graph.pad %x {low = #graph.dims<[0, 0, 1, 1]>, high = #graph.dims<[0, 0, 1, 1]>}
    %y = graph.conv %p, %w {pads = array<i64: 0, 0, 0, 0>, ...}
    ```
    becomes
    ```
    %y = graph.conv %x, %w {pads = array<i64: 1, 1, 1, 1>, ...}
    ```
  }];
  let statistics = [Statistic<"numFolded", "folded", "Pads folded">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def SimplifyControl : Pass<"simplify-control", "::mlir::func::FuncOp"> {
  let summary = "Inlines an if of a known condition, moves what does not change out of loops, unrolls short loops";
  let description = [{
    A loop is unrolled when its trip count is a number, nothing can end it before, and its iterations are at most 256 ops together. What uses nothing of a loop's body moves before the loop, unless
    it may be a data fault (gather, integer division) or requires something of dims that only a run decides: the loop may never be entered.

    ```
    %y = graph.loop %two, %true, %x : ... { ^bb0(%i, %c, %s): %e = graph.exp %w; %t = graph.mul %s, %e; graph.yield %c, %t }
    ```
    becomes
    ```
    %e = graph.exp %w
    %t = graph.mul %x, %e
    %y = graph.mul %t, %e
    ```
  }];
  let statistics = [Statistic<"numInlined", "inlined", "Branches inlined">, Statistic<"numHoisted", "hoisted", "Ops moved before a loop">, Statistic<"numUnrolled", "unrolled", "Loops unrolled">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def JoinBranches : Pass<"join-branches", "::mlir::func::FuncOp"> {
  let summary = "Moves what both branches of an if compute in front of it";
  let description = [{
    Ops of one name, attributes and result types are equal when their operands are, wherever in the branches they stand. One of the branches runs, so nothing is computed that was not before. A result
    that both branches take from outside is that value. Declined: ops that hold regions; ops of which only one branch has the like, or with other attributes or operands.

    ```
    %y = graph.if %c { %a = graph.exp %x; %b = graph.neg %a; graph.yield %b } else { %d = graph.exp %x; graph.yield %d }
    ```
    becomes
    ```
    %a = graph.exp %x
    %y = graph.if %c { %b = graph.neg %a; graph.yield %b } else { graph.yield %a }
    ```
  }];
  let statistics = [Statistic<"numJoined", "joined", "Ops moved in front of an if">, Statistic<"numReplaced", "replaced", "Results that both branches agree on">];
}

def MergeLinear : Pass<"merge-linear", "::mlir::func::FuncOp"> {
  let summary = "Merges linear layers in a row, and what norms scale and shift by into the products that follow";
  let description = [{
    Two products by constants, or two convolutions of one pixel, become one when the merged weights are no larger than both (LoRA's pairs stay). A constant row added to the left operand
    of products goes through them into their bias, one that it is multiplied with into their weights. Declined: products of more than 64 Ki weights, beside which the row costs less than reading the
    weights while compiling, unless it stands between two that merge; results that others use, weights that others use and that would be kept twice. The new weights are ops on constants, which
    fold-constants computes.

    ```
    %s = graph.mul %n, %scale
    %a = graph.add %s, %shift
    %p = graph.matmul %a, %w
    %y = graph.add %p, %bias
    ```
    becomes
    ```
    %p = graph.matmul %n, (%scale * %w)
    %y = graph.add %p, (%shift %w + %bias)
    ```
  }];
  let statistics = [Statistic<"numMerged", "merged", "Ops that went into others">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def FoldArithmetic : Pass<"fold-arithmetic", "::mlir::func::FuncOp"> {
  let summary = "Computes f32 sums, differences, products, quotients, roots and reciprocals of constants in place";
  let description = [{
    What batch norms and scales leave: a few ops each, of as many shapes as there are layers, for which fold-constants would compile as many kernels. The results
    are exact by IEEE 754, as a kernel's. Operands are broadcast; reshapes of constants count as constants. Left alone: other types, elided weights, a value larger
    than 64 KiB and twice its operands.

    ```
    %s = graph.sqrt %c : (tensor<2xf32>) -> tensor<2xf32>    // %c = [4, 9]
    ```
    becomes
    ```
    %s = graph.constant dense<[2.0, 3.0]> : tensor<2xf32>
    ```
  }];
  let statistics = [Statistic<"numFolded", "folded", "Values replaced by constants">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def FoldConstants : Pass<"fold-constants", "::mlir::func::FuncOp"> {
  let summary = "Computes everything that derives from constants alone";
  let description = [{
    All ops whose operands are constants are put into one function, which is compiled for one fixed baseline and run in process by the runtime; what of it is
    used elsewhere becomes constants (resources over 1 KiB). Moves alone (reshape, transpose, pad, slice, concat) stay: the plan writer evaluates
    them. Also left alone: a value larger than 64 KiB and twice the constants it derives from, so that a plan never grows by folding; weights that are elided;
    and everything, with a warning, when the computation itself fails (an index out of range).

    ```
    %s = graph.less %c, %d : (tensor<2xf32>, tensor<f32>) -> tensor<2xi1>    // %c = [4, 9], %d = 5
    ```
    becomes
    ```
    %s = graph.constant dense<[true, false]> : tensor<2xi1>
    ```
  }];
  let statistics = [Statistic<"numFolded", "folded", "Values replaced by constants">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def SinkReshapes : Pass<"sink-reshapes", "::mlir::func::FuncOp"> {
  let summary = "Moves reshapes behind products and pointwise ops, so that these meet what they fuse with";
  let description = [{
    The rows of a product by a matrix can be counted in any shape, and a pointwise op does not care, as long as its other operands are single elements or follow
    the last dim, which stays. Behind a deconvolution whose windows do not overlap, a product whose columns are transposed to the pixels of blocks, a pointwise op with constants per channel moves in
    front of that transpose too, where it is the product's epilogue. Declined: operands of other shapes, reshapes that change the last dim under an operand that follows it.

    ```
    %f = graph.reshape %x {dims = [6, 8]}     // from 2x3x8
    %p = graph.matmul %f, %w                  // 8x4
    %y = graph.add %p, %bias
    ```
    becomes
    ```
    %p = graph.matmul %x, %w
    %a = graph.add %p, %bias
    %y = graph.reshape %a {dims = [6, 4]}
    ```
  }];
  let statistics = [Statistic<"numSunk", "sunk", "Ops that a reshape moved behind">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def ExpandComposites : Pass<"expand-composites", "::mlir::func::FuncOp"> {
  let summary = "Writes softmax and the norms in reductions and pointwise ops";
  let description = [{
    softmax, log_softmax, layer_norm, rms_norm, batch_norm, instance_norm and group_norm. fp16 and bf16 are computed in f32.
    `keep-softmax` leaves softmax whole, so that layout can still change its axis.

    ```
    %y = graph.softmax %x {axis = 1}
    ```
    becomes
    ```
    %m = graph.reduce_max %x {axes = [1]}
    %d = graph.sub %x, %m
    %e = graph.exp %d
    %s = graph.reduce_sum %e {axes = [1]}
    %y = graph.div %e, %s
    ```
  }];
  let options = [Option<"keepSoftmax", "keep-softmax", "bool", "false", "Leave softmax as it is">];
  let statistics = [Statistic<"numExpanded", "expanded", "Ops expanded">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}

def SimplifyAlgebra : Pass<"simplify-algebra", "::mlir::func::FuncOp"> {
  let summary = "Removes ops that change nothing and replaces some by cheaper ones";
  let description = [{
    One walk from front to back. Gone: x + 0, x - 0, x * 1, x / 1, x ** 1, expand, reshape, slice, pad and tile that keep all dims, concat of one operand,
    casts there and back that lose nothing, where with a constant condition. Cheaper: x ** 2 and x ** 3 by mul, x ** 0.5 by sqrt, x ** -1 by reciprocal, division by a power
    of two by mul, a transpose that only moves dims of 1 by reshape. A product by a transposed softmax becomes the transpose of one with the softmax on the left (attention). Also gone: a product by the identity, a slice of a slice, a slice
    of a concat that lies in one of its parts; neighbouring slices in a concat become one.

    ```
    %y = graph.pow %x, %two
    ```
    becomes
    ```
    %y = graph.mul %x, %x
    ```
  }];
  let statistics = [Statistic<"numSimplified", "simplified", "Ops replaced">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}
#endif

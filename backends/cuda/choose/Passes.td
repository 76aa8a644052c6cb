// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_CUDA_PASSES
#define MLC_BACKENDS_CUDA_PASSES

include "mlir/Pass/PassBase.td"

def CudaFoldPatches : Pass<"cuda-fold-patches", "::mlir::func::FuncOp"> {
  let summary = "Windows that lie side by side become channels";
  let description = [{
    Patch embeddings: a convolution whose windows neither overlap nor leave gaps along W reads, channels last, S * C neighbouring elements of each row of a window. The picture is seen as [N, H, W / S, S * C] (no copy) and the
    constant weights as [Cout, S * C, R, 1], so that what is read is whole vectors where C channels (3, mostly) are none. Pads, dilation or a rest along W, and channels that are vectors already, decline.

        %y = graph.region "conv"(%x, %w) { graph.conv %a, %b {strides = [16, 16]} } : (1x224x224x3, 768x3x16x16)
    ->  %u = graph.reshape %x   %v = graph.transpose, graph.reshape %w
        %y = graph.region "conv"(%u, %v) { graph.conv %a, %b {strides = [16, 1]} } : (1x224x14x48, 768x48x16x1)
  }];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
  let statistics = [Statistic<"folded", "folded", "Number of convolutions">];
}

def CudaPackWeights : Pass<"cuda-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "Constant weights of convolutions come with the channels last";
  let description = [{
    The kernels read weights in whole vectors along the input channels ([Cout, R, S, C]), of depthwise convolutions along the channels ([R, S, C, 1]). The region takes the transposed
    constant and transposes it back inside, which costs nothing: element functions and templates read through moves.

        %y = graph.region "conv"(%x, %w) { ^bb0(%a, %b): %c = graph.conv %a, %b {channels_last, ..} ... }
    ->  %p = graph.transpose %w {perm = [0, 2, 3, 1]}
        %y = graph.region "conv"(%x, %p) { ^bb0(%a, %q): %b = graph.transpose %q {perm = [0, 3, 1, 2]}  %c = graph.conv %a, %b ... }
  }];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
  let statistics = [Statistic<"packed", "packed", "Number of weights packed">];
}

def CudaPackStems : Pass<"cuda-pack-stems", "::mlir::func::FuncOp"> {
  let summary = "Convolutions of an image's 3 or 4 channels get their weights as matrix fragments, and compute their image themselves";
  let description = [{
    The stem template (kernels/stem.cuh) holds weights in registers, 16 bytes of each lane at a time: constant ones come as (16 filters, 4 taps, what each lane has of these), with zeros for what is no filter, tap or channel, and the region
    moves them back inside. The region that makes the image (its type, layout, border, normalisation) for the convolution alone joins it: the kernel asks for each pixel of a block's windows once.

        %m = graph.region "move"(%image) { graph.cast  graph.transpose  graph.pad }
        %y = graph.region "conv"(%m, %w) : (1x230x230x3, 64x3x7x7) { ^bb0(%a, %b): %c = graph.conv %a, %b ... }
    ->  %p = ... graph.reshape : 4x13x256
        %y = graph.region "conv"(%image, %p) { ^bb0(%i, %q): graph.cast  graph.transpose  graph.pad  ..  %c = graph.conv ... }
  }];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
  let statistics = [Statistic<"packed", "packed", "Number of weights packed">, Statistic<"joined", "joined", "Number of regions that joined the convolution they made the image of">];
}

def CudaPadProducts : Pass<"cuda-pad-products", "::mlir::func::FuncOp"> {
  let summary = "Rows of products that are no whole vectors are stored longer";
  let description = [{
    A product reads its operands 16 bytes at a time, where rows start at multiples of 16 bytes. Constant weights whose rows are no multiples of 8 are padded with zeros while the plan is written, longer ones to
    whole lines of 128 bytes where that adds an eighth at most; activations whose rows
    are not are stored with zeros behind each row by their maker when it computes element by element, else copied once, where the product is large enough to pay for that. The region slices both back inside:
    the template reads through it and masks what lies behind a row (kernels/product.cuh).

        %y = graph.region "gemm"(%x, %w) : (4096x767, 767x1001) { %p = graph.matmul %a, %b .. }
    ->  %v = graph.pad %w : 767x1024   %u = graph.region "move"(%x) { graph.pad : 4096x768 }
        %y = graph.region "gemm"(%u, %v) { %a = graph.slice %c   %b = graph.slice %d   %p = graph.matmul %a, %b .. }
  }];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
  let statistics = [Statistic<"weightsPadded", "weights", "Number of weights padded">, Statistic<"stored", "stored", "Number of values that their makers store padded">,
                    Statistic<"copied", "copied", "Number of values copied">];
}

def CudaNarrowBiases : Pass<"cuda-narrow-biases", "::mlir::func::FuncOp"> {
  let summary = "Biases of products for cuBLASLt have the type of what they are added to in memory";
  let description = [{
    With --library=cublaslt, once types are decided. The library adds a bias of the result's type. One that is a constant in f32 while the result is f16 or bf16 is rounded to that when the plan is written, as all weights
    of such a plan are; the sum stays one of f32. Others are left alone: the library then declines.

        %y = graph.region "gemm"(%x, %w, %b) : f16, f16, f32 { %p = graph.matmul ..  %f = graph.cast %p {to = f32}  %s = graph.add %f, %b  %y = graph.cast %s {to = f16} }
    ->  %n = graph.cast %b {to = f16}
        %y = graph.region "gemm"(%x, %w, %n) : f16, f16, f16 { %c = graph.cast %n {to = f32} ..  %s = graph.add %f, %c .. }
  }];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
  let statistics = [Statistic<"narrowedBiases", "narrowed", "Number of biases narrowed">];
}

#endif

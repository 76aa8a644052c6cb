// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_LAYOUT_PASSES
#define MLC_LAYOUT_PASSES
include "mlir/Pass/PassBase.td"

def ChannelsLast : Pass<"channels-last", "::mlir::func::FuncOp"> {
  let summary = "Run convolutions, pooling and resizing on channels-last tensors";
  let description = [{
    Spatial ops are rewritten between a transpose before and one behind; one walk in order then sinks the transposes behind through the ops that follow
    (pointwise, concat, pad, slice, reductions), so that between two spatial ops they meet and cancel. Tensors with one spatial dim get a second of extent 1.
    Parts of the graph whose kernels gain less than the transposes at their borders cost stay as they are (LayoutChoice.h: pooling alone, grouped convolutions without a kernel of their own).
    A convolution's bias becomes an add, a 1x1 convolution a product of [pixels, channels].
    ```
    %y = graph.conv %x, %w, %b : NCHW
    // becomes
    %0 = graph.transpose %x {perm = [0, 2, 3, 1]}
    %1 = graph.conv %0, %w {channels_last = true}
    %2 = graph.add %1, %b
    %y = graph.transpose %2 {perm = [0, 3, 1, 2]}
    ```
  }];
  let options = [Option<"always", "always", "bool", "false", "Rewrite every part, for targets whose kernels of channels-first tensors are no match">,
                 Option<"explain", "explain", "bool", "false", "Print for each part of the graph what it gains and what its borders cost">];
  let statistics = [Statistic<"spatial", "spatial", "Spatial ops rewritten">, Statistic<"sunk", "sunk", "Transposes moved behind an op">];
}

def SetIoLayout : Pass<"set-io-layout", "::mlir::func::FuncOp"> {
  let summary = "Give inputs and outputs another layout than the model's";
  let description = [{
    `layouts=x=nhwc;y=nchw` names inputs and outputs of 4 dims: `nhwc` where the model has NCHW, `nchw` where it has NHWC. A transpose at the border makes the model's layout of it; channels-last cancels it where the graph
    computes in that layout anyway. Symbols stay with their dims. A name that is not there, other than 4 dims or another layout is an error that names what there is.
    ```
    func.func @main(%x: tensor<?x3x32x32xf32> {graph.name = "x"})                                            // layouts=x=nhwc
    // becomes
    func.func @main(%p: tensor<?x32x32x3xf32> {graph.name = "x"})
      %x = graph.transpose %p {perm = array<i64: 0, 3, 1, 2>}
    ```
  }];
  let options = [Option<"layouts", "layouts", "std::string", "\"\"", "NAME=nhwc|nchw;...">];
  let statistics = [Statistic<"numChanged", "changed", "Inputs and outputs with another layout">];
  let dependentDialects = ["::mlc::graph::GraphDialect"];
}
#endif

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
  let statistics = [Statistic<"spatial", "spatial", "Spatial ops rewritten">, Statistic<"sunk", "sunk", "Transposes moved behind an op">];
}
#endif

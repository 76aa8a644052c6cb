// RUN: mlc-opt %s --set-io-layout='layouts=x=nhwc;y=nhwc' | FileCheck %s
// RUN: mlc-opt %s --set-io-layout='layouts=x=nhwc;y=nhwc' --channels-last --canonicalize --simplify-algebra | FileCheck %s --check-prefix=CANCELS
// RUN: mlc-opt %s --set-io-layout='layouts=h=nchw' | FileCheck %s --check-prefix=FIRST
// RUN: mlc-opt %s --set-io-layout | FileCheck %s --check-prefix=NONE
// RUN: not mlc-opt %s --set-io-layout='layouts=q=nhwc' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not mlc-opt %s --set-io-layout='layouts=k=nhwc' 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not mlc-opt %s --set-io-layout='layouts=z=nhwc' 2>&1 | FileCheck %s --check-prefix=OUTRANK
// RUN: not mlc-opt %s --set-io-layout='layouts=x=nwhc' 2>&1 | FileCheck %s --check-prefix=LAYOUT
// RUN: not mlc-opt %s --set-io-layout='layouts=nhwc' 2>&1 | FileCheck %s --check-prefix=LAYOUT
// RUN: not mlc-opt %s --set-io-layout='layouts=x=nhwc;x=nhwc' 2>&1 | FileCheck %s --check-prefix=TWICE

// CHECK: @main(%[[P:.*]]: tensor<?x8x8x16xf32> {graph.dims = #graph.dims<["n", 8, 8, 16]>, graph.name = "x"}, {{.*}}) -> (tensor<?x6x6x4xf32> {graph.name = "y"}
// CHECK: %[[X:.*]] = graph.transpose %[[P]] {perm = array<i64: 0, 3, 1, 2>}
// CHECK: %[[Y:.*]] = graph.conv %[[X]]
// CHECK: %[[Q:.*]] = graph.transpose %[[Y]] {perm = array<i64: 0, 2, 3, 1>}
// CHECK: return %[[Q]]

// The convolution computes in that layout: nothing is moved.
// CANCELS: %[[Y:.*]] = graph.conv %arg0, {{.*}}channels_last = true
// CANCELS-NOT: graph.transpose
// CANCELS: return %[[Y]]

// FIRST: %arg1: tensor<2x3x4x5xui8> {graph.name = "h"}
// FIRST: graph.transpose %arg1 {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x3x4x5xui8>) -> tensor<2x4x5x3xui8>

// NONE: @main(%{{.*}}: tensor<?x16x8x8xf32>

// UNKNOWN: cannot set the layout: there is no 'q'; the inputs are 'x' [n, 16, 8, 8] f32, 'h' [2, 4, 5, 3] ui8, 'k' [3] f32, the outputs 'y' [n, 4, 6, 6] f32, 'g' [2, 4, 5, 3] f32, 'z' [3] f32
// RANK: cannot set the layout: 'k' has no 4 dims
// OUTRANK: cannot set the layout: 'z' has no 4 dims
// LAYOUT: is neither NAME=nhwc nor NAME=nchw
// TWICE: cannot set the layout: 'x' is named twice
func.func @main(%x: tensor<?x16x8x8xf32> {graph.name = "x", graph.dims = #graph.dims<["n", 16, 8, 8]>}, %h: tensor<2x4x5x3xui8> {graph.name = "h"}, %k: tensor<3xf32> {graph.name = "k"})
    -> (tensor<?x4x6x6xf32> {graph.name = "y"}, tensor<2x4x5x3xf32> {graph.name = "g"}, tensor<3xf32> {graph.name = "z"}) attributes {graph.symbols = {n = array<i64: 1, 1, 64, 1>}} {
  %w = graph.constant dense<1.0> : tensor<4x16x3x3xf32>
  %y = graph.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, group = 1 : i64, channels_last = false} : (tensor<?x16x8x8xf32>, tensor<4x16x3x3xf32>) -> tensor<?x4x6x6xf32>
  %g = graph.cast %h {to = f32} : (tensor<2x4x5x3xui8>) -> tensor<2x4x5x3xf32>
  %z = graph.relu %k : (tensor<3xf32>) -> tensor<3xf32>
  return %y, %g, %z : tensor<?x4x6x6xf32>, tensor<2x4x5x3xf32>, tensor<3xf32>
}

// RUN: mlc-opt %s --split-input-file --cuda-pack-weights | FileCheck %s

// Input channels last, and back inside.
// CHECK-LABEL: @convolution
// CHECK: %[[W:.*]] = graph.constant
// CHECK: %[[P:.*]] = graph.transpose %[[W]] {perm = array<i64: 0, 2, 3, 1>} : (tensor<8x4x3x3xf32>) -> tensor<8x3x3x4xf32>
// CHECK: graph.region "conv"(%arg0, %[[P]])
// CHECK: %[[B:.*]] = graph.transpose %{{.*}} {perm = array<i64: 0, 3, 1, 2>}
// CHECK: graph.conv %{{.*}}, %[[B]]
func.func @convolution(%x: tensor<1x5x5x4xf32>) -> tensor<1x3x3x8xf32> {
  %w = graph.constant dense<1.0> : tensor<8x4x3x3xf32>
  %y = graph.region "conv" (%x, %w) : (tensor<1x5x5x4xf32>, tensor<8x4x3x3xf32>) -> tensor<1x3x3x8xf32> {
  ^bb0(%a: tensor<1x5x5x4xf32>, %b: tensor<8x4x3x3xf32>):
    %0 = graph.conv %a, %b {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x5x5x4xf32>, tensor<8x4x3x3xf32>) -> tensor<1x3x3x8xf32>
    graph.yield %0 : tensor<1x3x3x8xf32>
  }
  return %y : tensor<1x3x3x8xf32>
}

// -----

// Depthwise: all channels last.
// CHECK-LABEL: @depthwise
// CHECK: graph.transpose %{{.*}} {perm = array<i64: 2, 3, 0, 1>} : (tensor<4x1x3x3xf32>) -> tensor<3x3x4x1xf32>
func.func @depthwise(%x: tensor<1x5x5x4xf32>) -> tensor<1x3x3x4xf32> {
  %w = graph.constant dense<1.0> : tensor<4x1x3x3xf32>
  %y = graph.region "conv" (%x, %w) : (tensor<1x5x5x4xf32>, tensor<4x1x3x3xf32>) -> tensor<1x3x3x4xf32> {
  ^bb0(%a: tensor<1x5x5x4xf32>, %b: tensor<4x1x3x3xf32>):
    %0 = graph.conv %a, %b {channels_last = true, group = 4, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x5x5x4xf32>, tensor<4x1x3x3xf32>) -> tensor<1x3x3x4xf32>
    graph.yield %0 : tensor<1x3x3x4xf32>
  }
  return %y : tensor<1x3x3x4xf32>
}

// -----

// Declines: weights that a run brings, and channels first.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.transpose
func.func @declines(%x: tensor<1x5x5x4xf32>, %w: tensor<8x4x3x3xf32>) -> tensor<1x3x3x8xf32> {
  %y = graph.region "conv" (%x, %w) : (tensor<1x5x5x4xf32>, tensor<8x4x3x3xf32>) -> tensor<1x3x3x8xf32> {
  ^bb0(%a: tensor<1x5x5x4xf32>, %b: tensor<8x4x3x3xf32>):
    %0 = graph.conv %a, %b {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x5x5x4xf32>, tensor<8x4x3x3xf32>) -> tensor<1x3x3x8xf32>
    graph.yield %0 : tensor<1x3x3x8xf32>
  }
  return %y : tensor<1x3x3x8xf32>
}

// RUN: mlc-opt %s --split-input-file --cuda-fold-patches | FileCheck %s

// CHECK-LABEL: @patches
// CHECK-SAME: %[[X:.*]]: tensor<1x8x24x3xf16>
// CHECK-DAG: %[[U:.*]] = graph.reshape %[[X]] {dims = #graph.dims<[1, 8, 3, 24]>}
// CHECK-DAG: %[[T:.*]] = graph.transpose %{{.*}} {perm = array<i64: 0, 3, 1, 2>} : (tensor<16x3x2x8xf16>) -> tensor<16x8x3x2xf16>
// CHECK-DAG: %[[V:.*]] = graph.reshape %[[T]] {dims = #graph.dims<[16, 24, 2, 1]>}
// CHECK: graph.region "conv"(%[[U]], %[[V]])
// CHECK: graph.conv {{.*}} strides = array<i64: 2, 1>} : (tensor<1x8x3x24xf16>, tensor<16x24x2x1xf16>) -> tensor<1x4x3x16xf16>
func.func @patches(%x: tensor<1x8x24x3xf16>) -> tensor<1x4x3x16xf16> {
  %w = graph.constant dense<1.0> : tensor<16x3x2x8xf16>
  %y = graph.region "conv" (%x, %w) : (tensor<1x8x24x3xf16>, tensor<16x3x2x8xf16>) -> tensor<1x4x3x16xf16> {
  ^bb0(%a: tensor<1x8x24x3xf16>, %b: tensor<16x3x2x8xf16>):
    %0 = graph.conv %a, %b {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 8>} : (tensor<1x8x24x3xf16>, tensor<16x3x2x8xf16>) -> tensor<1x4x3x16xf16>
    graph.yield %0 : tensor<1x4x3x16xf16>
  }
  return %y : tensor<1x4x3x16xf16>
}

// -----

// Declines: windows that overlap.
// CHECK-LABEL: @overlap
// CHECK-NOT: graph.reshape
func.func @overlap(%x: tensor<1x8x24x3xf16>) -> tensor<1x4x5x16xf16> {
  %w = graph.constant dense<1.0> : tensor<16x3x2x8xf16>
  %y = graph.region "conv" (%x, %w) : (tensor<1x8x24x3xf16>, tensor<16x3x2x8xf16>) -> tensor<1x4x5x16xf16> {
  ^bb0(%a: tensor<1x8x24x3xf16>, %b: tensor<16x3x2x8xf16>):
    %0 = graph.conv %a, %b {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 4>} : (tensor<1x8x24x3xf16>, tensor<16x3x2x8xf16>) -> tensor<1x4x5x16xf16>
    graph.yield %0 : tensor<1x4x5x16xf16>
  }
  return %y : tensor<1x4x5x16xf16>
}

// -----

// Declines: channels that are whole vectors as they are.
// CHECK-LABEL: @vectors
// CHECK-NOT: graph.reshape
func.func @vectors(%x: tensor<1x8x24x8xf16>) -> tensor<1x4x12x16xf16> {
  %w = graph.constant dense<1.0> : tensor<16x8x2x2xf16>
  %y = graph.region "conv" (%x, %w) : (tensor<1x8x24x8xf16>, tensor<16x8x2x2xf16>) -> tensor<1x4x12x16xf16> {
  ^bb0(%a: tensor<1x8x24x8xf16>, %b: tensor<16x8x2x2xf16>):
    %0 = graph.conv %a, %b {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<1x8x24x8xf16>, tensor<16x8x2x2xf16>) -> tensor<1x4x12x16xf16>
    graph.yield %0 : tensor<1x4x12x16xf16>
  }
  return %y : tensor<1x4x12x16xf16>
}

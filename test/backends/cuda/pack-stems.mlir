// RUN: mlc-opt %s --split-input-file --cuda-pack-stems | FileCheck %s

// Weights as fragments, and back inside; the region that makes the image joins.
// CHECK-LABEL: @stem
// CHECK: %[[W:.*]] = graph.constant
// CHECK: graph.reshape %[[W]] {{.*}} -> tensor<24x9x3xf16>
// CHECK: graph.pad {{.*}}{high = #graph.dims<[8, 3, 1]>, low = #graph.dims<[0, 0, 0]>} : (tensor<24x9x3xf16>) -> tensor<32x12x4xf16>
// CHECK: graph.reshape {{.*}} -> tensor<1x8x2x2x3x4x2x2xf16>
// CHECK: graph.transpose {{.*}}{perm = array<i64: 0, 2, 4, 1, 5, 6, 3, 7>}
// CHECK: %[[P:.*]] = graph.reshape {{.*}} -> tensor<2x3x256xf16>
// CHECK: graph.region "conv"(%arg0, %[[P]]) : (tensor<1x3x8x8xf32>, tensor<2x3x256xf16>) -> tensor<1x4x4x24xf16>
// CHECK: graph.cast
// CHECK: graph.pad
// CHECK: graph.transpose {{.*}}{perm = array<i64: 0, 3, 1, 6, 2, 4, 5, 7>}
// CHECK: graph.slice {{.*}} : (tensor<32x12x4xf16>) -> tensor<24x9x3xf16>
// CHECK: %[[B:.*]] = graph.transpose {{.*}} -> tensor<24x3x3x3xf16>
// CHECK: graph.conv %{{.*}}, %[[B]]
func.func @stem(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x4x24xf16> {
  %w = graph.constant dense<1.0> : tensor<24x3x3x3xf16>
  %m = graph.region "move" (%x) : (tensor<1x3x8x8xf32>) -> tensor<1x10x10x3xf16> {
  ^bb0(%a: tensor<1x3x8x8xf32>):
    %0 = graph.cast %a {to = f16} : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf16>
    %1 = graph.transpose %0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf16>) -> tensor<1x8x8x3xf16>
    %2 = graph.pad %1 {high = #graph.dims<[0, 1, 1, 0]>, low = #graph.dims<[0, 1, 1, 0]>} : (tensor<1x8x8x3xf16>) -> tensor<1x10x10x3xf16>
    graph.yield %2 : tensor<1x10x10x3xf16>
  }
  %y = graph.region "conv" (%m, %w) : (tensor<1x10x10x3xf16>, tensor<24x3x3x3xf16>) -> tensor<1x4x4x24xf16> {
  ^bb0(%a: tensor<1x10x10x3xf16>, %b: tensor<24x3x3x3xf16>):
    %t = graph.transpose %b {perm = array<i64: 0, 3, 1, 2>} : (tensor<24x3x3x3xf16>) -> tensor<24x3x3x3xf16>
    %0 = graph.conv %a, %t {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<1x10x10x3xf16>, tensor<24x3x3x3xf16>) -> tensor<1x4x4x24xf16>
    graph.yield %0 : tensor<1x4x4x24xf16>
  }
  return %y : tensor<1x4x4x24xf16>
}

// -----

// An image that something else reads, too, is stored all the same.
// CHECK-LABEL: @shared
// CHECK: %[[M:.*]] = graph.region "move"
// CHECK: graph.region "conv"(%[[M]], %{{.*}}) : (tensor<1x8x8x4xf16>, tensor<1x3x256xf16>)
func.func @shared(%x: tensor<1x4x8x8xf16>) -> (tensor<1x8x8x8xf16>, tensor<1x8x8x4xf16>) {
  %w = graph.constant dense<1.0> : tensor<8x3x3x4xf16>
  %m = graph.region "move" (%x) : (tensor<1x4x8x8xf16>) -> tensor<1x8x8x4xf16> {
  ^bb0(%a: tensor<1x4x8x8xf16>):
    %0 = graph.transpose %a {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x4x8x8xf16>) -> tensor<1x8x8x4xf16>
    graph.yield %0 : tensor<1x8x8x4xf16>
  }
  %y = graph.region "conv" (%m, %w) : (tensor<1x8x8x4xf16>, tensor<8x3x3x4xf16>) -> tensor<1x8x8x8xf16> {
  ^bb0(%a: tensor<1x8x8x4xf16>, %b: tensor<8x3x3x4xf16>):
    %t = graph.transpose %b {perm = array<i64: 0, 3, 1, 2>} : (tensor<8x3x3x4xf16>) -> tensor<8x4x3x3xf16>
    %0 = graph.conv %a, %t {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x8x8x4xf16>, tensor<8x4x3x3xf16>) -> tensor<1x8x8x8xf16>
    graph.yield %0 : tensor<1x8x8x8xf16>
  }
  return %y, %m : tensor<1x8x8x8xf16>, tensor<1x8x8x4xf16>
}

// -----

// Declines: f32, more channels, weights that a run brings, and windows of one tap or of too many.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.pad
func.func @declines(%x: tensor<1x20x20x3xf32>, %h: tensor<1x20x20x3xf16>, %five: tensor<1x20x20x5xf16>, %v: tensor<8x3x3x3xf16>)
    -> (tensor<1x18x18x8xf32>, tensor<1x18x18x8xf16>, tensor<1x18x18x8xf16>, tensor<1x20x20x8xf16>, tensor<1x5x5x8xf16>) {
  %wa = graph.constant dense<1.0> : tensor<8x3x3x3xf32>
  %a = graph.region "single" (%x, %wa) : (tensor<1x20x20x3xf32>, tensor<8x3x3x3xf32>) -> tensor<1x18x18x8xf32> {
  ^bb0(%i: tensor<1x20x20x3xf32>, %j: tensor<8x3x3x3xf32>):
    %t = graph.transpose %j {perm = array<i64: 0, 3, 1, 2>} : (tensor<8x3x3x3xf32>) -> tensor<8x3x3x3xf32>
    %0 = graph.conv %i, %t {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x20x20x3xf32>, tensor<8x3x3x3xf32>) -> tensor<1x18x18x8xf32>
    graph.yield %0 : tensor<1x18x18x8xf32>
  }
  %wb = graph.constant dense<1.0> : tensor<8x3x3x5xf16>
  %b = graph.region "single" (%five, %wb) : (tensor<1x20x20x5xf16>, tensor<8x3x3x5xf16>) -> tensor<1x18x18x8xf16> {
  ^bb0(%i: tensor<1x20x20x5xf16>, %j: tensor<8x3x3x5xf16>):
    %t = graph.transpose %j {perm = array<i64: 0, 3, 1, 2>} : (tensor<8x3x3x5xf16>) -> tensor<8x5x3x3xf16>
    %0 = graph.conv %i, %t {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x20x20x5xf16>, tensor<8x5x3x3xf16>) -> tensor<1x18x18x8xf16>
    graph.yield %0 : tensor<1x18x18x8xf16>
  }
  %c = graph.region "single" (%h, %v) : (tensor<1x20x20x3xf16>, tensor<8x3x3x3xf16>) -> tensor<1x18x18x8xf16> {
  ^bb0(%i: tensor<1x20x20x3xf16>, %j: tensor<8x3x3x3xf16>):
    %t = graph.transpose %j {perm = array<i64: 0, 3, 1, 2>} : (tensor<8x3x3x3xf16>) -> tensor<8x3x3x3xf16>
    %0 = graph.conv %i, %t {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x20x20x3xf16>, tensor<8x3x3x3xf16>) -> tensor<1x18x18x8xf16>
    graph.yield %0 : tensor<1x18x18x8xf16>
  }
  %wd = graph.constant dense<1.0> : tensor<8x1x1x3xf16>
  %d = graph.region "single" (%h, %wd) : (tensor<1x20x20x3xf16>, tensor<8x1x1x3xf16>) -> tensor<1x20x20x8xf16> {
  ^bb0(%i: tensor<1x20x20x3xf16>, %j: tensor<8x1x1x3xf16>):
    %t = graph.transpose %j {perm = array<i64: 0, 3, 1, 2>} : (tensor<8x1x1x3xf16>) -> tensor<8x3x1x1xf16>
    %0 = graph.conv %i, %t {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x20x20x3xf16>, tensor<8x3x1x1xf16>) -> tensor<1x20x20x8xf16>
    graph.yield %0 : tensor<1x20x20x8xf16>
  }
  %we = graph.constant dense<1.0> : tensor<8x16x16x3xf16>
  %e = graph.region "single" (%h, %we) : (tensor<1x20x20x3xf16>, tensor<8x16x16x3xf16>) -> tensor<1x5x5x8xf16> {
  ^bb0(%i: tensor<1x20x20x3xf16>, %j: tensor<8x16x16x3xf16>):
    %t = graph.transpose %j {perm = array<i64: 0, 3, 1, 2>} : (tensor<8x16x16x3xf16>) -> tensor<8x3x16x16xf16>
    %0 = graph.conv %i, %t {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x20x20x3xf16>, tensor<8x3x16x16xf16>) -> tensor<1x5x5x8xf16>
    graph.yield %0 : tensor<1x5x5x8xf16>
  }
  return %a, %b, %c, %d, %e : tensor<1x18x18x8xf32>, tensor<1x18x18x8xf16>, tensor<1x18x18x8xf16>, tensor<1x20x20x8xf16>, tensor<1x5x5x8xf16>
}

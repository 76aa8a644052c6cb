// RUN: mlc-opt %s --split-input-file --fold-pads | FileCheck %s

// Zeros into a convolution, and on top of its own padding; a pad of a pad, too.
// CHECK-LABEL: @conv
// CHECK-NOT: graph.pad
// CHECK: graph.conv %arg0, %arg1 {{.*}}pads = array<i64: 1, 2, 5, 3>
func.func @conv(%x: tensor<1x2x8x8xf32>, %w: tensor<4x2x3x3xf32>) -> tensor<1x4x12x11xf32> {
  %p = graph.pad %x {low = #graph.dims<[0, 0, 0, 1]>, high = #graph.dims<[0, 0, 1, 0]>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x9x9xf32>
  %q = graph.pad %p {low = #graph.dims<[0, 0, 0, 0]>, high = #graph.dims<[0, 0, 3, 2]>} : (tensor<1x2x9x9xf32>) -> tensor<1x2x12x11xf32>
  %y = graph.conv %q, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x12x11xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x12x11xf32>
  return %y : tensor<1x4x12x11xf32>
}

// -----

// An average counts what a pad added; a maximum of what is never negative does not see zeros, any maximum not -inf.
// CHECK-LABEL: @pools
// CHECK-NOT: graph.pad
// CHECK: graph.average_pool %arg0 {count_include_pad = true, {{.*}}pads = array<i64: 1, 1>
// CHECK: %[[R:.*]] = graph.relu
// CHECK: graph.max_pool %[[R]] {{.*}}pads = array<i64: 1, 1>
// CHECK: graph.max_pool %arg0 {{.*}}pads = array<i64: 1, 2>
func.func @pools(%x: tensor<1x2x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x9xf32>) {
  %p = graph.pad %x {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 1]>} : (tensor<1x2x8xf32>) -> tensor<1x2x10xf32>
  %a = graph.average_pool %p {kernel_shape = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x10xf32>) -> tensor<1x2x8xf32>
  %r = graph.relu %x : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %q = graph.pad %r {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 1]>} : (tensor<1x2x8xf32>) -> tensor<1x2x10xf32>
  %m = graph.max_pool %q {kernel_shape = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x10xf32>) -> tensor<1x2x8xf32>
  %inf = graph.constant dense<0xFF800000> : tensor<f32>
  %s = graph.pad %x, %inf {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 1]>} : (tensor<1x2x8xf32>, tensor<f32>) -> tensor<1x2x10xf32>
  %n = graph.max_pool %s {kernel_shape = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 1>} : (tensor<1x2x10xf32>) -> tensor<1x2x9xf32>
  return %a, %m, %n : tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x9xf32>
}

// -----

// Declines: ones are no padding; channels; edges; zeros may be the maximum; windows of padding alone; a pool whose own padding does not count.
// CHECK-LABEL: @declines
// CHECK-COUNT-6: graph.pad
func.func @declines(%x: tensor<1x2x8xf32>, %w: tensor<4x2x3xf32>, %v: tensor<4x4x3xf32>) -> (tensor<1x4x8xf32>, tensor<1x4x6xf32>, tensor<1x4x8xf32>, tensor<1x2x8xf32>, tensor<1x2x12xf32>, tensor<1x2x10xf32>) {
  %one = graph.constant dense<1.0> : tensor<f32>
  %p = graph.pad %x, %one {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 1]>} : (tensor<1x2x8xf32>, tensor<f32>) -> tensor<1x2x10xf32>
  %a = graph.conv %p, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x10xf32>, tensor<4x2x3xf32>) -> tensor<1x4x8xf32>
  %q = graph.pad %x {low = #graph.dims<[0, 1, 0]>, high = #graph.dims<[0, 1, 0]>} : (tensor<1x2x8xf32>) -> tensor<1x4x8xf32>
  %b = graph.conv %q, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x4x8xf32>, tensor<4x4x3xf32>) -> tensor<1x4x6xf32>
  %r = graph.pad %x {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 1]>, mode = "edge"} : (tensor<1x2x8xf32>) -> tensor<1x2x10xf32>
  %c = graph.conv %r, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x10xf32>, tensor<4x2x3xf32>) -> tensor<1x4x8xf32>
  %s = graph.pad %x {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 1]>} : (tensor<1x2x8xf32>) -> tensor<1x2x10xf32>
  %d = graph.max_pool %s {kernel_shape = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x10xf32>) -> tensor<1x2x8xf32>
  %inf = graph.constant dense<0xFF800000> : tensor<f32>
  %t = graph.pad %x, %inf {low = #graph.dims<[0, 0, 3]>, high = #graph.dims<[0, 0, 3]>} : (tensor<1x2x8xf32>, tensor<f32>) -> tensor<1x2x14xf32>
  %e = graph.max_pool %t {kernel_shape = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x14xf32>) -> tensor<1x2x12xf32>
  %u = graph.pad %x {low = #graph.dims<[0, 0, 1]>, high = #graph.dims<[0, 0, 1]>} : (tensor<1x2x8xf32>) -> tensor<1x2x10xf32>
  %f = graph.average_pool %u {kernel_shape = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 1>} : (tensor<1x2x10xf32>) -> tensor<1x2x10xf32>
  return %a, %b, %c, %d, %e, %f : tensor<1x4x8xf32>, tensor<1x4x6xf32>, tensor<1x4x8xf32>, tensor<1x2x8xf32>, tensor<1x2x12xf32>, tensor<1x2x10xf32>
}

// -----

// Untouched: no pad.
// CHECK-LABEL: @untouched
// CHECK-NEXT: graph.max_pool %arg0
// CHECK-NEXT: return
func.func @untouched(%x: tensor<1x2x8xf32>) -> tensor<1x2x6xf32> {
  %y = graph.max_pool %x {kernel_shape = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>) -> tensor<1x2x6xf32>
  return %y : tensor<1x2x6xf32>
}

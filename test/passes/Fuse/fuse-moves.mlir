// RUN: mlc-opt %s --split-input-file --fuse-moves | FileCheck %s

// CHECK-LABEL: @cache
// CHECK: graph.region "move"(%arg0, %arg1)
// CHECK: graph.slice
// CHECK: graph.reshape
// CHECK: graph.transpose
// CHECK: graph.concat
// CHECK: graph.yield
// CHECK-NOT: graph.region
func.func @cache(%kv: tensor<1x3x16xf32>, %past: tensor<1x2x5x4xf32>) -> tensor<1x2x8x4xf32> {
  %s = graph.slice %kv {starts = #graph.dims<[0, 0, 8]>, steps = array<i64: 1, 1, 1>, dims = #graph.dims<[1, 3, 8]>} : (tensor<1x3x16xf32>) -> tensor<1x3x8xf32>
  %h = graph.reshape %s {dims = #graph.dims<[1, 3, 2, 4]>} : (tensor<1x3x8xf32>) -> tensor<1x3x2x4xf32>
  %t = graph.transpose %h {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %y = graph.concat %past, %t {axis = 2} : (tensor<1x2x5x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x8x4xf32>
  return %y : tensor<1x2x8x4xf32>
}

// -----

// Declines: the transpose is used elsewhere too.
// CHECK-LABEL: @used_elsewhere
// CHECK-NOT: graph.region
func.func @used_elsewhere(%x: tensor<3x4xf32>) -> (tensor<4x3xf32>, tensor<8x3xf32>) {
  %t = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %y = graph.concat %t, %t {axis = 0} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
  return %t, %y : tensor<4x3xf32>, tensor<8x3xf32>
}

// -----

// Declines: the reshape stays a view.
// CHECK-LABEL: @view
// CHECK-NOT: graph.region
func.func @view(%x: tensor<12xf32>) -> tensor<4x3xf32> {
  %r = graph.reshape %x {dims = #graph.dims<[3, 4]>} : (tensor<12xf32>) -> tensor<3x4xf32>
  %t = graph.transpose %r {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  return %t : tensor<4x3xf32>
}

// -----

// A picture's normalisation, a region by then, is done while it is padded.
// CHECK-LABEL: @picture
// CHECK-NOT: "pointwise"
// CHECK: graph.region "move"(%arg0, %{{.*}})
// CHECK: graph.cast
// CHECK: graph.mul
// CHECK: graph.pad
// CHECK: graph.yield
// CHECK-NOT: graph.region
func.func @picture(%x: tensor<1x8x8x3xui8>) -> tensor<1x10x10x3xf32> {
  %c = graph.constant dense<[0.1, 0.2, 0.3]> : tensor<3xf32>
  %n = graph.region "pointwise"(%x, %c) : (tensor<1x8x8x3xui8>, tensor<3xf32>) -> tensor<1x8x8x3xf32> {
  ^bb0(%p: tensor<1x8x8x3xui8>, %s: tensor<3xf32>):
    %f = graph.cast %p {to = f32} : (tensor<1x8x8x3xui8>) -> tensor<1x8x8x3xf32>
    %m = graph.mul %f, %s : (tensor<1x8x8x3xf32>, tensor<3xf32>) -> tensor<1x8x8x3xf32>
    graph.yield %m : tensor<1x8x8x3xf32>
  }
  %y = graph.pad %n {low = #graph.dims<[0, 1, 1, 0]>, high = #graph.dims<[0, 1, 1, 0]>} : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
  return %y : tensor<1x10x10x3xf32>
}

// -----

// A cast in front of a view and a transpose.
// CHECK-LABEL: @alone
// CHECK: graph.region "move"(%arg0)
// CHECK: graph.cast
// CHECK: graph.reshape
// CHECK: graph.transpose
func.func @alone(%x: tensor<12xui8>) -> tensor<4x3xf32> {
  %f = graph.cast %x {to = f32} : (tensor<12xui8>) -> tensor<12xf32>
  %r = graph.reshape %f {dims = #graph.dims<[3, 4]>} : (tensor<12xf32>) -> tensor<3x4xf32>
  %t = graph.transpose %r {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  return %t : tensor<4x3xf32>
}

// -----

// Declines: a sum of two tensors; arithmetic that is used elsewhere too; more than casts, sums and products.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.region
func.func @declines(%x: tensor<3x4xf32>, %z: tensor<3x4xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<3x4xf32>) {
  %two = graph.constant dense<2.0> : tensor<f32>
  %s = graph.add %x, %z : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %t = graph.transpose %s {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %m = graph.mul %x, %two : (tensor<3x4xf32>, tensor<f32>) -> tensor<3x4xf32>
  %u = graph.transpose %m {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %e = graph.exp %x : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %v = graph.transpose %e {perm = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  return %t, %u, %v, %m : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<3x4xf32>
}

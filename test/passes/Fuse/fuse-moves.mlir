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

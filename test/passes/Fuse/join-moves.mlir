// RUN: mlc-opt %s --split-input-file --fuse-moves --join-moves | FileCheck %s

// Keys and values behind their caches, both outputs.
// CHECK-LABEL: @cache
// CHECK-NEXT: %[[KV:.*]]:2 = graph.region "move"(%arg0, %arg1, %arg2)
// CHECK: %[[K:.*]] = graph.concat
// CHECK: %[[V:.*]] = graph.concat
// CHECK: graph.yield %[[K]], %[[V]]
// CHECK: return %[[KV]]#0, %[[KV]]#1
func.func @cache(%kv: tensor<1x3x16xf32>, %pk: tensor<1x2x5x4xf32>, %pv: tensor<1x2x5x4xf32>) -> (tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>) {
  %s = graph.slice %kv {starts = #graph.dims<[0, 0, 0]>, steps = array<i64: 1, 1, 1>, dims = #graph.dims<[1, 3, 8]>} : (tensor<1x3x16xf32>) -> tensor<1x3x8xf32>
  %h = graph.reshape %s {dims = #graph.dims<[1, 3, 2, 4]>} : (tensor<1x3x8xf32>) -> tensor<1x3x2x4xf32>
  %t = graph.transpose %h {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %k = graph.concat %pk, %t {axis = 2} : (tensor<1x2x5x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x8x4xf32>
  %s2 = graph.slice %kv {starts = #graph.dims<[0, 0, 8]>, steps = array<i64: 1, 1, 1>, dims = #graph.dims<[1, 3, 8]>} : (tensor<1x3x16xf32>) -> tensor<1x3x8xf32>
  %h2 = graph.reshape %s2 {dims = #graph.dims<[1, 3, 2, 4]>} : (tensor<1x3x8xf32>) -> tensor<1x3x2x4xf32>
  %t2 = graph.transpose %h2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x4xf32>) -> tensor<1x2x3x4xf32>
  %v = graph.concat %pv, %t2 {axis = 2} : (tensor<1x2x5x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x8x4xf32>
  return %k, %v : tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>
}

// -----

// Single moves; a third one has no partner.
// CHECK-LABEL: @single
// CHECK-NEXT: %[[AB:.*]]:2 = graph.region "move"(%arg0)
// CHECK: graph.transpose %arg1
// CHECK: return %[[AB]]#0, %[[AB]]#1
func.func @single(%x: tensor<4x8xf32>, %z: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %a = graph.slice %x {starts = #graph.dims<[0, 0]>, steps = array<i64: 1, 1>, dims = #graph.dims<[4, 4]>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  %b = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = array<i64: 1, 1>, dims = #graph.dims<[4, 4]>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  %c = graph.transpose %z {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %a, %b, %c : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Declines: the second moves what the first one made; other dims; no reader of both; concats along the last dim.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.region
func.func @declines(%x: tensor<4x4xf32>, %z: tensor<4x6xf32>, %u: tensor<3x3xf32>, %w: tensor<3x3xf32>)
    -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<6x4xf32>, tensor<3x3xf32>, tensor<3x3xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %a = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %e = graph.exp %a : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %b = graph.transpose %e {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %c = graph.transpose %z {perm = array<i64: 1, 0>} : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %f = graph.transpose %u {perm = array<i64: 1, 0>} : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %g = graph.transpose %w {perm = array<i64: 1, 0>} : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %h = graph.exp %f : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %i = graph.abs %g : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %j = graph.concat %x, %e {axis = 1} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  %k = graph.concat %e, %x {axis = 1} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  return %a, %b, %c, %h, %i, %j, %k : tensor<4x4xf32>, tensor<4x4xf32>, tensor<6x4xf32>, tensor<3x3xf32>, tensor<3x3xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

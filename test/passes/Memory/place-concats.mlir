// RUN: mlc-opt %s --split-input-file --place-concats | FileCheck %s

// CHECK-LABEL: @feature_maps
// CHECK: graph.concat {{.*}} {axis = 3 : i64, graph.placed}
func.func @feature_maps(%x: tensor<1x8x8x4xf32>, %y: tensor<1x8x8x6xf32>) -> tensor<1x8x8x10xf32> {
  %a = graph.relu %x : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  %b = graph.relu %y : (tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
  %c = graph.concat %a, %b {axis = 3} : (tensor<1x8x8x4xf32>, tensor<1x8x8x6xf32>) -> tensor<1x8x8x10xf32>
  %z = graph.neg %c : (tensor<1x8x8x10xf32>) -> tensor<1x8x8x10xf32>
  return %z : tensor<1x8x8x10xf32>
}

// -----

// A value lies in one place: the second concat copies.
// CHECK-LABEL: @in_two_concats
// CHECK: graph.concat {{.*}}graph.placed
// CHECK: graph.concat %{{.*}}, %{{.*}} {axis = 1 : i64} :
func.func @in_two_concats(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>) {
  %a = graph.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.relu %y : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.concat %a, %b {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %d = graph.concat %b, %a {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %e = graph.neg %c : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %f = graph.neg %d : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return %e, %f : tensor<2x8xf32>, tensor<2x8xf32>
}

// -----

// Declines: an argument has its own memory; a returned result is the caller's; a reshape views dense memory; the same value twice; dims that may be 0.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.placed
func.func @declines(%x: tensor<2x4xf32>, %p: tensor<?x4xf32> {graph.dims = #graph.dims<["past", 4]>}) -> (tensor<2x8xf32>, tensor<2x8xf32>, tensor<8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<?x4xf32>)
    attributes {graph.symbols = {past = array<i64: 0, 0, 64, 1>}} {
  %a = graph.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.abs %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %arg = graph.concat %a, %x {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %n = graph.neg %arg : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %returned = graph.concat %a, %b {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %c = graph.sqrt %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %view = graph.reshape %c {dims = #graph.dims<[8]>} : (tensor<2x4xf32>) -> tensor<8xf32>
  %viewed = graph.concat %c, %b {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %m = graph.neg %viewed : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %twice = graph.concat %b, %b {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %t = graph.neg %twice : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = graph.relu %p : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %e = graph.exp %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %cache = graph.concat %q, %e {axis = 0} : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %k = graph.neg %cache : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %n, %returned, %view, %m, %t, %k : tensor<2x8xf32>, tensor<2x8xf32>, tensor<8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<?x4xf32>
}

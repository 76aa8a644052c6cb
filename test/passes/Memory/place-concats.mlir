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

// -----

// Each concat of a dense block is the front of the last one, in whose memory all features lie; one that joins others copies.
// CHECK-LABEL: @dense_block
// CHECK: graph.concat %[[A:.*]], %[[B:.*]] {axis = 3 : i64, graph.inside, graph.placed}
// CHECK: %[[C:.*]] = graph.neg
// CHECK: graph.concat %[[A]], %[[B]], %[[C]] {axis = 3 : i64, graph.inside, graph.placed}
// CHECK: graph.concat %[[A]], %[[B]], %[[C]], %{{.*}} {axis = 3 : i64, graph.placed}
// CHECK: graph.concat %[[C]], %[[A]] {axis = 3 : i64} :
func.func @dense_block(%x: tensor<1x8x8x4xf32>) -> (tensor<1x8x8x10xf32>, tensor<1x8x8x6xf32>) {
  %a = graph.relu %x : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  %s = graph.slice %a {starts = #graph.dims<[0, 0, 0, 2]>, steps = array<i64: 1, 1, 1, 1>, dims = #graph.dims<[1, 8, 8, 2]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x2xf32>
  %b = graph.exp %s : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  %ab = graph.concat %a, %b {axis = 3} : (tensor<1x8x8x4xf32>, tensor<1x8x8x2xf32>) -> tensor<1x8x8x6xf32>
  %t = graph.slice %ab {starts = #graph.dims<[0, 0, 0, 3]>, steps = array<i64: 1, 1, 1, 1>, dims = #graph.dims<[1, 8, 8, 2]>} : (tensor<1x8x8x6xf32>) -> tensor<1x8x8x2xf32>
  %c = graph.neg %t : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  %abc = graph.concat %a, %b, %c {axis = 3} : (tensor<1x8x8x4xf32>, tensor<1x8x8x2xf32>, tensor<1x8x8x2xf32>) -> tensor<1x8x8x8xf32>
  %u = graph.slice %abc {starts = #graph.dims<[0, 0, 0, 3]>, steps = array<i64: 1, 1, 1, 1>, dims = #graph.dims<[1, 8, 8, 2]>} : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x2xf32>
  %d = graph.neg %u : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  %abcd = graph.concat %a, %b, %c, %d {axis = 3} : (tensor<1x8x8x4xf32>, tensor<1x8x8x2xf32>, tensor<1x8x8x2xf32>, tensor<1x8x8x2xf32>) -> tensor<1x8x8x10xf32>
  %ca = graph.concat %c, %a {axis = 3} : (tensor<1x8x8x2xf32>, tensor<1x8x8x4xf32>) -> tensor<1x8x8x6xf32>
  %y = graph.neg %abcd : (tensor<1x8x8x10xf32>) -> tensor<1x8x8x10xf32>
  %z = graph.neg %ca : (tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
  return %y, %z : tensor<1x8x8x10xf32>, tensor<1x8x8x6xf32>
}

// -----

// A part of a dense block that is returned is copied; the whole is placed all the same.
// CHECK-LABEL: @returned_part
// CHECK: graph.concat %[[A:.*]], %[[B:.*]] {axis = 1 : i64} :
// CHECK: graph.concat %[[A]], %[[B]], %{{.*}} {axis = 1 : i64, graph.placed}
func.func @returned_part(%x: tensor<2x4xf32>) -> (tensor<2x8xf32>, tensor<2x12xf32>) {
  %a = graph.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.abs %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = graph.exp %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %ab = graph.concat %a, %b {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %abc = graph.concat %a, %b, %c {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x12xf32>
  %y = graph.neg %abc : (tensor<2x12xf32>) -> tensor<2x12xf32>
  return %ab, %y : tensor<2x8xf32>, tensor<2x12xf32>
}

// -----

// The pixels of feature maps as one dim: rows and columns have strides in the whole. Channels that a view joins with pixels have none.
// CHECK-LABEL: @views
// CHECK: graph.concat {{.*}} {axis = 1 : i64, graph.placed}
// CHECK: graph.concat {{.*}} {axis = 2 : i64} :
func.func @views(%x: tensor<?x4x6x3xf32> {graph.dims = #graph.dims<["b", 4, 6, 3]>}, %w: tensor<?x2x3x3xf32> {graph.dims = #graph.dims<["b", 2, 3, 3]>}) -> (tensor<?x30x3xf32>, tensor<?x4x36xf32>)
    attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>}} {
  %a = graph.relu %x : (tensor<?x4x6x3xf32>) -> tensor<?x4x6x3xf32>
  %ra = graph.reshape %a {dims = #graph.dims<["b", 24, 3]>} : (tensor<?x4x6x3xf32>) -> tensor<?x24x3xf32>
  %v = graph.relu %w : (tensor<?x2x3x3xf32>) -> tensor<?x2x3x3xf32>
  %rv = graph.reshape %v {dims = #graph.dims<["b", 6, 3]>} : (tensor<?x2x3x3xf32>) -> tensor<?x6x3xf32>
  %c = graph.concat %ra, %rv {axis = 1} : (tensor<?x24x3xf32>, tensor<?x6x3xf32>) -> tensor<?x30x3xf32>
  %y = graph.neg %c : (tensor<?x30x3xf32>) -> tensor<?x30x3xf32>
  %d = graph.exp %x : (tensor<?x4x6x3xf32>) -> tensor<?x4x6x3xf32>
  %rd = graph.reshape %d {dims = #graph.dims<["b", 8, 9]>} : (tensor<?x4x6x3xf32>) -> tensor<?x8x9xf32>
  %e = graph.abs %x : (tensor<?x4x6x3xf32>) -> tensor<?x4x6x3xf32>
  %re = graph.reshape %e {dims = #graph.dims<["b", 8, 9]>} : (tensor<?x4x6x3xf32>) -> tensor<?x8x9xf32>
  %f = graph.concat %rd, %re {axis = 2} : (tensor<?x8x9xf32>, tensor<?x8x9xf32>) -> tensor<?x8x18xf32>
  %fn = graph.neg %f : (tensor<?x8x18xf32>) -> tensor<?x8x18xf32>
  %z = graph.reshape %fn {dims = #graph.dims<["b", 4, 36]>} : (tensor<?x8x18xf32>) -> tensor<?x4x36xf32>
  return %y, %z : tensor<?x30x3xf32>, tensor<?x4x36xf32>
}

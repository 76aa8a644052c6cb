// RUN: mlc-opt %s --split-input-file --form-regions --sink-slices | FileCheck %s

// Both users read the whole tensor; no copy is left.
// CHECK-LABEL: @two_users
// CHECK: graph.region "single"(%arg0)
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<4x8xf32>):
// CHECK-NEXT: %[[S:.*]] = graph.slice %[[X]]
// CHECK-NEXT: graph.relu %[[S]]
// CHECK: graph.region "single"(%arg0)
// CHECK: graph.slice
// CHECK-NEXT: graph.neg
// CHECK-NOT: graph.region
func.func @two_users(%x: tensor<4x8xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %s = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = array<i64: 1, 1>, dims = #graph.dims<[4, 4]>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  %a = graph.relu %s : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %b = graph.neg %s : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %a, %b : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// The slice is a result too: it stays, and the other user reads past it all the same.
// CHECK-LABEL: @returned
// CHECK: %[[S:.*]] = graph.region "single"(%arg0)
// CHECK: graph.slice
// CHECK: graph.region "single"(%arg0)
// CHECK: graph.slice
// CHECK: graph.relu
// CHECK: return %[[S]]
func.func @returned(%x: tensor<4x8xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %s = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = array<i64: 1, 1>, dims = #graph.dims<[4, 4]>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  %a = graph.relu %s : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %s, %a : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Declines: every other element.
// CHECK-LABEL: @steps
// CHECK: graph.slice
// CHECK: graph.region "single"(%{{[0-9]+}})
// CHECK-NEXT: ^bb0
// CHECK-NEXT: graph.relu
func.func @steps(%x: tensor<4x8xf32>) -> tensor<4x4xf32> {
  %s = graph.slice %x {starts = #graph.dims<[0, 0]>, steps = array<i64: 1, 2>, dims = #graph.dims<[4, 4]>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  %a = graph.relu %s : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %a : tensor<4x4xf32>
}

// -----

// A reshape of the slice goes along, for each reader.
// CHECK-LABEL: @through_a_reshape
// CHECK-NEXT: graph.region "single"(%arg0)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: graph.slice
// CHECK-NEXT: graph.reshape
// CHECK-NEXT: graph.transpose
// CHECK: graph.region "single"(%arg0)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: graph.slice
// CHECK-NEXT: graph.reshape
// CHECK-NEXT: graph.relu
func.func @through_a_reshape(%x: tensor<3x8xf32>) -> (tensor<2x3x2xf32>, tensor<3x2x2xf32>) {
  %s = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = array<i64: 1, 1>, dims = #graph.dims<[3, 4]>} : (tensor<3x8xf32>) -> tensor<3x4xf32>
  %r = graph.reshape %s {dims = #graph.dims<[3, 2, 2]>} : (tensor<3x4xf32>) -> tensor<3x2x2xf32>
  %t = graph.transpose %r {perm = array<i64: 1, 0, 2>} : (tensor<3x2x2xf32>) -> tensor<2x3x2xf32>
  %a = graph.relu %r : (tensor<3x2x2xf32>) -> tensor<3x2x2xf32>
  return %t, %a : tensor<2x3x2xf32>, tensor<3x2x2xf32>
}

// -----

// Declines: a product wants its rows in memory.
// CHECK-LABEL: @reshape_before_a_product
// CHECK: graph.region "single"(%arg0)
// CHECK: graph.slice
// CHECK: graph.reshape
// CHECK: graph.region
// CHECK-NEXT: ^bb0
// CHECK-NEXT: graph.matmul
func.func @reshape_before_a_product(%x: tensor<3x8xf32>, %w: tensor<2x5xf32>) -> tensor<6x5xf32> {
  %s = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = array<i64: 1, 1>, dims = #graph.dims<[3, 4]>} : (tensor<3x8xf32>) -> tensor<3x4xf32>
  %r = graph.reshape %s {dims = #graph.dims<[6, 2]>} : (tensor<3x4xf32>) -> tensor<6x2xf32>
  %y = graph.matmul %r, %w : (tensor<6x2xf32>, tensor<2x5xf32>) -> tensor<6x5xf32>
  return %y : tensor<6x5xf32>
}

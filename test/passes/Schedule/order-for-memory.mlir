// RUN: mlc-opt %s --split-input-file --form-regions --order-for-memory | FileCheck %s

// Each large value is read before the next one is made.
// CHECK-LABEL: @reads_before_the_next
// CHECK-SAME: graph.peaks = array<i64: 8256, 4224, 4224>
// CHECK: graph.neg
// CHECK: graph.reduce_max
// CHECK: graph.relu
// CHECK: graph.reduce_max
func.func @reads_before_the_next(%x: tensor<1024xf32>) -> tensor<1xf32> {
  %a = graph.neg %x : (tensor<1024xf32>) -> tensor<1024xf32>
  %b = graph.relu %x : (tensor<1024xf32>) -> tensor<1024xf32>
  %c = graph.reduce_max %a {axes = array<i64: 0>, keepdims = true} : (tensor<1024xf32>) -> tensor<1xf32>
  %d = graph.reduce_max %b {axes = array<i64: 0>, keepdims = true} : (tensor<1024xf32>) -> tensor<1xf32>
  %y = graph.add %c, %d : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// Sizes of unknown dims are those that tools assume: n is 500.
// CHECK-LABEL: @at_the_assumed_size
// CHECK-SAME: graph.peaks = array<i64: 4160, 2176, 2176>
// CHECK: graph.neg
// CHECK: graph.reduce_max
// CHECK: graph.relu
func.func @at_the_assumed_size(%x: tensor<?xf32> {graph.name = "x", graph.dims = #graph.dims<["n"]>}) -> tensor<1xf32> attributes {graph.symbols = {n = array<i64: 1, 500, 4096, 1>}} {
  %a = graph.neg %x : (tensor<?xf32>) -> tensor<?xf32>
  %b = graph.relu %x : (tensor<?xf32>) -> tensor<?xf32>
  %c = graph.reduce_max %a {axes = array<i64: 0>, keepdims = true} : (tensor<?xf32>) -> tensor<1xf32>
  %d = graph.reduce_max %b {axes = array<i64: 0>, keepdims = true} : (tensor<?xf32>) -> tensor<1xf32>
  %y = graph.add %c, %d : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// Declines: no order is better than the block's own. What is written into an output costs nothing, a view shares its value's memory.
// CHECK-LABEL: @is_best_already
// CHECK-SAME: graph.peaks = array<i64: 256, 256, 256>
// CHECK: graph.neg
// CHECK: graph.reshape
// CHECK: graph.transpose
// CHECK: graph.relu
func.func @is_best_already(%x: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %a = graph.neg %x : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %v = graph.reshape %a {dims = #graph.dims<[8, 2, 4]>} : (tensor<8x8xf32>) -> tensor<8x2x4xf32>
  %t = graph.transpose %v {perm = array<i64: 0, 2, 1>} : (tensor<8x2x4xf32>) -> tensor<8x4x2xf32>
  %r = graph.reshape %t {dims = #graph.dims<[8, 8]>} : (tensor<8x4x2xf32>) -> tensor<8x8xf32>
  %y = graph.relu %x : (tensor<8x8xf32>) -> tensor<8x8xf32>
  return %r, %y : tensor<8x8xf32>, tensor<8x8xf32>
}

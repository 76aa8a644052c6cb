// RUN: mlc-opt %s --split-input-file --fuse-regions | FileCheck %s

// CHECK-LABEL: @product_with_epilogue
// CHECK: %[[Y:.*]] = graph.region "gemm"(
// CHECK: graph.matmul
// CHECK: graph.add
// CHECK: graph.relu
// CHECK: return %[[Y]]
func.func @product_with_epilogue(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
  %w = graph.constant dense<1.0> : tensor<8x2xf32>
  %b = graph.constant dense<1.0> : tensor<2xf32>
  %p = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %a = graph.add %p, %b : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %y = graph.relu %a : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// A softmax written out is one kernel.
// CHECK-LABEL: @rows
// CHECK: graph.region "rows"(
// CHECK: graph.reduce_max
// CHECK: graph.exp
// CHECK: graph.reduce_sum
// CHECK: graph.div
// CHECK: graph.yield
// CHECK-NOT: graph.region
func.func @rows(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = graph.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %d = graph.sub %x, %m : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %e = graph.exp %d : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %s = graph.reduce_sum %e {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %y = graph.div %e, %s : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @pointwise
// CHECK: graph.region "pointwise"(
// CHECK: graph.relu
// CHECK: graph.neg
func.func @pointwise(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %r = graph.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %y = graph.neg %r : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// Declines: an epilogue has the product's dims.
// CHECK-LABEL: @epilogue_of_other_dims
// CHECK-NOT: graph.region
// CHECK: graph.matmul
// CHECK: graph.add
func.func @epilogue_of_other_dims(%x: tensor<4x8xf32>, %z: tensor<3x4x2xf32>) -> tensor<3x4x2xf32> {
  %w = graph.constant dense<1.0> : tensor<8x2xf32>
  %p = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %y = graph.add %p, %z : (tensor<4x2xf32>, tensor<3x4x2xf32>) -> tensor<3x4x2xf32>
  return %y : tensor<3x4x2xf32>
}

// -----

// Declines: the product is used elsewhere, too, and its kernel has one result.
// CHECK-LABEL: @two_results
// CHECK-NOT: graph.region
func.func @two_results(%x: tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %w = graph.constant dense<1.0> : tensor<8x2xf32>
  %p = graph.matmul %x, %w : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %y = graph.relu %p : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y, %p : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// Declines: %y also needs %t, which needs %r, so %r and %y cannot run at one point.
// CHECK-LABEL: @cycle
// CHECK-NOT: graph.region
func.func @cycle(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %r = graph.relu %x : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %t = graph.transpose %r {perm = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = graph.add %r, %t : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// Lookups and what computes their indices are read where they are used; a range is had twice rather than stored.
// CHECK-LABEL: @embedding
// CHECK: %[[R:.*]] = graph.range
// CHECK: %[[Y:.*]] = graph.region "rows"(%arg0, %arg1)
// CHECK: graph.range
// CHECK: graph.gather
// CHECK: graph.gather
// CHECK: graph.add
// CHECK: graph.reduce_sum
// CHECK: graph.yield
// CHECK: return %[[Y]], %[[R]]
func.func @embedding(%table: tensor<30x8xf32>, %ids: tensor<4xi64>) -> (tensor<4x8xf32>, tensor<4xi64>) {
  %zero = graph.constant dense<0> : tensor<i64>
  %one = graph.constant dense<1> : tensor<i64>
  %r = graph.range %zero, %one {dims = #graph.dims<[4]>} : (tensor<i64>, tensor<i64>) -> tensor<4xi64>
  %a = graph.gather %table, %ids {axis = 0} : (tensor<30x8xf32>, tensor<4xi64>) -> tensor<4x8xf32>
  %b = graph.gather %table, %r {axis = 0} : (tensor<30x8xf32>, tensor<4xi64>) -> tensor<4x8xf32>
  %s = graph.add %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %n = graph.reduce_sum %s {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %y = graph.div %s, %n : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y, %r : tensor<4x8xf32>, tensor<4xi64>
}

// -----

// A scale of the left operand is computed while its rows are packed, when the columns are few.
// CHECK-LABEL: @prologue
// CHECK: graph.region "gemm"(%arg0, %arg1
// CHECK: graph.mul
// CHECK: graph.matmul
// CHECK: graph.add
// CHECK: graph.yield
// CHECK: graph.mul
// CHECK-NEXT: graph.matmul
func.func @prologue(%x: tensor<64x8xf32>, %gate: tensor<1x8xf32>) -> (tensor<64x16xf32>, tensor<64x1024xf32>) {
  %w = graph.constant dense<1.0> : tensor<8x16xf32>
  %b = graph.constant dense<1.0> : tensor<16xf32>
  %s = graph.mul %x, %gate : (tensor<64x8xf32>, tensor<1x8xf32>) -> tensor<64x8xf32>
  %p = graph.matmul %s, %w : (tensor<64x8xf32>, tensor<8x16xf32>) -> tensor<64x16xf32>
  %y = graph.add %p, %b : (tensor<64x16xf32>, tensor<16xf32>) -> tensor<64x16xf32>
  %v = graph.constant dense<1.0> : tensor<8x1024xf32>
  %t = graph.mul %x, %gate : (tensor<64x8xf32>, tensor<1x8xf32>) -> tensor<64x8xf32>
  %z = graph.matmul %t, %v : (tensor<64x8xf32>, tensor<8x1024xf32>) -> tensor<64x1024xf32>
  return %y, %z : tensor<64x16xf32>, tensor<64x1024xf32>
}

// -----

// A pointwise group reads the few channels of a pixel in any order, lanes along long rows only in theirs.
// CHECK-LABEL: @reversed
// CHECK: graph.region "pointwise"(%arg0)
// CHECK: graph.slice
// CHECK: graph.cast
// CHECK: graph.yield
// CHECK: graph.slice %arg1
// CHECK: graph.region "pointwise"
func.func @reversed(%x: tensor<1x8x8x3xui8>, %z: tensor<8x64xf32>) -> (tensor<1x8x8x3xf32>, tensor<8x64xf32>) {
  %two = graph.constant dense<2.0> : tensor<f32>
  %r = graph.slice %x {starts = #graph.dims<[0, 0, 0, 2]>, steps = array<i64: 1, 1, 1, -1>, dims = #graph.dims<[1, 8, 8, 3]>} : (tensor<1x8x8x3xui8>) -> tensor<1x8x8x3xui8>
  %f = graph.cast %r {to = f32} : (tensor<1x8x8x3xui8>) -> tensor<1x8x8x3xf32>
  %y = graph.mul %f, %two : (tensor<1x8x8x3xf32>, tensor<f32>) -> tensor<1x8x8x3xf32>
  %s = graph.slice %z {starts = #graph.dims<[0, 63]>, steps = array<i64: 1, -1>, dims = #graph.dims<[8, 64]>} : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %m = graph.mul %s, %two : (tensor<8x64xf32>, tensor<f32>) -> tensor<8x64xf32>
  %v = graph.add %m, %two : (tensor<8x64xf32>, tensor<f32>) -> tensor<8x64xf32>
  return %y, %v : tensor<1x8x8x3xf32>, tensor<8x64xf32>
}

// -----

// Declines: neg feeds the first group and mul follows from it, so that a group of these two could run neither before nor after the first.
// CHECK-LABEL: @cycle_of_groups
// CHECK: graph.neg %arg1
// CHECK-NEXT: graph.region "pointwise"
// CHECK: graph.relu
// CHECK-NEXT: graph.add
// CHECK: graph.reduce_max
// CHECK-NEXT: graph.mul
func.func @cycle_of_groups(%x: tensor<4x8xf32>, %y: tensor<1x8xf32>) -> (tensor<4x8xf32>, tensor<1x8xf32>) {
  %a = graph.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = graph.reduce_max %a {axes = array<i64: 0>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %n = graph.neg %y : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %b = graph.add %a, %n : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %p = graph.mul %n, %m : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %b, %p : tensor<4x8xf32>, tensor<1x8xf32>
}

// -----

// The mean and the largest element of rows, with what is made of each, and of a column: each pair is one kernel, which reads the tensor once.
// CHECK-LABEL: @siblings
// CHECK: graph.region "rows"(%arg0)
// CHECK: graph.reduce_mean
// CHECK: graph.neg
// CHECK: graph.reduce_max
// CHECK: graph.yield
// CHECK: graph.region "columns"(%arg0)
// CHECK: graph.reduce_mean
// CHECK: graph.reduce_max
// CHECK: graph.yield
// CHECK-NOT: graph.region
func.func @siblings(%x: tensor<4x6x8xf32>) -> (tensor<4x6x1xf32>, tensor<4x6x1xf32>, tensor<4x1x8xf32>, tensor<4x1x8xf32>) {
  %a = graph.reduce_mean %x {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x6x1xf32>
  %n = graph.neg %a : (tensor<4x6x1xf32>) -> tensor<4x6x1xf32>
  %b = graph.reduce_max %x {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x6x1xf32>
  %c = graph.reduce_mean %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x1x8xf32>
  %d = graph.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x1x8xf32>
  return %n, %b, %c, %d : tensor<4x6x1xf32>, tensor<4x6x1xf32>, tensor<4x1x8xf32>, tensor<4x1x8xf32>
}

// -----

// The sum and the sum of squares, the squares first; the largest element and its place.
// CHECK-LABEL: @moments
// CHECK: graph.region "columns"(%arg0)
// CHECK: graph.mul
// CHECK: graph.reduce_sum
// CHECK: graph.reduce_sum
// CHECK: graph.yield
// CHECK: graph.region "rows"(%arg0)
// CHECK: graph.reduce_max
// CHECK: graph.arg_max
// CHECK: graph.yield
// CHECK-NOT: graph.region
func.func @moments(%x: tensor<4x6x8xf32>) -> (tensor<4x1x8xf32>, tensor<4x1x8xf32>, tensor<4x6x1xf32>, tensor<4x6x1xi64>) {
  %q = graph.mul %x, %x : (tensor<4x6x8xf32>, tensor<4x6x8xf32>) -> tensor<4x6x8xf32>
  %a = graph.reduce_sum %q {axes = array<i64: 1>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x1x8xf32>
  %b = graph.reduce_sum %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x1x8xf32>
  %m = graph.reduce_max %x {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x6x1xf32>
  %i = graph.arg_max %x {axis = 2 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<4x6x8xf32>) -> tensor<4x6x1xi64>
  return %a, %b, %m, %i : tensor<4x1x8xf32>, tensor<4x1x8xf32>, tensor<4x6x1xf32>, tensor<4x6x1xi64>
}

// -----

// Declines: other dims; a reduction that waits for the first one's result; dims that are not kept; a third result of rows.
// CHECK-LABEL: @no_siblings
// CHECK-NOT: graph.region "columns"
// CHECK: return
func.func @no_siblings(%x: tensor<4x6x8xf32>) -> (tensor<1x6x8xf32>, tensor<4x1x8xf32>, tensor<4x6xf32>) {
  %a = graph.reduce_max %x {axes = array<i64: 0>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<1x6x8xf32>
  %s = graph.sub %x, %a : (tensor<4x6x8xf32>, tensor<1x6x8xf32>) -> tensor<4x6x8xf32>
  %t = graph.transpose %s {perm = array<i64: 0, 1, 2>} : (tensor<4x6x8xf32>) -> tensor<4x6x8xf32>
  %b = graph.reduce_sum %t {axes = array<i64: 1>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x1x8xf32>
  %c = graph.reduce_sum %x {axes = array<i64: 2>, keepdims = false} : (tensor<4x6x8xf32>) -> tensor<4x6xf32>
  return %a, %b, %c : tensor<1x6x8xf32>, tensor<4x1x8xf32>, tensor<4x6xf32>
}

// -----

// Declines: a kernel of rows stores two results.
// CHECK-LABEL: @three_results
// CHECK: graph.region "rows"
// CHECK: graph.reduce_mean
// CHECK: graph.reduce_max
// CHECK: graph.yield
// CHECK: graph.reduce_min
// CHECK-NOT: graph.region
func.func @three_results(%x: tensor<4x8xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) {
  %a = graph.reduce_mean %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %b = graph.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %c = graph.reduce_min %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  return %a, %b, %c : tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>
}

// RUN: mlc-opt %s --split-input-file --fuse-attention | FileCheck %s

// Scale, mask and a softmax written out; heads are split and joined inside of the region.
// CHECK-LABEL: @heads
// CHECK: %[[MASK:.*]] = graph.neg %arg1
// CHECK: %[[Y:.*]] = graph.region "attention"(%arg0, %[[MASK]])
// CHECK: graph.slice
// CHECK: graph.transpose
// CHECK: graph.matmul
// CHECK: graph.mul
// CHECK: graph.add
// CHECK: graph.reduce_max
// CHECK: graph.exp
// CHECK: graph.div
// CHECK: graph.matmul
// CHECK: graph.transpose
// CHECK: graph.yield
// CHECK: graph.reshape %[[Y]]
// CHECK-NOT: graph.region
func.func @heads(%qkv: tensor<1x8x96xf32>, %m: tensor<1x1x8x8xf32>) -> tensor<1x8x32xf32> {
  %scale = graph.constant dense<0.25> : tensor<f32>
  %mask = graph.neg %m : (tensor<1x1x8x8xf32>) -> tensor<1x1x8x8xf32>
  %qs = graph.slice %qkv {starts = #graph.dims<[0, 0, 0]>, steps = array<i64: 1, 1, 1>, dims = #graph.dims<[1, 8, 32]>} : (tensor<1x8x96xf32>) -> tensor<1x8x32xf32>
  %ks = graph.slice %qkv {starts = #graph.dims<[0, 0, 32]>, steps = array<i64: 1, 1, 1>, dims = #graph.dims<[1, 8, 32]>} : (tensor<1x8x96xf32>) -> tensor<1x8x32xf32>
  %vs = graph.slice %qkv {starts = #graph.dims<[0, 0, 64]>, steps = array<i64: 1, 1, 1>, dims = #graph.dims<[1, 8, 32]>} : (tensor<1x8x96xf32>) -> tensor<1x8x32xf32>
  %qh = graph.reshape %qs {dims = #graph.dims<[1, 8, 2, 16]>} : (tensor<1x8x32xf32>) -> tensor<1x8x2x16xf32>
  %kh = graph.reshape %ks {dims = #graph.dims<[1, 8, 2, 16]>} : (tensor<1x8x32xf32>) -> tensor<1x8x2x16xf32>
  %vh = graph.reshape %vs {dims = #graph.dims<[1, 8, 2, 16]>} : (tensor<1x8x32xf32>) -> tensor<1x8x2x16xf32>
  %q = graph.transpose %qh {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x8x2x16xf32>) -> tensor<1x2x8x16xf32>
  %kt = graph.transpose %kh {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x8x2x16xf32>) -> tensor<1x2x16x8xf32>
  %v = graph.transpose %vh {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x8x2x16xf32>) -> tensor<1x2x8x16xf32>
  %s = graph.matmul %q, %kt : (tensor<1x2x8x16xf32>, tensor<1x2x16x8xf32>) -> tensor<1x2x8x8xf32>
  %sc = graph.mul %s, %scale : (tensor<1x2x8x8xf32>, tensor<f32>) -> tensor<1x2x8x8xf32>
  %sm = graph.add %sc, %mask : (tensor<1x2x8x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x2x8x8xf32>
  %mx = graph.reduce_max %sm {axes = array<i64: 3>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x1xf32>
  %d = graph.sub %sm, %mx : (tensor<1x2x8x8xf32>, tensor<1x2x8x1xf32>) -> tensor<1x2x8x8xf32>
  %e = graph.exp %d : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %n = graph.reduce_sum %e {axes = array<i64: 3>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x1xf32>
  %p = graph.div %e, %n : (tensor<1x2x8x8xf32>, tensor<1x2x8x1xf32>) -> tensor<1x2x8x8xf32>
  %o = graph.matmul %p, %v : (tensor<1x2x8x8xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  %t = graph.transpose %o {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x2x8x16xf32>) -> tensor<1x8x2x16xf32>
  %y = graph.reshape %t {dims = #graph.dims<[1, 8, 32]>} : (tensor<1x8x2x16xf32>) -> tensor<1x8x32xf32>
  return %y : tensor<1x8x32xf32>
}

// -----

// Declines: the weights are returned too.
// CHECK-LABEL: @weights_used
// CHECK-NOT: graph.region
func.func @weights_used(%q: tensor<8x16xf32>, %k: tensor<16x8xf32>, %v: tensor<8x16xf32>) -> (tensor<8x16xf32>, tensor<8x8xf32>) {
  %s = graph.matmul %q, %k : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
  %n = graph.reduce_sum %s {axes = array<i64: 1>} : (tensor<8x8xf32>) -> tensor<8x1xf32>
  %p = graph.div %s, %n : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x8xf32>
  %y = graph.matmul %p, %v : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %y, %p : tensor<8x16xf32>, tensor<8x8xf32>
}

// -----

// Declines: the scores are broadcast over the batch of the values.
// CHECK-LABEL: @values_of_a_larger_batch
// CHECK-NOT: graph.region
func.func @values_of_a_larger_batch(%q: tensor<1x8x16xf32>, %k: tensor<1x16x8xf32>, %v: tensor<3x8x16xf32>) -> tensor<3x8x16xf32> {
  %s = graph.matmul %q, %k : (tensor<1x8x16xf32>, tensor<1x16x8xf32>) -> tensor<1x8x8xf32>
  %n = graph.reduce_sum %s {axes = array<i64: 2>} : (tensor<1x8x8xf32>) -> tensor<1x8x1xf32>
  %p = graph.div %s, %n : (tensor<1x8x8xf32>, tensor<1x8x1xf32>) -> tensor<1x8x8xf32>
  %y = graph.matmul %p, %v : (tensor<1x8x8xf32>, tensor<3x8x16xf32>) -> tensor<3x8x16xf32>
  return %y : tensor<3x8x16xf32>
}

// -----

// Declines: the weights are the values too.
// CHECK-LABEL: @squared
// CHECK-NOT: graph.region
func.func @squared(%q: tensor<8x16xf32>, %k: tensor<16x8xf32>) -> tensor<8x8xf32> {
  %s = graph.matmul %q, %k : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
  %n = graph.reduce_sum %s {axes = array<i64: 1>} : (tensor<8x8xf32>) -> tensor<8x1xf32>
  %p = graph.div %s, %n : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x8xf32>
  %y = graph.matmul %p, %p : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

// Declines: two products in a row without a reduction between them are two products.
// CHECK-LABEL: @no_rows
// CHECK-NOT: graph.region
func.func @no_rows(%q: tensor<8x16xf32>, %k: tensor<16x8xf32>, %v: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %s = graph.matmul %q, %k : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
  %p = graph.relu %s : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %y = graph.matmul %p, %v : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}

// -----

// Declines: f64.
// CHECK-LABEL: @doubles
// CHECK-NOT: graph.region
func.func @doubles(%q: tensor<8x16xf64>, %k: tensor<16x8xf64>, %v: tensor<8x16xf64>) -> tensor<8x16xf64> {
  %s = graph.matmul %q, %k : (tensor<8x16xf64>, tensor<16x8xf64>) -> tensor<8x8xf64>
  %n = graph.reduce_sum %s {axes = array<i64: 1>} : (tensor<8x8xf64>) -> tensor<8x1xf64>
  %p = graph.div %s, %n : (tensor<8x8xf64>, tensor<8x1xf64>) -> tensor<8x8xf64>
  %y = graph.matmul %p, %v : (tensor<8x8xf64>, tensor<8x16xf64>) -> tensor<8x16xf64>
  return %y : tensor<8x16xf64>
}

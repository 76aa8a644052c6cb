// RUN: mlc-opt %s --split-input-file --merge-products | FileCheck %s

// Two products of one tensor, one without a bias.
// CHECK-LABEL: @heads
// CHECK: %[[W:.*]] = graph.concat {{.*}} {axis = 1 : i64} : (tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<8x10xf32>
// CHECK: %[[P:.*]] = graph.matmul %arg0, %[[W]]
// CHECK: %[[B:.*]] = graph.concat {{.*}} -> tensor<10xf32>
// CHECK: %[[Y:.*]] = graph.add %[[P]], %[[B]]
// CHECK: graph.slice %[[Y]] {dims = #graph.dims<["b", 4]>, starts = #graph.dims<[0, 0]>
// CHECK: graph.slice %[[Y]] {dims = #graph.dims<["b", 6]>, starts = #graph.dims<[0, 4]>
// CHECK-NOT: graph.matmul
func.func @heads(%x: tensor<?x8xf32> {graph.dims = #graph.dims<["b", 8]>}) -> (tensor<?x2x2xf32>, tensor<6x?xf32>) attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>}} {
  %wq = graph.constant dense<1.0> : tensor<8x4xf32>
  %bq = graph.constant dense<2.0> : tensor<4xf32>
  %q0 = graph.matmul %x, %wq : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  %q1 = graph.add %bq, %q0 : (tensor<4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %q = graph.reshape %q1 {dims = #graph.dims<["b", 2, 2]>} : (tensor<?x4xf32>) -> tensor<?x2x2xf32>
  %wk = graph.constant dense<3.0> : tensor<8x6xf32>
  %k0 = graph.matmul %x, %wk : (tensor<?x8xf32>, tensor<8x6xf32>) -> tensor<?x6xf32>
  %k = graph.transpose %k0 {perm = array<i64: 1, 0>} : (tensor<?x6xf32>) -> tensor<6x?xf32>
  return %q, %k : tensor<?x2x2xf32>, tensor<6x?xf32>
}

// -----

// Declines: a result that is computed with would need a copy.
// CHECK-LABEL: @computed
// CHECK-COUNT-2: graph.matmul
func.func @computed(%x: tensor<2x8xf32>) -> (tensor<2x4xf32>, tensor<2x2x2xf32>) {
  %w = graph.constant dense<1.0> : tensor<8x4xf32>
  %v = graph.constant dense<2.0> : tensor<8x4xf32>
  %a = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %r = graph.relu %a : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %h = graph.reshape %b {dims = #graph.dims<[2, 2, 2]>} : (tensor<2x4xf32>) -> tensor<2x2x2xf32>
  return %r, %h : tensor<2x4xf32>, tensor<2x2x2xf32>
}

// -----

// Declines: a right operand that is computed at run time.
// CHECK-LABEL: @no_constant
// CHECK-COUNT-2: graph.matmul
func.func @no_constant(%x: tensor<2x8xf32>, %w: tensor<8x4xf32>) -> (tensor<2x2x2xf32>, tensor<2x2x2xf32>) {
  %v = graph.constant dense<2.0> : tensor<8x4xf32>
  %a = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %g = graph.reshape %a {dims = #graph.dims<[2, 2, 2]>} : (tensor<2x4xf32>) -> tensor<2x2x2xf32>
  %b = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %h = graph.reshape %b {dims = #graph.dims<[2, 2, 2]>} : (tensor<2x4xf32>) -> tensor<2x2x2xf32>
  return %g, %h : tensor<2x2x2xf32>, tensor<2x2x2xf32>
}

// -----

// Queries that are scaled before they are split are merged too.
// CHECK-LABEL: @scaled
// CHECK: graph.matmul {{.*}} -> tensor<2x8xf32>
// CHECK-NOT: graph.matmul
// CHECK: graph.mul
func.func @scaled(%x: tensor<2x8xf32>) -> (tensor<2x2x2xf32>, tensor<2x2x2xf32>) {
  %s = graph.constant dense<0.5> : tensor<f32>
  %w = graph.constant dense<1.0> : tensor<8x4xf32>
  %v = graph.constant dense<2.0> : tensor<8x4xf32>
  %a = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %as = graph.mul %a, %s : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %g = graph.reshape %as {dims = #graph.dims<[2, 2, 2]>} : (tensor<2x4xf32>) -> tensor<2x2x2xf32>
  %b = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %h = graph.reshape %b {dims = #graph.dims<[2, 2, 2]>} : (tensor<2x4xf32>) -> tensor<2x2x2xf32>
  return %g, %h : tensor<2x2x2xf32>, tensor<2x2x2xf32>
}

// RUN: mlc-opt %s --split-input-file --merge-linear | FileCheck %s

// What follows a norm: the shift goes into the bias, the scale into the weights; a product without a bias gets one.
// CHECK-LABEL: @norm
// CHECK-DAG: %[[T:.*]] = graph.constant dense<2.000000e+00>
// CHECK-DAG: %[[S:.*]] = graph.constant dense<3.000000e+00>
// CHECK-DAG: %[[W:.*]] = graph.constant dense<4.000000e+00>
// CHECK-DAG: %[[V:.*]] = graph.constant dense<5.000000e+00>
// CHECK-DAG: %[[B:.*]] = graph.constant dense<6.000000e+00>
// CHECK-DAG: %[[SC:.*]] = graph.reshape %[[S]] {dims = #graph.dims<[4, 1]>}
// CHECK-DAG: %[[SW:.*]] = graph.mul %[[W]], %[[SC]]
// CHECK-DAG: %[[P:.*]] = graph.matmul %arg0, %[[SW]]
// CHECK-DAG: graph.add %[[P]],
// CHECK-DAG: %[[SV:.*]] = graph.mul %[[V]],
// CHECK-DAG: graph.matmul %arg0, %[[SV]]
// CHECK: return
func.func @norm(%n: tensor<2x8x4xf32>) -> (tensor<2x8x6xf32>, tensor<2x8x5xf32>) {
  %t = graph.constant dense<2.0> : tensor<4xf32>
  %s = graph.constant dense<3.0> : tensor<4xf32>
  %w = graph.constant dense<4.0> : tensor<4x6xf32>
  %v = graph.constant dense<5.0> : tensor<4x5xf32>
  %b = graph.constant dense<6.0> : tensor<6xf32>
  %m = graph.mul %n, %s : (tensor<2x8x4xf32>, tensor<4xf32>) -> tensor<2x8x4xf32>
  %a = graph.add %m, %t : (tensor<2x8x4xf32>, tensor<4xf32>) -> tensor<2x8x4xf32>
  %p = graph.matmul %a, %w : (tensor<2x8x4xf32>, tensor<4x6xf32>) -> tensor<2x8x6xf32>
  %y = graph.add %p, %b : (tensor<2x8x6xf32>, tensor<6xf32>) -> tensor<2x8x6xf32>
  %z = graph.matmul %a, %v : (tensor<2x8x4xf32>, tensor<4x5xf32>) -> tensor<2x8x5xf32>
  return %y, %z : tensor<2x8x6xf32>, tensor<2x8x5xf32>
}

// -----

// Two layers with biases: one product, whose weights are no larger.
// CHECK-LABEL: @layers
// CHECK-DAG: %[[W:.*]] = graph.matmul %{{.*}}, %{{.*}} : (tensor<4x8xf32>, tensor<8x5xf32>) -> tensor<4x5xf32>
// CHECK-DAG: %[[P:.*]] = graph.matmul %arg0, %[[W]]
// CHECK: %[[Y:.*]] = graph.add %[[P]]
// CHECK-NEXT: return %[[Y]]
func.func @layers(%x: tensor<2x4xf32>) -> tensor<2x5xf32> {
  %v = graph.constant dense<4.0> : tensor<4x8xf32>
  %w = graph.constant dense<5.0> : tensor<8x5xf32>
  %b = graph.constant dense<6.0> : tensor<8xf32>
  %c = graph.constant dense<7.0> : tensor<5xf32>
  %p = graph.matmul %x, %v : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  %a = graph.add %p, %b : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  %q = graph.matmul %a, %w : (tensor<2x8xf32>, tensor<8x5xf32>) -> tensor<2x5xf32>
  %y = graph.add %q, %c : (tensor<2x5xf32>, tensor<5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

// Large ones, too.
// CHECK-LABEL: @large_layers
// CHECK: graph.matmul %arg0, %{{.*}} -> tensor<2x300xf32>
// CHECK-NOT: graph.matmul %{{.*}} -> tensor<2x
func.func @large_layers(%x: tensor<2x300xf32>) -> tensor<2x300xf32> {
  %v = graph.constant dense<4.0> : tensor<300x400xf32>
  %w = graph.constant dense<5.0> : tensor<400x300xf32>
  %b = graph.constant dense<6.0> : tensor<400xf32>
  %p = graph.matmul %x, %v : (tensor<2x300xf32>, tensor<300x400xf32>) -> tensor<2x400xf32>
  %a = graph.add %p, %b : (tensor<2x400xf32>, tensor<400xf32>) -> tensor<2x400xf32>
  %y = graph.matmul %a, %w : (tensor<2x400xf32>, tensor<400x300xf32>) -> tensor<2x300xf32>
  return %y : tensor<2x300xf32>
}

// -----

// CHECK-LABEL: @convs
// CHECK: %[[W:.*]] = graph.matmul {{.*}} : (tensor<5x8xf32>, tensor<8x4xf32>) -> tensor<5x4xf32>
// CHECK: %[[K:.*]] = graph.reshape %[[W]] {dims = #graph.dims<[5, 4, 1]>}
// CHECK: graph.conv %arg0, %[[K]], %{{.*}} strides = array<i64: 2>
// CHECK-NOT: graph.conv
func.func @convs(%x: tensor<1x4x9xf32>) -> tensor<1x5x5xf32> {
  %v = graph.constant dense<4.0> : tensor<8x4x1xf32>
  %w = graph.constant dense<5.0> : tensor<5x8x1xf32>
  %b = graph.constant dense<6.0> : tensor<8xf32>
  %c = graph.conv %x, %v, %b {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x4x9xf32>, tensor<8x4x1xf32>, tensor<8xf32>) -> tensor<1x8x5xf32>
  %y = graph.conv %c, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x8x5xf32>, tensor<5x8x1xf32>) -> tensor<1x5x5xf32>
  return %y : tensor<1x5x5xf32>
}

// -----

// Declines: a pair of low rank is cheaper as it is; a norm whose result others use; what is nothing beside large weights.
// CHECK-LABEL: @declines
// CHECK: %[[L:.*]] = graph.matmul %arg0, %{{.*}} -> tensor<2x1xf32>
// CHECK: graph.matmul %[[L]],
// CHECK: %[[A:.*]] = graph.add %arg0,
// CHECK: graph.matmul %[[A]],
// CHECK: %[[M:.*]] = graph.mul %arg1,
// CHECK: %[[N:.*]] = graph.add %[[M]],
// CHECK: graph.matmul %[[N]],
// CHECK-NEXT: return
func.func @declines(%x: tensor<2x8xf32>, %z: tensor<2x300xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x300xf32>) {
  %v = graph.constant dense<4.0> : tensor<8x1xf32>
  %w = graph.constant dense<5.0> : tensor<1x8xf32>
  %p = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x1xf32>) -> tensor<2x1xf32>
  %q = graph.matmul %p, %w : (tensor<2x1xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %t = graph.constant dense<2.0> : tensor<8xf32>
  %u = graph.constant dense<3.0> : tensor<8x8xf32>
  %a = graph.add %x, %t : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  %r = graph.matmul %a, %u : (tensor<2x8xf32>, tensor<8x8xf32>) -> tensor<2x8xf32>
  %s = graph.constant dense<3.0> : tensor<300xf32>
  %l = graph.constant dense<5.0> : tensor<300x300xf32>
  %m = graph.mul %z, %s : (tensor<2x300xf32>, tensor<300xf32>) -> tensor<2x300xf32>
  %n = graph.add %m, %s : (tensor<2x300xf32>, tensor<300xf32>) -> tensor<2x300xf32>
  %o = graph.matmul %n, %l : (tensor<2x300xf32>, tensor<300x300xf32>) -> tensor<2x300xf32>
  return %q, %a, %r, %o : tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x300xf32>
}

// -----

// Untouched: weights that a run gives.
// CHECK-LABEL: @untouched
// CHECK: graph.add
// CHECK-NEXT: graph.matmul
// CHECK-NEXT: return
func.func @untouched(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>) -> tensor<2x5xf32> {
  %b = graph.constant dense<6.0> : tensor<4xf32>
  %a = graph.add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %y = graph.matmul %a, %w : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

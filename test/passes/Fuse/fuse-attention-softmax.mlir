// RUN: mlc-opt %s --split-input-file --fuse-attention=only-softmax | FileCheck %s

// Rows that are a softmax of a function of the scores: one region. A scale of the queries, behind moves, becomes one of the scores.
// CHECK-LABEL: @fires
// CHECK: graph.region "attention"(%arg0, %arg1, %arg2, %arg3)
// CHECK-NOT: graph.mul {{.*}}tensor<2x8x4xf32>
// CHECK: %[[S:.*]] = graph.matmul
// CHECK: graph.mul %[[S]], %{{.*}} -> tensor<2x8x6xf32>
// CHECK: graph.reduce_max
// CHECK: graph.matmul
func.func @fires(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %mask: tensor<8x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %scale = graph.constant dense<0.5> : tensor<f32>
  %sq = graph.mul %q, %scale : (tensor<2x8x4xf32>, tensor<f32>) -> tensor<2x8x4xf32>
  %s = graph.matmul %sq, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %x = graph.add %s, %mask : (tensor<2x8x6xf32>, tensor<8x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %x {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %x, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %e = graph.exp %d : (tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %e, %t : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// The guard of newer exporters: NaN becomes zero.
// CHECK-LABEL: @guarded
// CHECK: graph.region "attention"
func.func @guarded(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %s = graph.matmul %q, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %s, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %e = graph.exp %d : (tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %e, %t : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %n = graph.is_nan %p : (tensor<2x8x6xf32>) -> tensor<2x8x6xi1>
  %w = graph.where %n, %zero, %p : (tensor<2x8x6xi1>, tensor<f32>, tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %w, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// Declines: NaN becomes something else than zero, which passing over the keys once does not give.
// CHECK-LABEL: @another_guard
// CHECK-NOT: graph.region
func.func @another_guard(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  %s = graph.matmul %q, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %s, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %e = graph.exp %d : (tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %e, %t : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %n = graph.is_nan %p : (tensor<2x8x6xf32>) -> tensor<2x8x6xi1>
  %w = graph.where %n, %one, %p : (tensor<2x8x6xi1>, tensor<f32>, tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %w, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// Declines: rows divided by their largest element are no softmax.
// CHECK-LABEL: @no_softmax
// CHECK-NOT: graph.region
func.func @no_softmax(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %s = graph.matmul %q, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %s, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// RUN: mlc-opt %s --split-input-file --expand-composites | FileCheck %s

// CHECK-LABEL: @softmax
// CHECK: %[[M:.*]] = graph.reduce_max %arg0 {axes = array<i64: 1>}
// CHECK: %[[D:.*]] = graph.sub %arg0, %[[M]]
// CHECK: %[[E:.*]] = graph.exp %[[D]]
// CHECK: %[[S:.*]] = graph.reduce_sum %[[E]]
// CHECK: graph.div %[[E]], %[[S]]
func.func @softmax(%arg0: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %y = graph.softmax %arg0 {axis = -1 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// Half precision is computed in f32; results without users are not made.
// CHECK-LABEL: @layer_norm
// CHECK: graph.cast %arg0 {to = f32}
// CHECK-COUNT-2: graph.reduce_mean
// CHECK-NOT: graph.reduce_mean
// CHECK: graph.cast {{.*}}to = f16
func.func @layer_norm(%arg0: tensor<2x4xf16>, %s: tensor<4xf16>) -> tensor<2x4xf16> {
  %y, %m, %i = graph.layer_norm %arg0, %s {axis = 1 : i64} : (tensor<2x4xf16>, tensor<4xf16>) -> (tensor<2x4xf16>, tensor<2x1xf32>, tensor<2x1xf32>)
  return %y : tensor<2x4xf16>
}

// -----

// CHECK-LABEL: @group_norm
// CHECK: graph.reshape {{.*}}dims = #graph.dims<[2, 2, 10]>
// CHECK: graph.reshape {{.*}}dims = #graph.dims<[2, 4, 5]>
// CHECK-NOT: graph.group_norm
func.func @group_norm(%arg0: tensor<2x4x5xf32>, %s: tensor<4xf32>) -> tensor<2x4x5xf32> {
  %y = graph.group_norm %arg0, %s, %s {num_groups = 2 : i64} : (tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x5xf32>
  return %y : tensor<2x4x5xf32>
}

// -----

// Other ops stay.
// CHECK-LABEL: @declines
// CHECK: graph.tanh
func.func @declines(%arg0: tensor<2xf32>) -> tensor<2xf32> {
  %y = graph.tanh %arg0 : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

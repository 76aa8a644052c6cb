// RUN: mlc-opt %s | mlc-opt | FileCheck %s
// Text in, text out, text in again: every op of OpsReduce.td with its attributes.

// CHECK-LABEL: @reductions
// CHECK: graph.reduce_sum %{{.*}} {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
// CHECK: graph.reduce_mean %{{.*}} {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
// CHECK: graph.reduce_max %{{.*}} {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
// CHECK: graph.reduce_min %{{.*}} {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
// CHECK: graph.reduce_prod %{{.*}} {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
// CHECK: graph.arg_max %{{.*}} {axis = 1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64} : (tensor<?x4xf32>) -> tensor<?xi64>
// CHECK: graph.arg_min %{{.*}} {axis = 1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64} : (tensor<?x4xf32>) -> tensor<?xi64>
// CHECK: graph.cum_sum %{{.*}} {axis = 1 : i64, exclusive = 1 : i64, reverse = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.top_k %{{.*}} {axis = 0 : i64, k = #graph.dims<["min(3, b)"]>, largest = 0 : i64} : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xi64>)
func.func @reductions(%x: tensor<?x4xf32>) {
  %reduce_sum = graph.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
  %reduce_mean = graph.reduce_mean %x {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
  %reduce_max = graph.reduce_max %x {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
  %reduce_min = graph.reduce_min %x {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
  %reduce_prod = graph.reduce_prod %x {axes = array<i64: 1>, keepdims = false} : (tensor<?x4xf32>) -> tensor<?xf32>
  %arg_max = graph.arg_max %x {axis = 1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64} : (tensor<?x4xf32>) -> tensor<?xi64>
  %arg_min = graph.arg_min %x {axis = 1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64} : (tensor<?x4xf32>) -> tensor<?xi64>
  %cum_sum = graph.cum_sum %x {axis = 1 : i64, exclusive = 1 : i64, reverse = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %top_k:2 = graph.top_k %x {axis = 0 : i64, k = #graph.dims<["min(3, b)"]>, largest = 0 : i64} : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xi64>)
  return
}

// CHECK-LABEL: @norms
// CHECK: graph.softmax %{{.*}} {axis = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.log_softmax %{{.*}} {axis = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.layer_norm %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64, epsilon = 2.500000e-01 : f32, stash_type = 10 : i64} : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>, tensor<?x1xf32>)
// CHECK: graph.rms_norm %{{.*}}, %{{.*}} {axis = 1 : i64, epsilon = 2.500000e-01 : f32, stash_type = 10 : i64} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
// CHECK: graph.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 2.500000e-01 : f32} : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
// CHECK: graph.instance_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 2.500000e-01 : f32} : (tensor<?x4x?xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x?xf32>
// CHECK: graph.group_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 2.500000e-01 : f32, num_groups = 2 : i64, stash_type = 10 : i64} : (tensor<?x4x?xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x?xf32>
func.func @norms(%x: tensor<?x4xf32>, %s: tensor<4xf32>, %n: tensor<?x4x?xf32>) {
  %softmax = graph.softmax %x {axis = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %log_softmax = graph.log_softmax %x {axis = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %layer_norm:3 = graph.layer_norm %x, %s, %s {axis = 1 : i64, epsilon = 2.500000e-01 : f32, stash_type = 10 : i64} : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>, tensor<?x1xf32>)
  %rms_norm = graph.rms_norm %x, %s {axis = 1 : i64, epsilon = 2.500000e-01 : f32, stash_type = 10 : i64} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %batch_norm = graph.batch_norm %x, %s, %s, %s, %s {epsilon = 2.500000e-01 : f32} : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %instance_norm = graph.instance_norm %n, %s, %s {epsilon = 2.500000e-01 : f32} : (tensor<?x4x?xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x?xf32>
  %group_norm = graph.group_norm %n, %s, %s {epsilon = 2.500000e-01 : f32, num_groups = 2 : i64, stash_type = 10 : i64} : (tensor<?x4x?xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x?xf32>
  return
}

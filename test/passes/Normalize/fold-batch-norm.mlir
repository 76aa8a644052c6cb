// RUN: mlc-opt %s --split-input-file --fold-batch-norm | FileCheck %s

// CHECK-LABEL: @fires
// CHECK: %[[A:.*]] = graph.div
// CHECK: %[[R:.*]] = graph.reshape %[[A]] {dims = #graph.dims<[2, 1, 1]>}
// CHECK: %[[W:.*]] = graph.mul %{{.*}}, %[[R]]
// CHECK: graph.conv %arg0, %[[W]], %{{.*}}
// CHECK-NOT: graph.batch_norm
func.func @fires(%arg0: tensor<1x3x8xf32>) -> tensor<1x2x8xf32> {
  %w = graph.constant dense<1.0> : tensor<2x3x1xf32>
  %p = graph.constant dense<2.0> : tensor<2xf32>
  %c = graph.conv %arg0, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x3x8xf32>, tensor<2x3x1xf32>) -> tensor<1x2x8xf32>
  %y = graph.batch_norm %c, %p, %p, %p, %p : (tensor<1x2x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8xf32>
  return %y : tensor<1x2x8xf32>
}

// -----

// The convolution's own result is used, too.
// CHECK-LABEL: @declines
// CHECK: graph.batch_norm
func.func @declines(%arg0: tensor<1x3x8xf32>) -> (tensor<1x2x8xf32>, tensor<1x2x8xf32>) {
  %w = graph.constant dense<1.0> : tensor<2x3x1xf32>
  %p = graph.constant dense<2.0> : tensor<2xf32>
  %c = graph.conv %arg0, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x3x8xf32>, tensor<2x3x1xf32>) -> tensor<1x2x8xf32>
  %y = graph.batch_norm %c, %p, %p, %p, %p : (tensor<1x2x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8xf32>
  return %y, %c : tensor<1x2x8xf32>, tensor<1x2x8xf32>
}

// -----

// Untouched: what it normalises is no convolution.
// CHECK-LABEL: @untouched
// CHECK-NEXT: graph.batch_norm %arg0, %arg1, %arg1, %arg1, %arg1
// CHECK-NEXT: return
func.func @untouched(%arg0: tensor<1x2x8xf32>, %arg1: tensor<2xf32>) -> tensor<1x2x8xf32> {
  %y = graph.batch_norm %arg0, %arg1, %arg1, %arg1, %arg1 : (tensor<1x2x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8xf32>
  return %y : tensor<1x2x8xf32>
}

// -----

// Declines: the weights are known at run time only, folding would cost a product a run.
// CHECK-LABEL: @weights_not_constant
// CHECK: graph.batch_norm
func.func @weights_not_constant(%arg0: tensor<1x3x8xf32>, %arg1: tensor<2x3x1xf32>) -> tensor<1x2x8xf32> {
  %p = graph.constant dense<2.0> : tensor<2xf32>
  %c = graph.conv %arg0, %arg1 {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x3x8xf32>, tensor<2x3x1xf32>) -> tensor<1x2x8xf32>
  %y = graph.batch_norm %c, %p, %p, %p, %p : (tensor<1x2x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8xf32>
  return %y : tensor<1x2x8xf32>
}

// RUN: mlc-opt %s --split-input-file --convert-precision | FileCheck %s
// RUN: mlc-opt %s --split-input-file --convert-precision=type=bf16 | FileCheck %s --check-prefix=BF16

// Between regions and in a product's weights: 16 bits. The bias, the epilogue, inputs and outputs of the model: f32.
// CHECK-LABEL: @fires
// CHECK: %[[W:.*]] = graph.constant
// CHECK: %[[N:.*]] = graph.cast %[[W]] {to = f16} : (tensor<8x8xf32>) -> tensor<8x8xf16>
// CHECK: %[[FIRST:.*]] = graph.region "gemm"(%arg0, %[[N]], %{{.*}}) : (tensor<4x8xf32>, tensor<8x8xf16>, tensor<8xf32>) -> tensor<4x8xf16>
// CHECK: %[[X:.*]] = graph.cast %{{.*}} {to = f16} : (tensor<4x8xf32>) -> tensor<4x8xf16>
// CHECK: %[[P:.*]] = graph.matmul %[[X]], %{{.*}} -> tensor<4x8xf16>
// CHECK: %[[F:.*]] = graph.cast %[[P]] {to = f32}
// CHECK: %[[A:.*]] = graph.add %[[F]], %{{.*}} -> tensor<4x8xf32>
// CHECK: %[[R:.*]] = graph.cast %[[A]] {to = f16}
// CHECK: graph.yield %[[R]] : tensor<4x8xf16>
// CHECK: graph.region "rows"(%[[FIRST]]) : (tensor<4x8xf16>) -> tensor<4x1xf32>
// CHECK: graph.reduce_sum %{{.*}} : (tensor<4x8xf32>) -> tensor<4x1xf32>
// BF16-LABEL: @fires
// BF16: graph.matmul %{{.*}} -> tensor<4x8xbf16>
func.func @fires(%x: tensor<4x8xf32>) -> tensor<4x1xf32> {
  %w = graph.constant dense<1.0> : tensor<8x8xf32>
  %bias = graph.constant dense<2.0> : tensor<8xf32>
  %y = graph.region "gemm" (%x, %w, %bias) : (tensor<4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: tensor<4x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8xf32>):
    %0 = graph.matmul %a, %b : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %1 = graph.add %0, %c : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
    graph.yield %1 : tensor<4x8xf32>
  }
  %z = graph.region "rows" (%y) : (tensor<4x8xf32>) -> tensor<4x1xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %0 = graph.reduce_sum %a {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
    graph.yield %0 : tensor<4x1xf32>
  }
  return %z : tensor<4x1xf32>
}

// -----

// A mask's constant has no room in f16: what is stored is clamped to what has.
// CHECK-LABEL: @masks_are_clamped
// CHECK: graph.minimum
// CHECK: graph.maximum
// CHECK: graph.yield %{{.*}} : tensor<4xf16>
// BF16-LABEL: @masks_are_clamped
// BF16-NOT: graph.minimum
func.func @masks_are_clamped(%c: tensor<4xi1>) -> tensor<4xf32> {
  %m = graph.region "pointwise" (%c) : (tensor<4xi1>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xi1>):
    %zero = graph.constant dense<0.0> : tensor<f32>
    %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
    %0 = graph.where %a, %zero, %low : (tensor<4xi1>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  }
  %y = graph.region "pointwise" (%m) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %0 = graph.exp %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

// Declines: integers, and what the model gives out, through views too.
// CHECK-LABEL: @declines
// CHECK: graph.region "pointwise"(%arg0, %arg1) : (tensor<4xf32>, tensor<4xi64>) -> (tensor<4xf32>, tensor<4xi64>)
// CHECK: graph.reshape %{{.*}} : (tensor<4xf32>) -> tensor<2x2xf32>
func.func @declines(%x: tensor<4xf32>, %i: tensor<4xi64>) -> (tensor<2x2xf32>, tensor<4xi64>) {
  %y, %j = graph.region "pointwise" (%x, %i) : (tensor<4xf32>, tensor<4xi64>) -> (tensor<4xf32>, tensor<4xi64>) {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xi64>):
    %0 = graph.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    %1 = graph.add %b, %b : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
    graph.yield %0, %1 : tensor<4xf32>, tensor<4xi64>
  }
  %v = graph.reshape %y {dims = #graph.dims<[2, 2]>} : (tensor<4xf32>) -> tensor<2x2xf32>
  return %v, %j : tensor<2x2xf32>, tensor<4xi64>
}

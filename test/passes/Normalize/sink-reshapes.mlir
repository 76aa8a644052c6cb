// RUN: mlc-opt %s --split-input-file --sink-reshapes | FileCheck %s

// A linear layer on flattened rows and a GELU in primitives behind it: all meet, the reshape comes last.
// CHECK-LABEL: @flattened_rows
// CHECK: %[[P:.*]] = graph.matmul %arg0, %{{.*}} : (tensor<2x3x8xf32>, tensor<8x4xf32>) -> tensor<2x3x4xf32>
// CHECK: %[[A:.*]] = graph.add %{{.*}}, %[[P]]
// CHECK: %[[H:.*]] = graph.mul %[[A]], %{{.*}} -> tensor<2x3x4xf32>
// CHECK: %[[T:.*]] = graph.tanh %[[A]]
// CHECK: %[[Y:.*]] = graph.mul %[[H]], %[[T]]
// CHECK: %[[R:.*]] = graph.reshape %[[Y]]
// CHECK: return %[[R]]
func.func @flattened_rows(%x: tensor<2x3x8xf32>) -> tensor<6x4xf32> {
  %w = graph.constant dense<1.0> : tensor<8x4xf32>
  %b = graph.constant dense<1.0> : tensor<4xf32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %f = graph.reshape %x {dims = #graph.dims<[6, 8]>} : (tensor<2x3x8xf32>) -> tensor<6x8xf32>
  %p = graph.matmul %f, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %a = graph.add %b, %p : (tensor<4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32>
  %h = graph.mul %a, %half : (tensor<6x4xf32>, tensor<f32>) -> tensor<6x4xf32>
  %t = graph.tanh %a : (tensor<6x4xf32>) -> tensor<6x4xf32>
  %y = graph.mul %h, %t : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// -----

// There and back: the residual is met without any reshape.
// CHECK-LABEL: @there_and_back
// CHECK-NOT: graph.reshape
// CHECK: graph.add %arg0, %{{.*}} : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
// CHECK-NEXT: return
func.func @there_and_back(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %f = graph.reshape %x {dims = #graph.dims<[6, 8]>} : (tensor<2x3x8xf32>) -> tensor<6x8xf32>
  %r = graph.relu %f : (tensor<6x8xf32>) -> tensor<6x8xf32>
  %u = graph.reshape %r {dims = #graph.dims<[2, 3, 8]>} : (tensor<6x8xf32>) -> tensor<2x3x8xf32>
  %y = graph.add %x, %u : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}

// -----

// The mask of each window, as Swin adds it to the scores of all samples and heads.
// CHECK-LABEL: @window_mask
// CHECK: %[[E:.*]] = graph.expand %arg1 {{.*}} -> tensor<?x4x1x9x9xf32>
// CHECK: %[[M:.*]] = graph.reshape %[[E]] {dims = #graph.dims<["4*b", 1, 9, 9]>}
// CHECK: graph.add %arg0, %[[M]] : (tensor<?x3x9x9xf32>, tensor<?x1x9x9xf32>) -> tensor<?x3x9x9xf32>
func.func @window_mask(%s: tensor<?x3x9x9xf32> {graph.dims = #graph.dims<["4*b", 3, 9, 9]>}, %m: tensor<1x4x1x9x9xf32>) -> tensor<?x3x9x9xf32> attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>}} {
  %w = graph.reshape %s {dims = #graph.dims<["b", 4, 3, 9, 9]>} : (tensor<?x3x9x9xf32>) -> tensor<?x4x3x9x9xf32>
  %a = graph.add %w, %m : (tensor<?x4x3x9x9xf32>, tensor<1x4x1x9x9xf32>) -> tensor<?x4x3x9x9xf32>
  %y = graph.reshape %a {dims = #graph.dims<["4*b", 3, 9, 9]>} : (tensor<?x4x3x9x9xf32>) -> tensor<?x3x9x9xf32>
  return %y : tensor<?x3x9x9xf32>
}

// -----

// Declines: the bias follows a last dim that the reshape made.
// CHECK-LABEL: @other_last_dim
// CHECK: graph.reshape %arg0
// CHECK-NEXT: graph.add
func.func @other_last_dim(%x: tensor<6x8xf32>) -> tensor<6x2x4xf32> {
  %b = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %f = graph.reshape %x {dims = #graph.dims<[6, 2, 4]>} : (tensor<6x8xf32>) -> tensor<6x2x4xf32>
  %y = graph.add %f, %b : (tensor<6x2x4xf32>, tensor<4xf32>) -> tensor<6x2x4xf32>
  return %y : tensor<6x2x4xf32>
}

// -----

// A deconvolution of 2x2 windows: bias and relu become the product's, the bias for each of the four pixels.
// CHECK-LABEL: @deconvolution
// CHECK: %[[P:.*]] = graph.matmul %arg0
// CHECK: %[[C:.*]] = graph.concat %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {axis = 0 : i64}
// CHECK: %[[A:.*]] = graph.add %[[P]], %[[C]]
// CHECK: %[[R:.*]] = graph.relu %[[A]]
// CHECK-NEXT: %[[F:.*]] = graph.reshape %[[R]]
// CHECK-NEXT: %[[T:.*]] = graph.transpose %[[F]] {perm = array<i64: 0, 1, 3, 2, 4, 5>}
// CHECK-NEXT: %[[Y:.*]] = graph.reshape %[[T]]
// CHECK-NEXT: return %[[Y]]
func.func @deconvolution(%x: tensor<1x4x5x8xf32>, %w: tensor<8x12xf32>) -> tensor<1x8x10x3xf32> {
  %c = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %p = graph.matmul %x, %w : (tensor<1x4x5x8xf32>, tensor<8x12xf32>) -> tensor<1x4x5x12xf32>
  %f = graph.reshape %p {dims = #graph.dims<[1, 4, 5, 2, 2, 3]>} : (tensor<1x4x5x12xf32>) -> tensor<1x4x5x2x2x3xf32>
  %t = graph.transpose %f {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x4x5x2x2x3xf32>) -> tensor<1x4x2x5x2x3xf32>
  %b = graph.reshape %t {dims = #graph.dims<[1, 8, 10, 3]>} : (tensor<1x4x2x5x2x3xf32>) -> tensor<1x8x10x3xf32>
  %a = graph.add %b, %c : (tensor<1x8x10x3xf32>, tensor<3xf32>) -> tensor<1x8x10x3xf32>
  %y = graph.relu %a : (tensor<1x8x10x3xf32>) -> tensor<1x8x10x3xf32>
  return %y : tensor<1x8x10x3xf32>
}

// -----

// Declines: a bias that a run gives, another picture that is added; then the op stays behind the transpose, in front of the reshape if that.
// CHECK-LABEL: @other_operands
// CHECK: %[[T:.*]] = graph.transpose
// CHECK: graph.add %[[T]], %arg2
// CHECK: graph.add %{{.*}}, %arg3
func.func @other_operands(%x: tensor<1x4x5x8xf32>, %w: tensor<8x12xf32>, %c: tensor<3xf32>, %z: tensor<1x8x10x3xf32>) -> tensor<1x8x10x3xf32> {
  %p = graph.matmul %x, %w : (tensor<1x4x5x8xf32>, tensor<8x12xf32>) -> tensor<1x4x5x12xf32>
  %f = graph.reshape %p {dims = #graph.dims<[1, 4, 5, 2, 2, 3]>} : (tensor<1x4x5x12xf32>) -> tensor<1x4x5x2x2x3xf32>
  %t = graph.transpose %f {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x4x5x2x2x3xf32>) -> tensor<1x4x2x5x2x3xf32>
  %b = graph.reshape %t {dims = #graph.dims<[1, 8, 10, 3]>} : (tensor<1x4x2x5x2x3xf32>) -> tensor<1x8x10x3xf32>
  %a = graph.add %b, %c : (tensor<1x8x10x3xf32>, tensor<3xf32>) -> tensor<1x8x10x3xf32>
  %y = graph.add %a, %z : (tensor<1x8x10x3xf32>, tensor<1x8x10x3xf32>) -> tensor<1x8x10x3xf32>
  return %y : tensor<1x8x10x3xf32>
}

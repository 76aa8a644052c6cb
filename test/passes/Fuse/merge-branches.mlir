// RUN: mlc-opt %s --split-input-file --merge-branches | FileCheck %s
// RUN: mlc-opt %s --split-input-file --merge-branches=explain | FileCheck %s --check-prefix=WHY

// Two convolutions of one tensor with biases and the same activation.
// CHECK-LABEL: @heads
// CHECK: %[[W:.*]] = graph.concat {{.*}} {axis = 0 : i64} : (tensor<16x8x3x3xf32>, tensor<32x8x3x3xf32>) -> tensor<48x8x3x3xf32>
// CHECK: %[[C:.*]] = graph.conv %arg0, %[[W]] {channels_last = true
// CHECK: %[[B:.*]] = graph.concat {{.*}} -> tensor<48xf32>
// CHECK: %[[A:.*]] = graph.add %[[C]], %[[B]]
// CHECK: %[[Y:.*]] = graph.relu %[[A]]
// CHECK-DAG: %[[P:.*]] = graph.slice %[[Y]] {dims = #graph.dims<["b", 32, 32, 16]>, starts = #graph.dims<[0, 0, 0, 0]>
// CHECK-DAG: %[[Q:.*]] = graph.slice %[[Y]] {dims = #graph.dims<["b", 32, 32, 32]>, starts = #graph.dims<[0, 0, 0, 16]>
// CHECK-DAG: graph.reduce_mean %[[P]]
// CHECK-DAG: graph.conv %[[Q]]
// CHECK: return
func.func @heads(%x: tensor<?x32x32x8xf32> {graph.dims = #graph.dims<["b", 32, 32, 8]>}) -> (tensor<?x1x1x16xf32>, tensor<?x32x32x4xf32>) attributes {graph.symbols = {b = array<i64: 1, 1, 64, 1>}} {
  %v = graph.constant dense<1.0> : tensor<16x8x3x3xf32>
  %bv = graph.constant dense<2.0> : tensor<16xf32>
  %a = graph.conv %x, %v {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x32x32x8xf32>, tensor<16x8x3x3xf32>) -> tensor<?x32x32x16xf32>
  %a1 = graph.add %a, %bv : (tensor<?x32x32x16xf32>, tensor<16xf32>) -> tensor<?x32x32x16xf32>
  %a2 = graph.relu %a1 : (tensor<?x32x32x16xf32>) -> tensor<?x32x32x16xf32>
  %m = graph.reduce_mean %a2 {axes = array<i64: 1, 2>, keepdims = true} : (tensor<?x32x32x16xf32>) -> tensor<?x1x1x16xf32>
  %w = graph.constant dense<3.0> : tensor<32x8x3x3xf32>
  %bw = graph.constant dense<4.0> : tensor<32xf32>
  %b = graph.conv %x, %w {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x32x32x8xf32>, tensor<32x8x3x3xf32>) -> tensor<?x32x32x32xf32>
  %b1 = graph.add %b, %bw : (tensor<?x32x32x32xf32>, tensor<32xf32>) -> tensor<?x32x32x32xf32>
  %b2 = graph.relu %b1 : (tensor<?x32x32x32xf32>) -> tensor<?x32x32x32xf32>
  %u = graph.constant dense<5.0> : tensor<4x32x3x3xf32>
  %y = graph.conv %b2, %u {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x32x32x32xf32>, tensor<4x32x3x3xf32>) -> tensor<?x32x32x4xf32>
  return %m, %y : tensor<?x1x1x16xf32>, tensor<?x32x32x4xf32>
}

// -----

// A branch of one column: its bias is a number, but not that of the others.
// CHECK-LABEL: @one_column
// CHECK: %[[P:.*]] = graph.matmul %arg0, %{{.*}} -> tensor<64x17xf32>
// CHECK: %[[B:.*]] = graph.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<1xf32>, tensor<16xf32>) -> tensor<17xf32>
// CHECK: graph.add %[[P]], %[[B]]
func.func @one_column(%x: tensor<64x64xf32>, %u: tensor<16x4xf32>, %v: tensor<1x4xf32>) -> (tensor<64x4xf32>, tensor<64x4xf32>) {
  %w1 = graph.constant dense<1.0> : tensor<64x1xf32>
  %b1 = graph.constant dense<2.0> : tensor<1xf32>
  %p1 = graph.matmul %x, %w1 : (tensor<64x64xf32>, tensor<64x1xf32>) -> tensor<64x1xf32>
  %a1 = graph.add %p1, %b1 : (tensor<64x1xf32>, tensor<1xf32>) -> tensor<64x1xf32>
  %w2 = graph.constant dense<3.0> : tensor<64x16xf32>
  %b2 = graph.constant dense<4.0> : tensor<16xf32>
  %p2 = graph.matmul %x, %w2 : (tensor<64x64xf32>, tensor<64x16xf32>) -> tensor<64x16xf32>
  %a2 = graph.add %p2, %b2 : (tensor<64x16xf32>, tensor<16xf32>) -> tensor<64x16xf32>
  %y1 = graph.matmul %a1, %v : (tensor<64x1xf32>, tensor<1x4xf32>) -> tensor<64x4xf32>
  %y2 = graph.matmul %a2, %u : (tensor<64x16xf32>, tensor<16x4xf32>) -> tensor<64x4xf32>
  return %y1, %y2 : tensor<64x4xf32>, tensor<64x4xf32>
}

// -----

// Products, 1x1 convolutions before: scaled by one number.
// CHECK-LABEL: @products
// CHECK: graph.matmul {{.*}} -> tensor<64x24xf32>
// CHECK: graph.mul
// CHECK-COUNT-2: graph.slice
func.func @products(%x: tensor<64x64xf32>, %u: tensor<16x4xf32>) -> (tensor<64x1xf32>, tensor<64x4xf32>) {
  %s = graph.constant dense<0.5> : tensor<f32>
  %v = graph.constant dense<1.0> : tensor<64x8xf32>
  %w = graph.constant dense<3.0> : tensor<64x16xf32>
  %a = graph.matmul %x, %v : (tensor<64x64xf32>, tensor<64x8xf32>) -> tensor<64x8xf32>
  %as = graph.mul %a, %s : (tensor<64x8xf32>, tensor<f32>) -> tensor<64x8xf32>
  %m = graph.reduce_max %as {axes = array<i64: 1>, keepdims = true} : (tensor<64x8xf32>) -> tensor<64x1xf32>
  %b = graph.matmul %x, %w : (tensor<64x64xf32>, tensor<64x16xf32>) -> tensor<64x16xf32>
  %bs = graph.mul %b, %s : (tensor<64x16xf32>, tensor<f32>) -> tensor<64x16xf32>
  %y = graph.matmul %bs, %u : (tensor<64x16xf32>, tensor<16x4xf32>) -> tensor<64x4xf32>
  return %m, %y : tensor<64x1xf32>, tensor<64x4xf32>
}

// -----

// Declines: another activation, a reader that joins, other strides.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.slice
// WHY-LABEL: @declines
// WHY: graph.matmul {{.*}}not of one with it: 'graph.{{relu|tanh}}' follows this one alone
// WHY: graph.matmul {{.*}}not of one with it: 'graph.concat' would need a copy of its part
func.func @declines(%x: tensor<64x64xf32>, %z: tensor<64x64xf32>, %p: tensor<1x32x32x8xf32>) -> (tensor<64x8xf32>, tensor<64x16xf32>, tensor<64x24xf32>, tensor<1x1x1x16xf32>, tensor<1x1x1x16xf32>) {
  %v = graph.constant dense<1.0> : tensor<64x8xf32>
  %w = graph.constant dense<3.0> : tensor<64x16xf32>
  %a = graph.matmul %x, %v : (tensor<64x64xf32>, tensor<64x8xf32>) -> tensor<64x8xf32>
  %ar = graph.relu %a : (tensor<64x8xf32>) -> tensor<64x8xf32>
  %b = graph.matmul %x, %w : (tensor<64x64xf32>, tensor<64x16xf32>) -> tensor<64x16xf32>
  %bt = graph.tanh %b : (tensor<64x16xf32>) -> tensor<64x16xf32>
  %c = graph.matmul %z, %v : (tensor<64x64xf32>, tensor<64x8xf32>) -> tensor<64x8xf32>
  %d = graph.matmul %z, %w : (tensor<64x64xf32>, tensor<64x16xf32>) -> tensor<64x16xf32>
  %cd = graph.concat %c, %d {axis = 1} : (tensor<64x8xf32>, tensor<64x16xf32>) -> tensor<64x24xf32>
  %k = graph.constant dense<1.0> : tensor<16x8x1x1xf32>
  %e = graph.conv %p, %k {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x32x32x8xf32>, tensor<16x8x1x1xf32>) -> tensor<1x32x32x16xf32>
  %f = graph.conv %p, %k {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<1x32x32x8xf32>, tensor<16x8x1x1xf32>) -> tensor<1x16x16x16xf32>
  %em = graph.reduce_mean %e {axes = array<i64: 1, 2>, keepdims = true} : (tensor<1x32x32x16xf32>) -> tensor<1x1x1x16xf32>
  %fm = graph.reduce_mean %f {axes = array<i64: 1, 2>, keepdims = true} : (tensor<1x16x16x16xf32>) -> tensor<1x1x1x16xf32>
  return %ar, %bt, %cd, %em, %fm : tensor<64x8xf32>, tensor<64x16xf32>, tensor<64x24xf32>, tensor<1x1x1x16xf32>, tensor<1x1x1x16xf32>
}

// -----

// Declines by cost: few channels, of which rows with gaps would be read.
// CHECK-LABEL: @costs
// CHECK-NOT: graph.slice
// WHY-LABEL: @costs
// WHY: one pass less over the input saves {{.*}} us, reading rows with gaps costs {{.*}} us
func.func @costs(%x: tensor<1x256x256x4xf32>) -> (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>) {
  %v = graph.constant dense<1.0> : tensor<4x4xf32>
  %w = graph.constant dense<3.0> : tensor<4x4xf32>
  %a = graph.matmul %x, %v : (tensor<1x256x256x4xf32>, tensor<4x4xf32>) -> tensor<1x256x256x4xf32>
  %b = graph.matmul %x, %w : (tensor<1x256x256x4xf32>, tensor<4x4xf32>) -> tensor<1x256x256x4xf32>
  %am = graph.reduce_mean %a {axes = array<i64: 1, 2>, keepdims = true} : (tensor<1x256x256x4xf32>) -> tensor<1x1x1x4xf32>
  %bm = graph.reduce_mean %b {axes = array<i64: 1, 2>, keepdims = true} : (tensor<1x256x256x4xf32>) -> tensor<1x1x1x4xf32>
  return %am, %bm : tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>
}

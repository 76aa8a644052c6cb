// RUN: mlc-opt %s --split-input-file --host-pack-operands | FileCheck %s

// [K, N] in panels of 16 columns: the chain of moves outside, its inverse inside.
// CHECK-LABEL: @product
// CHECK: %[[W:.*]] = graph.constant
// CHECK: %[[P:.*]] = graph.pad %[[W]] {{.*}} -> tensor<8x32xf32>
// CHECK: %[[R:.*]] = graph.reshape %[[P]] {{.*}} -> tensor<8x2x16xf32>
// CHECK: %[[T:.*]] = graph.transpose %[[R]] {perm = array<i64: 1, 0, 2>}
// CHECK: graph.region "gemm"(%{{.*}}, %[[T]])
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<2x8x16xf32>):
// CHECK: graph.transpose %[[B]]
// CHECK: %[[S:.*]] = graph.slice {{.*}} -> tensor<8x20xf32>
// CHECK: graph.matmul %[[A]], %[[S]]
func.func @product(%x: tensor<4x8xf32>) -> tensor<4x20xf32> {
  %w = graph.constant dense<1.0> : tensor<8x20xf32>
  %y = graph.region "gemm" (%x, %w) : (tensor<4x8xf32>, tensor<8x20xf32>) -> tensor<4x20xf32> {
  ^bb0(%a: tensor<4x8xf32>, %b: tensor<8x20xf32>):
    %0 = graph.matmul %a, %b : (tensor<4x8xf32>, tensor<8x20xf32>) -> tensor<4x20xf32>
    graph.yield %0 : tensor<4x20xf32>
  }
  return %y : tensor<4x20xf32>
}

// -----

// An operand that is no constant is packed at run time, by a region.
// CHECK-LABEL: @packed_at_run_time
// CHECK: %[[P:.*]] = graph.region "pack"(%arg1)
// CHECK: graph.region "gemm"(%arg0, %[[P]])
func.func @packed_at_run_time(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>) -> tensor<4x16xf32> {
  %y = graph.region "gemm" (%x, %w) : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32> {
  ^bb0(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>):
    %0 = graph.matmul %a, %b : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
    graph.yield %0 : tensor<4x16xf32>
  }
  return %y : tensor<4x16xf32>
}

// -----

// Declines: the tiles work on f32.
// CHECK-LABEL: @other_types
// CHECK-NOT: graph.transpose
// CHECK: graph.region "gemm"
func.func @other_types(%x: tensor<4x8xf64>) -> tensor<4x16xf64> {
  %w = graph.constant dense<1.0> : tensor<8x16xf64>
  %y = graph.region "gemm" (%x, %w) : (tensor<4x8xf64>, tensor<8x16xf64>) -> tensor<4x16xf64> {
  ^bb0(%a: tensor<4x8xf64>, %b: tensor<8x16xf64>):
    %0 = graph.matmul %a, %b : (tensor<4x8xf64>, tensor<8x16xf64>) -> tensor<4x16xf64>
    graph.yield %0 : tensor<4x16xf64>
  }
  return %y : tensor<4x16xf64>
}

// -----

// Declines: a convolution with channels first, which has no tile.
// CHECK-LABEL: @channels_first
// CHECK-NOT: graph.transpose
func.func @channels_first(%x: tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32> {
  %w = graph.constant dense<1.0> : tensor<16x16x1x1xf32>
  %y = graph.region "conv" (%x, %w) : (tensor<1x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x8x8xf32> {
  ^bb0(%a: tensor<1x16x8x8xf32>, %b: tensor<16x16x1x1xf32>):
    %0 = graph.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x8x8xf32>
    graph.yield %0 : tensor<1x16x8x8xf32>
  }
  return %y : tensor<1x16x8x8xf32>
}

// -----

// Untouched: no product.
// CHECK-LABEL: @untouched
// CHECK-NEXT: graph.region "single"(%arg0)
func.func @untouched(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = graph.region "single" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %0 = graph.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

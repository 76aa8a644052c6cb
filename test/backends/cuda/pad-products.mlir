// RUN: mlc-opt %s --split-input-file --cuda-pad-products | FileCheck %s

// Weights' rows to whole lines of 128 bytes, where that adds an eighth at most; activations that a pointwise region makes are stored so.
// CHECK-LABEL: @stored
// CHECK: %[[W:.*]] = graph.constant
// CHECK: %[[X:.*]] = graph.region "pointwise"(%arg0) : (tensor<512x99xf32>) -> tensor<512x104xf32>
// CHECK: graph.pad %{{.*}} {high = #graph.dims<[0, 5]>, low = #graph.dims<[0, 0]>} : (tensor<512x99xf32>) -> tensor<512x104xf32>
// CHECK: %[[P:.*]] = graph.pad %[[W]] {high = #graph.dims<[0, 15]>, low = #graph.dims<[0, 0]>} : (tensor<99x401xf32>) -> tensor<99x416xf32>
// CHECK: graph.region "gemm"(%[[P]], %[[X]])
// CHECK-DAG: graph.slice %{{.*}} : (tensor<512x104xf32>) -> tensor<512x99xf32>
// CHECK-DAG: graph.slice %{{.*}} : (tensor<99x416xf32>) -> tensor<99x401xf32>
// CHECK: graph.matmul
func.func @stored(%x: tensor<512x99xf32>) -> tensor<512x401xf32> {
  %w = graph.constant dense<1.0> : tensor<99x401xf32>
  %r = graph.region "pointwise" (%x) : (tensor<512x99xf32>) -> tensor<512x99xf32> {
  ^bb0(%a: tensor<512x99xf32>):
    %0 = graph.relu %a : (tensor<512x99xf32>) -> tensor<512x99xf32>
    graph.yield %0 : tensor<512x99xf32>
  }
  %y = graph.region "gemm" (%r, %w) : (tensor<512x99xf32>, tensor<99x401xf32>) -> tensor<512x401xf32> {
  ^bb0(%a: tensor<512x99xf32>, %b: tensor<99x401xf32>):
    %0 = graph.matmul %a, %b : (tensor<512x99xf32>, tensor<99x401xf32>) -> tensor<512x401xf32>
    graph.yield %0 : tensor<512x401xf32>
  }
  return %y : tensor<512x401xf32>
}

// -----

// An input is copied, once for two products; transposed weights, whose rows are too short for lines; rows of whole vectors that are no whole lines.
// CHECK-LABEL: @copied
// CHECK: %[[X:.*]] = graph.region "move"(%arg0) : (tensor<512x99xf32>) -> tensor<512x104xf32>
// CHECK-NOT: "move"
// CHECK: graph.region "gemm"(%{{.*}}, %[[X]]) : (tensor<400x104xf32>, tensor<512x104xf32>)
// CHECK: graph.region "gemm"(%{{.*}}, %[[X]]) : (tensor<99x416xf32>, tensor<512x104xf32>)
func.func @copied(%x: tensor<512x99xf32>) -> (tensor<512x400xf32>, tensor<512x400xf32>) {
  %w = graph.constant dense<1.0> : tensor<400x99xf32>
  %v = graph.constant dense<2.0> : tensor<99x400xf32>
  %y = graph.region "gemm" (%x, %w) : (tensor<512x99xf32>, tensor<400x99xf32>) -> tensor<512x400xf32> {
  ^bb0(%a: tensor<512x99xf32>, %b: tensor<400x99xf32>):
    %t = graph.transpose %b {perm = array<i64: 1, 0>} : (tensor<400x99xf32>) -> tensor<99x400xf32>
    %0 = graph.matmul %a, %t : (tensor<512x99xf32>, tensor<99x400xf32>) -> tensor<512x400xf32>
    graph.yield %0 : tensor<512x400xf32>
  }
  %z = graph.region "gemm" (%x, %v) : (tensor<512x99xf32>, tensor<99x400xf32>) -> tensor<512x400xf32> {
  ^bb0(%a: tensor<512x99xf32>, %b: tensor<99x400xf32>):
    %0 = graph.matmul %a, %b : (tensor<512x99xf32>, tensor<99x400xf32>) -> tensor<512x400xf32>
    graph.yield %0 : tensor<512x400xf32>
  }
  return %y, %z : tensor<512x400xf32>, tensor<512x400xf32>
}

// -----

// Declines: whole lines, activations of a small product, and rows that are short.
// CHECK-LABEL: @declines
// CHECK-NOT: "move"
// CHECK-NOT: graph.pad %arg
// CHECK: graph.region "gemm"(%arg0, %{{.*}}) : (tensor<512x96xf32>, tensor<96x384xf32>)
// CHECK-NOT: graph.pad
// CHECK: graph.region "gemm"(%arg1, %{{.*}})
func.func @declines(%x: tensor<512x96xf32>, %s: tensor<4x99xf32>) -> (tensor<512x384xf32>, tensor<4x384xf32>) {
  %w = graph.constant dense<1.0> : tensor<96x384xf32>
  %v = graph.constant dense<2.0> : tensor<99x384xf32>
  %y = graph.region "gemm" (%x, %w) : (tensor<512x96xf32>, tensor<96x384xf32>) -> tensor<512x384xf32> {
  ^bb0(%a: tensor<512x96xf32>, %b: tensor<96x384xf32>):
    %0 = graph.matmul %a, %b : (tensor<512x96xf32>, tensor<96x384xf32>) -> tensor<512x384xf32>
    graph.yield %0 : tensor<512x384xf32>
  }
  %z = graph.region "gemm" (%s, %v) : (tensor<4x99xf32>, tensor<99x384xf32>) -> tensor<4x384xf32> {
  ^bb0(%a: tensor<4x99xf32>, %b: tensor<99x384xf32>):
    %0 = graph.matmul %a, %b : (tensor<4x99xf32>, tensor<99x384xf32>) -> tensor<4x384xf32>
    graph.yield %0 : tensor<4x384xf32>
  }
  return %y, %z : tensor<512x384xf32>, tensor<4x384xf32>
}

// RUN: mlc-opt %s --split-input-file --canonicalize --cse | FileCheck %s

// What upstream's passes do with our ops: an op in a branch that was computed outside is that one; equal ops of both branches stay, since neither comes before the other.
// CHECK-LABEL: @across_regions
// CHECK-NEXT: %[[E:.*]] = graph.exp %arg0
// CHECK-NEXT: graph.if
// CHECK-NEXT: graph.tanh %arg0
// CHECK-NEXT: graph.mul %{{.*}}, %[[E]]
// CHECK: else
// CHECK-NEXT: graph.tanh %arg0
// CHECK-NEXT: graph.yield
func.func @across_regions(%x: tensor<2xf32>, %c: tensor<i1>) -> (tensor<2xf32>, tensor<2xf32>) {
  %e = graph.exp %x : (tensor<2xf32>) -> tensor<2xf32>
  %y = graph.if %c : (tensor<i1>) -> tensor<2xf32> {
    %f = graph.exp %x : (tensor<2xf32>) -> tensor<2xf32>
    %t = graph.tanh %x : (tensor<2xf32>) -> tensor<2xf32>
    %m = graph.mul %t, %f : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    graph.yield %m : tensor<2xf32>
  } else {
    %t = graph.tanh %x : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %t : tensor<2xf32>
  }
  return %e, %y : tensor<2xf32>, tensor<2xf32>
}

// -----

// Two transposes are one, or none; a reshape of a reshape is one.
// CHECK-LABEL: @moves
// CHECK-NEXT: %[[R:.*]] = graph.reshape %arg0 {dims = #graph.dims<[6]>}
// CHECK-NEXT: return %arg0, %[[R]]
func.func @moves(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<6xf32>) {
  %t = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %y = graph.transpose %t {perm = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %a = graph.reshape %x {dims = #graph.dims<[3, 2]>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %b = graph.reshape %a {dims = #graph.dims<[6]>} : (tensor<3x2xf32>) -> tensor<6xf32>
  return %y, %b : tensor<2x3xf32>, tensor<6xf32>
}

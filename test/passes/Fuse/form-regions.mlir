// RUN: mlc-opt %s --split-input-file --form-regions | FileCheck %s

// Each op that computes is a region; a single-element constant goes inside, weights are operands.
// CHECK-LABEL: @fires
// CHECK-SAME: %[[X:.*]]: tensor<4x2xf32>
// CHECK: %[[W:.*]] = graph.constant dense<{{.*}}> : tensor<2xf32>
// CHECK: %[[A:.*]] = graph.region "single"(%[[X]], %[[W]])
// CHECK: graph.add
// CHECK: %[[M:.*]] = graph.region "single"(%[[A]])
// CHECK: %[[TWO:.*]] = graph.constant dense<2.000000e+00> : tensor<f32>
// CHECK: graph.mul %{{.*}}, %[[TWO]]
// CHECK: return %[[M]]
func.func @fires(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %two = graph.constant dense<2.0> : tensor<f32>
  %a = graph.add %x, %w : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %m = graph.mul %a, %two : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %m : tensor<4x2xf32>
}

// -----

// Declines: a reshape is a view, and moves of constants are evaluated while the plan is written.
// CHECK-LABEL: @views_and_constants
// CHECK-NOT: graph.region
func.func @views_and_constants(%x: tensor<4x2xf32>) -> (tensor<8xf32>, tensor<2x3xf32>) {
  %c = graph.constant dense<1.0> : tensor<3x2xf32>
  %t = graph.transpose %c {perm = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %r = graph.reshape %x {dims = #graph.dims<[8]>} : (tensor<4x2xf32>) -> tensor<8xf32>
  return %r, %t : tensor<8xf32>, tensor<2x3xf32>
}

// -----

// Ops inside of control flow are formed there; what is a region already stays.
// CHECK-LABEL: @inside
// CHECK: graph.region "pointwise"
// CHECK-NOT: graph.region
// CHECK: graph.if
// CHECK: graph.region "single"
// CHECK: graph.neg
// CHECK-NOT: graph.region
func.func @inside(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %p = graph.region "pointwise" (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %0 = graph.relu %a : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %0 : tensor<2xf32>
  }
  %y = graph.if %c : (tensor<i1>) -> tensor<2xf32> {
    %n = graph.neg %p : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %n : tensor<2xf32>
  } else {
    graph.yield %p : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}

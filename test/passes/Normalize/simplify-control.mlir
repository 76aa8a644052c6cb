// RUN: mlc-opt %s --split-input-file --simplify-control | FileCheck %s

// CHECK-LABEL: @known_condition
// CHECK-NEXT: graph.constant
// CHECK-NEXT: %[[Y:.*]] = graph.neg %arg0
// CHECK-NEXT: return %[[Y]]
func.func @known_condition(%x: tensor<2xf32>) -> tensor<2xf32> {
  %no = graph.constant dense<false> : tensor<i1>
  %y = graph.if %no : (tensor<i1>) -> tensor<2xf32> {
    %a = graph.relu %x : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %a : tensor<2xf32>
  } else {
    %b = graph.neg %x : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %b : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}

// -----

// Two iterations, one carried value, one that is stacked; exp does not change.
// CHECK-LABEL: @unrolled
// CHECK-NOT: graph.loop
// CHECK: %[[E:.*]] = graph.exp %arg1
// CHECK: %[[A:.*]] = graph.mul %arg0, %[[E]]
// CHECK: %[[P:.*]] = graph.reshape %[[A]] {dims = #graph.dims<[1, 3]>}
// CHECK: %[[B:.*]] = graph.mul %[[A]], %[[E]]
// CHECK: %[[Q:.*]] = graph.reshape %[[B]] {dims = #graph.dims<[1, 3]>}
// CHECK: %[[S:.*]] = graph.concat %[[P]], %[[Q]] {axis = 0 : i64}
// CHECK: return %[[B]], %[[S]]
func.func @unrolled(%x: tensor<3xf32>, %w: tensor<3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
  %two = graph.constant dense<2> : tensor<i64>
  %yes = graph.constant dense<true> : tensor<i1>
  %y:2 = graph.loop %two, %yes, %x {trips = #graph.dims<[2]>} : (tensor<i64>, tensor<i1>, tensor<3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<3xf32>):
    %e = graph.exp %w : (tensor<3xf32>) -> tensor<3xf32>
    %t = graph.mul %s, %e : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    graph.yield %c, %t, %t : tensor<i1>, tensor<3xf32>, tensor<3xf32>
  }
  return %y#0, %y#1 : tensor<3xf32>, tensor<2x3xf32>
}

// -----

// Declines: a count that a run gives, and then what may be a fault (gather) or requires equal dims stays inside, the rest moves; too many iterations; a condition that may end it.
// CHECK-LABEL: @declines
// CHECK: graph.exp
// CHECK: graph.loop
// CHECK: graph.gather
// CHECK: graph.add %arg4, %arg5
// CHECK: graph.loop
// CHECK: graph.loop
func.func @declines(%x: tensor<3xf32>, %n: tensor<i64>, %at: tensor<3xi64>, %w: tensor<3xf32>, %a: tensor<?xf32> {graph.dims = #graph.dims<["p"]>}, %b: tensor<?xf32> {graph.dims = #graph.dims<["q"]>})
    -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) attributes {graph.symbols = {p = array<i64: 2, 3, 9, 1>, q = array<i64: 2, 3, 9, 1>}} {
  %yes = graph.constant dense<true> : tensor<i1>
  %y = graph.loop %n, %yes, %x : (tensor<i64>, tensor<i1>, tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<3xf32>):
    %e = graph.exp %w : (tensor<3xf32>) -> tensor<3xf32>
    %g = graph.gather %w, %at {axis = 0} : (tensor<3xf32>, tensor<3xi64>) -> tensor<3xf32>
    %d = graph.add %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %m = graph.reduce_sum %d {axes = array<i64: 0>} : (tensor<?xf32>) -> tensor<1xf32>
    %t = graph.mul %s, %e : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %u = graph.add %t, %g : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %v = graph.add %u, %m : (tensor<3xf32>, tensor<1xf32>) -> tensor<3xf32>
    graph.yield %c, %v : tensor<i1>, tensor<3xf32>
  }
  %many = graph.constant dense<300> : tensor<i64>
  %z = graph.loop %many, %yes, %x : (tensor<i64>, tensor<i1>, tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<3xf32>):
    %t = graph.mul %s, %w : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    graph.yield %c, %t : tensor<i1>, tensor<3xf32>
  }
  %two = graph.constant dense<2> : tensor<i64>
  %r = graph.loop %two, %yes, %x : (tensor<i64>, tensor<i1>, tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<3xf32>):
    %t = graph.mul %s, %w : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %go = graph.equal %i, %n : (tensor<i64>, tensor<i64>) -> tensor<i1>
    graph.yield %go, %t : tensor<i1>, tensor<3xf32>
  }
  return %y, %z, %r : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// Untouched: a condition that a run gives.
// CHECK-LABEL: @untouched
// CHECK-NEXT: graph.if
func.func @untouched(%x: tensor<2xf32>, %c: tensor<i1>) -> tensor<2xf32> {
  %y = graph.if %c : (tensor<i1>) -> tensor<2xf32> {
    %a = graph.relu %x : (tensor<2xf32>) -> tensor<2xf32>
    graph.yield %a : tensor<2xf32>
  } else {
    graph.yield %x : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}

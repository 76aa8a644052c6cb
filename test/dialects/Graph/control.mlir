// RUN: mlc-opt %s | mlc-opt | FileCheck %s
// Text in, text out, text in again: every op of OpsControl.td, and the attributes of functions and arguments.

// CHECK-LABEL: @if
// CHECK: graph.if %{{.*}} : (tensor<i1>) -> tensor<?x4xf32> {
// CHECK: graph.yield %{{.*}} : tensor<?x4xf32>
// CHECK: } else {
// CHECK: graph.yield %{{.*}} : tensor<?x4xf32>
func.func @if(%c: tensor<i1>, %x: tensor<?x4xf32>) {
  %y = graph.if %c : (tensor<i1>) -> tensor<?x4xf32> {
    %n = graph.neg %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
    graph.yield %n : tensor<?x4xf32>
  } else {
    graph.yield %x : tensor<?x4xf32>
  }
  return
}

// CHECK-LABEL: @loop
// CHECK: %{{.*}}:2 = graph.loop %{{.*}}, %{{.*}}, %{{.*}} {trips = #graph.dims<["max(0, n)"]>} : (tensor<i64>, tensor<i1>, tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
// CHECK: ^bb0(%{{.*}}: tensor<i64>, %[[K:.*]]: tensor<i1>, %{{.*}}: tensor<?x4xf32>):
// CHECK: graph.yield %[[K]], %{{.*}}, %{{.*}} : tensor<i1>, tensor<?x4xf32>, tensor<4xf32>
func.func @loop(%m: tensor<i64>, %c: tensor<i1>, %x: tensor<?x4xf32>, %s: tensor<4xf32>) {
  %y:2 = graph.loop %m, %c, %x {trips = #graph.dims<["max(n, 0)"]>} : (tensor<i64>, tensor<i1>, tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  ^bb0(%i: tensor<i64>, %k: tensor<i1>, %v: tensor<?x4xf32>):
    %a = graph.add %v, %s : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    graph.yield %k, %a, %s : tensor<i1>, tensor<?x4xf32>, tensor<4xf32>
  }
  return
}

// CHECK-LABEL: @region
// CHECK: %{{.*}}:2 = graph.region "pointwise"(%{{.*}}, %{{.*}}) : (tensor<?x4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
// CHECK: ^bb0(%[[A:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<4xf32>):
// CHECK: graph.yield %{{.*}}, %[[A]] : tensor<?x4xf32>, tensor<?x4xf32>
func.func @region(%x: tensor<?x4xf32>, %s: tensor<4xf32>) {
  %y:2 = graph.region "pointwise" (%x, %s) : (tensor<?x4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  ^bb0(%a: tensor<?x4xf32>, %b: tensor<4xf32>):
    %p = graph.mul %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    graph.yield %p, %a : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return
}

// CHECK-LABEL: @signature
// CHECK-SAME: %{{.*}}: tensor<?x4xf32> {graph.dims = #graph.dims<["b", 4]>, graph.name = "x"}
// CHECK-SAME: %{{.*}}: tensor<2xi64> {graph.elements = #graph.dims<["shape.0", "shape.1"]>, graph.name = "shape"}
// CHECK-SAME: -> (tensor<?x4xf32> {graph.name = "y"}) attributes {graph.symbols = {b = array<i64: 1, 4, 64, 2>}}
func.func @signature(%x: tensor<?x4xf32> {graph.dims = #graph.dims<["b", 4]>, graph.name = "x"}, %s: tensor<2xi64> {graph.elements = #graph.dims<["shape.0", "shape.1"]>, graph.name = "shape"})
    -> (tensor<?x4xf32> {graph.name = "y"}) attributes {graph.symbols = {b = array<i64: 1, 4, 64, 2>}} {
  return %x : tensor<?x4xf32>
}

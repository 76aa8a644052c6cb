// RUN: mlc-compile %s --arch x86-64-v3 --stop-after plan | FileCheck %s

// What only a run's shapes decide becomes a check, once, with the first op that asks for it.
// What the ranges decide (32 <= big), and what follows from one symbol, does not. A branch's checks are the branch's.
// CHECK: plan.check "broadcast" <["b", "a"]> for "second"
// CHECK-NEXT: plan.check "broadcast_to" <["c", 4]> for "stretch"
// CHECK-NEXT: plan.check "at_most" <["k", "big"]> for "top"
// CHECK-NOT: plan.check
// CHECK: plan.if
// CHECK: plan.check "equal" <["c", 4]> for "inside"
// CHECK-NOT: plan.check
// CHECK: else
// CHECK-NOT: plan.check
func.func @main(%x: tensor<?x4xf32> {graph.name = "x", graph.dims = #graph.dims<["a", 4]>}, %y: tensor<?x4xf32> {graph.name = "y", graph.dims = #graph.dims<["b", 4]>},
                %s: tensor<?xf32> {graph.name = "s", graph.dims = #graph.dims<["c"]>}, %z: tensor<?xf32> {graph.name = "z", graph.dims = #graph.dims<["big"]>},
                %w: tensor<?xf32> {graph.name = "w", graph.dims = #graph.dims<["k"]>}, %p: tensor<i1> {graph.name = "p", graph.dims = #graph.dims<[]>})
    -> (tensor<?x4xf32> {graph.name = "sum"}, tensor<32xf32> {graph.name = "best"}, tensor<?xf32> {graph.name = "most"}, tensor<4xf32> {graph.name = "chosen"})
    attributes {graph.symbols = {a = array<i64: 1, 0, 64, 1>, b = array<i64: 1, 0, 64, 1>, c = array<i64: 1, 0, 64, 1>, k = array<i64: 1, 0, 64, 1>, big = array<i64: 32, 0, 64, 1>}} {
  %t = graph.add %x, %y : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> loc("first")
  %u = graph.mul %y, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> loc("second")
  %v = graph.sub %t, %u : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> loc("third")
  %stretched = graph.expand %s {dims = #graph.dims<[4]>} : (tensor<?xf32>) -> tensor<4xf32> loc("stretch")
  %n = graph.add %v, %stretched : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32> loc("last")
  %best, %i = graph.top_k %z {axis = 0 : i64, k = #graph.dims<[32]>} : (tensor<?xf32>) -> (tensor<32xf32>, tensor<32xi64>) loc("decided")
  %most, %j = graph.top_k %z {axis = 0 : i64, k = #graph.dims<["k"]>} : (tensor<?xf32>) -> (tensor<?xf32>, tensor<?xi64>) loc("top")
  %four = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %chosen = graph.if %p : (tensor<i1>) -> tensor<4xf32> {
    %e = graph.reshape %s {dims = #graph.dims<[4]>} : (tensor<?xf32>) -> tensor<4xf32> loc("inside")
    %f = graph.add %e, %four : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    graph.yield %f : tensor<4xf32>
  } else {
    %g = graph.neg %four : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %g : tensor<4xf32>
  }
  return %n, %best, %most, %chosen : tensor<?x4xf32>, tensor<32xf32>, tensor<?xf32>, tensor<4xf32>
}

// RUN: mlc-compile %s --arch x86-64-v3 --stop-after plan | FileCheck %s

// A region's stream is its launch's; 0 is not written.
// CHECK: plan.launch {{.*}}label = "single:{{.*}}stream = 1 : i64
// CHECK-NOT: stream = 
// CHECK: plan.launch
func.func @main(%x: tensor<8xf32> {graph.name = "x"}) -> (tensor<8xf32> {graph.name = "y"}, tensor<8xf32> {graph.name = "z"}) {
  %y = graph.region "single"(%x) {plan.stream = 1 : i64} : (tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %r = graph.exp %a : (tensor<8xf32>) -> tensor<8xf32>
    graph.yield %r : tensor<8xf32>
  }
  %z = graph.cum_sum %x {axis = 0 : i64} : (tensor<8xf32>) -> tensor<8xf32>
  return %y, %z : tensor<8xf32>, tensor<8xf32>
}

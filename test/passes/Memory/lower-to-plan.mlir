// RUN: mlc-compile %s --arch x86-64-v3 --stop-after plan | FileCheck %s

// Buffers ahead of instructions; a reshape is an alias; a returned result is written into the caller's buffer.
// CHECK: plan.buffer {{.*}}"input"
// CHECK: plan.buffer {{.*}}"output"
// CHECK: plan.buffer {{.*}}"constant"
// CHECK: plan.buffer {{.*}}"temp"
// CHECK: plan.buffer {{.*}}"alias"
// CHECK: plan.launch
// CHECK: plan.launch
// CHECK-NOT: plan.copy
func.func @main(%x: tensor<?x8xf32> {graph.name = "x", graph.dims = #graph.dims<["b", 8]>}) -> (tensor<?xf32> {graph.name = "y"}) attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>}} {
  %w = graph.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<8x2xf32>
  %p = graph.matmul %x, %w : (tensor<?x8xf32>, tensor<8x2xf32>) -> tensor<?x2xf32>
  %r = graph.reshape %p {dims = #graph.dims<["2*b"]>} : (tensor<?x2xf32>) -> tensor<?xf32>
  %y = graph.cum_sum %r {axis = 0 : i64} : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// RUN: mlc-opt %s --split-input-file --verify-diagnostics | mlc-opt --split-input-file | FileCheck %s

// Text in, text out, text in again.
// CHECK-LABEL: @moves
// CHECK: graph.constant dense<[1, 2]> : tensor<2xi64>
// CHECK: graph.dims_tensor {elements = #graph.dims<["b", 1]>, type = tensor<2xi64>}
// CHECK: graph.reshape %arg0 {dims = #graph.dims<["4*b"]>}
// CHECK: graph.transpose %arg0 {perm = array<i64: 1, 0>}
// CHECK: graph.expand %arg0 {dims = #graph.dims<[2, "b", 4]>}
// CHECK: graph.slice %arg0 {dims = #graph.dims<["b", 2]>, starts = #graph.dims<[0, 1]>, steps = array<i64: 1, 2>}
// CHECK: graph.concat %arg0, %arg0 {axis = 1 : i64}
// CHECK: graph.pad %arg0 {high = #graph.dims<[0, 1]>, low = #graph.dims<[0, 1]>}
func.func @moves(%x: tensor<?x4xf32>) {
  %c = graph.constant dense<[1, 2]> : tensor<2xi64>
  %d = graph.dims_tensor {elements = #graph.dims<["b", 1]>, type = tensor<2xi64>} : () -> tensor<2xi64>
  %r = graph.reshape %x {dims = #graph.dims<["b*4"]>} : (tensor<?x4xf32>) -> tensor<?xf32>
  %t = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %e = graph.expand %x {dims = #graph.dims<[2, "b", 4]>} : (tensor<?x4xf32>) -> tensor<2x?x4xf32>
  %s = graph.slice %x {starts = #graph.dims<[0, 1]>, steps = array<i64: 1, 2>, dims = #graph.dims<["b", 2]>} : (tensor<?x4xf32>) -> tensor<?x2xf32>
  %k = graph.concat %x, %x {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  %p = graph.pad %x {low = #graph.dims<[0, 1]>, high = #graph.dims<[0, 1]>} : (tensor<?x4xf32>) -> tensor<?x6xf32>
  return
}

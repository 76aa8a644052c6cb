// RUN: mlc-opt %s --split-input-file --fold-shapes | FileCheck %s

// Numbers become a constant, expressions one dims_tensor; what computed them is gone.
// CHECK-LABEL: @fires
// CHECK-NOT: graph.shape
// CHECK-DAG: graph.dims_tensor {elements = #graph.dims<["2*b", 8]>, type = tensor<2xi64>}
// CHECK-DAG: graph.constant dense<4> : tensor<1xi64>
func.func @fires(%x: tensor<?x4xf32> {graph.dims = #graph.dims<["b", 4]>}) -> (tensor<2xi64>, tensor<1xi64>) attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>}} {
  %two = graph.constant dense<2> : tensor<i64>
  %s = graph.shape %x : (tensor<?x4xf32>) -> tensor<2xi64>
  %d = graph.mul %s, %two : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  %l = graph.slice %s {starts = #graph.dims<[1]>, steps = array<i64: 1>, dims = #graph.dims<[1]>} : (tensor<2xi64>) -> tensor<1xi64>
  return %d, %l : tensor<2xi64>, tensor<1xi64>
}

// -----

// Elements that depend on data stay computed.
// CHECK-LABEL: @declines
// CHECK: graph.mul
func.func @declines(%x: tensor<2xi64> {graph.dims = #graph.dims<[2]>}) -> tensor<2xi64> {
  %two = graph.constant dense<2> : tensor<i64>
  %d = graph.mul %x, %two : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  return %d : tensor<2xi64>
}

// -----

// A dim without a declared symbol has no value at run time.
// CHECK-LABEL: @undeclared
// CHECK: graph.shape
func.func @undeclared(%x: tensor<?xf32>) -> tensor<1xi64> {
  %s = graph.shape %x : (tensor<?xf32>) -> tensor<1xi64>
  return %s : tensor<1xi64>
}

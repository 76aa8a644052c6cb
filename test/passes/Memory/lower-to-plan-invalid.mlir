// What has no place in a plan: inputs and outputs without a name, symbols without a range.
// RUN: split-file %s %t
// RUN: not mlc-compile %t/input.mlir --arch x86-64-v3 --stop-after plan 2>&1 | FileCheck %s --check-prefix=INPUT
// RUN: not mlc-compile %t/output.mlir --arch x86-64-v3 --stop-after plan 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: not mlc-compile %t/symbol.mlir --arch x86-64-v3 --stop-after plan 2>&1 | FileCheck %s --check-prefix=SYMBOL
// RUN: not mlc-compile %t/dims.mlir --arch x86-64-v3 --stop-after plan 2>&1 | FileCheck %s --check-prefix=DIMS

//--- input.mlir
// INPUT: argument 0 has no graph.name, which names the plan's input
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32> {graph.name = "y"}) {
  %y = graph.relu %x : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

//--- output.mlir
// OUTPUT: result 0 has no graph.name, which names the plan's output
func.func @main(%x: tensor<2xf32> {graph.name = "x"}) -> tensor<2xf32> {
  %y = graph.relu %x : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

//--- symbol.mlir
// SYMBOL: graph.symbols gives 'b' array<i64: 1>, expected array<i64: min, opt, max, divisor>
func.func @main(%x: tensor<?xf32> {graph.name = "x", graph.dims = #graph.dims<["b"]>}) -> (tensor<?xf32> {graph.name = "y"}) attributes {graph.symbols = {b = array<i64: 1>}} {
  %y = graph.relu %x : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

//--- dims.mlir
// DIMS: has an argument of type 'tensor<2xf32>' with graph.dims [3]
func.func @main(%x: tensor<2xf32> {graph.name = "x", graph.dims = #graph.dims<[3]>}) -> (tensor<2xf32> {graph.name = "y"}) {
  %y = graph.relu %x : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// RUN: mlc-opt %s --specialize-shapes='shapes=x=2x4' | FileCheck %s
// RUN: mlc-opt %s --specialize-shapes='dims=b=2' | FileCheck %s
// RUN: not mlc-opt %s --specialize-shapes='shapes=x=2x5' 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not mlc-opt %s --specialize-shapes='dims=b=65' 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: mlc-opt %s --specialize-shapes='shapes=x=?x4' | FileCheck %s --check-prefix=KEEPS
// RUN: mlc-opt %s --specialize-shapes='dims=b=8:16:32' | FileCheck %s --check-prefix=NARROWS
// RUN: not mlc-opt %s --specialize-shapes='dims=b=8:16:65' 2>&1 | FileCheck %s --check-prefix=WIDER
// RUN: not mlc-opt %s --specialize-shapes='dims=b=8:16' 2>&1 | FileCheck %s --check-prefix=HALF

// CHECK: @main(%{{.*}}: tensor<2x4xf32> {graph.dims = #graph.dims<[2, 4]>, graph.name = "x"}) -> tensor<8xf32>
// CHECK-SAME: graph.symbols = {}
// CHECK: graph.reshape {{.*}}dims = #graph.dims<[8]>{{.*}} -> tensor<8xf32>
// KEEPS: graph.reshape {{.*}}dims = #graph.dims<["4*b"]>
// NARROWS: graph.symbols = {b = array<i64: 8, 16, 32, 1>}
// NARROWS: graph.reshape {{.*}}dims = #graph.dims<["4*b"]>
// WIDER: symbol 'b' cannot range over 8:16:65: its range is 1 to 64
// HALF: 'b=8:16' is neither NAME=NUMBER nor NAME=MIN:OPT:MAX
// OTHER: input 'x' has a dim of 4, not 5
// RANGE: symbol 'b' cannot be 65: its range is 1 to 64
func.func @main(%x: tensor<?x4xf32> {graph.dims = #graph.dims<["b", 4]>, graph.name = "x"}) -> tensor<?xf32> attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>}} {
  %y = graph.reshape %x {dims = #graph.dims<["4*b"]>} : (tensor<?x4xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

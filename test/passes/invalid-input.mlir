// What no pass may run on: ops whose operands do not fit. Each names the op and its constraint, and fails.
// RUN: not mlc-opt %s --fold-shapes 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --specialize-shapes=dims=b=2 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --simplify-control 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --fold-pads 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --merge-linear 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --fold-batch-norm 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --expand-composites 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --simplify-algebra 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --recognise-activations 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --recognise-patterns 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --convert-precision 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --cuda-pack-weights 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --cuda-pad-products 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --cuda-pack-stems 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --cuda-narrow-biases 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --channels-last 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --merge-branches 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --fuse-rotary 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --fuse-regions 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --join-moves 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --host-pack-operands 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --set-io-layout=layouts=x=nhwc 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --place-concats 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --place-transposes 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --order-for-memory 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --rematerialize 2>&1 | FileCheck %s
// RUN: not mlc-opt %s --assign-streams 2>&1 | FileCheck %s
// Those that infer nothing leave the ops as they are, for the next pass to refuse.
// RUN: mlc-opt %s --fold-constants | FileCheck %s --check-prefix=KEPT
// RUN: mlc-opt %s --join-branches | FileCheck %s --check-prefix=KEPT
// RUN: mlc-opt %s --form-regions | FileCheck %s --check-prefix=KEPT
// RUN: not mlc-opt %s --fold-constants --form-regions --fold-shapes 2>&1 | FileCheck %s

// KEPT: graph.matmul %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
// CHECK: error: 'graph.matmul' op [matmul_c1] cannot multiply [{{b|2}}, 3] by [4, 2]: inner dims differ
// CHECK-NOT: func.func
func.func @main(%x: tensor<?x3xf32> {graph.dims = #graph.dims<["b", 3]>, graph.name = "x"}, %w: tensor<4x2xf32> {graph.name = "w"}) -> (tensor<?x2xf32> {graph.name = "y"}) attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>}} {
  %p = graph.matmul %x, %w : (tensor<?x3xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %y = graph.relu %p : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// RUN: mlc-opt %s --split-input-file --fuse-regions --place-transposes | FileCheck %s
// RUN: mlc-opt %s --split-input-file --fuse-regions --place-transposes=explain | FileCheck %s --check-prefix=WHY

// Windows put back into the image: the product counts its rows as the image has them, and stores them there.
// CHECK-LABEL: @windows
// CHECK: %[[X:.*]] = graph.reshape %arg0 {dims = #graph.dims<["b", 2, 3, 4, 5, 8]>}
// CHECK: %[[P:.*]] = graph.region "gemm"(%[[X]], {{.*}} -> tensor<?x2x3x4x5x16xf32>
// CHECK: graph.matmul {{.*}} -> tensor<?x2x3x4x5x16xf32>
// CHECK: graph.add {{.*}} -> tensor<?x2x3x4x5x16xf32>
// CHECK: graph.transpose %[[P]] {graph.placed, perm = array<i64: 0, 1, 3, 2, 4, 5>}
func.func @windows(%x: tensor<?x20x8xf32> {graph.dims = #graph.dims<["6*b", 20, 8]>}, %c: tensor<16xf32>) -> tensor<?x8x15x1xf32> attributes {graph.symbols = {b = array<i64: 1, 1, 64, 1>}} {
  %w = graph.constant dense<1.0> : tensor<8x16xf32>
  %p = graph.matmul %x, %w : (tensor<?x20x8xf32>, tensor<8x16xf32>) -> tensor<?x20x16xf32>
  %a = graph.add %p, %c : (tensor<?x20x16xf32>, tensor<16xf32>) -> tensor<?x20x16xf32>
  %v = graph.reshape %a {dims = #graph.dims<["b", 2, 3, 4, 5, 16]>} : (tensor<?x20x16xf32>) -> tensor<?x2x3x4x5x16xf32>
  %t = graph.transpose %v {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<?x2x3x4x5x16xf32>) -> tensor<?x2x4x3x5x16xf32>
  %i = graph.reshape %t {dims = #graph.dims<["b", 8, 15, 16]>} : (tensor<?x2x4x3x5x16xf32>) -> tensor<?x8x15x16xf32>
  %y = graph.reduce_max %i {axes = array<i64: 3>, keepdims = true} : (tensor<?x8x15x16xf32>) -> tensor<?x8x15x1xf32>
  return %y : tensor<?x8x15x1xf32>
}

// -----

// A norm of an image stored as windows, with the sum that it is of as another result, which stays an image by a view.
// CHECK-LABEL: @norm
// CHECK: %[[R:.*]]:2 = graph.region "rows"
// CHECK: graph.reduce_max {{.*}} {axes = array<i64: 5>}
// CHECK: graph.reshape %[[R]]#0 {dims = #graph.dims<[2, 4, 6, 32]>}
// CHECK: graph.transpose %[[R]]#1 {graph.placed, perm = array<i64: 0, 1, 3, 2, 4, 5>}
func.func @norm(%x: tensor<2x4x6x32xf32>, %z: tensor<2x4x6x32xf32>) -> (tensor<2x4x6x32xf32>, tensor<2x2x2x2x3x1xf32>) {
  %a = graph.add %x, %z : (tensor<2x4x6x32xf32>, tensor<2x4x6x32xf32>) -> tensor<2x4x6x32xf32>
  %m = graph.reduce_max %a {axes = array<i64: 3>, keepdims = true} : (tensor<2x4x6x32xf32>) -> tensor<2x4x6x1xf32>
  %n = graph.sub %a, %m : (tensor<2x4x6x32xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x32xf32>
  %v = graph.reshape %n {dims = #graph.dims<[2, 2, 2, 2, 3, 32]>} : (tensor<2x4x6x32xf32>) -> tensor<2x2x2x2x3x32xf32>
  %t = graph.transpose %v {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<2x2x2x2x3x32xf32>) -> tensor<2x2x2x2x3x32xf32>
  %y = graph.reduce_sum %t {axes = array<i64: 5>, keepdims = true} : (tensor<2x2x2x2x3x32xf32>) -> tensor<2x2x2x2x3x1xf32>
  return %a, %y : tensor<2x4x6x32xf32>, tensor<2x2x2x2x3x1xf32>
}

// -----

// The dims of the maker have strides as they are: nothing is counted anew.
// CHECK-LABEL: @heads
// CHECK: %[[P:.*]] = graph.matmul %arg0, %arg1 : {{.*}} -> tensor<6x4x16xf32>
// CHECK-NEXT: graph.transpose %[[P]] {graph.placed
func.func @heads(%x: tensor<6x4x8xf32>, %w: tensor<8x16xf32>) -> tensor<4x6x1xf32> {
  %p = graph.matmul %x, %w : (tensor<6x4x8xf32>, tensor<8x16xf32>) -> tensor<6x4x16xf32>
  %t = graph.transpose %p {perm = array<i64: 1, 0, 2>} : (tensor<6x4x16xf32>) -> tensor<4x6x16xf32>
  %y = graph.reduce_max %t {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x16xf32>) -> tensor<4x6x1xf32>
  return %y : tensor<4x6x1xf32>
}

// -----

// Declines: the rows are moved; they are short; another reader; an argument; a result of the function; a maker of another kind.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.placed
// WHY-LABEL: @declines
// WHY-DAG: its maker does not store it moved: the rows themselves are moved
// WHY-DAG: its maker does not store it moved: its rows are shorter than a cache line
// WHY-DAG: its maker does not store it moved: others read it where it is
// WHY-DAG: its maker does not store it moved: it is no kernel's of this block
// WHY-DAG: its maker does not store it moved: its maker's kernel has an order of its own
func.func @declines(%x: tensor<6x4x16xf32>) -> (tensor<6x16x1xf32>, tensor<4x6x1xf32>, tensor<4x6x1xf32>, tensor<6x4x16xf32>, tensor<4x6x1xf32>, tensor<4x6x16xf32>, tensor<4x6x1xf32>) {
  %a = graph.exp %x : (tensor<6x4x16xf32>) -> tensor<6x4x16xf32>
  %ta = graph.transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<6x4x16xf32>) -> tensor<6x16x4xf32>
  %ya = graph.reduce_max %ta {axes = array<i64: 2>, keepdims = true} : (tensor<6x16x4xf32>) -> tensor<6x16x1xf32>
  %s = graph.slice %x {starts = #graph.dims<[0, 0, 0]>, steps = array<i64: 1, 1, 1>, dims = #graph.dims<[6, 4, 8]>} : (tensor<6x4x16xf32>) -> tensor<6x4x8xf32>
  %b = graph.neg %s : (tensor<6x4x8xf32>) -> tensor<6x4x8xf32>
  %tb = graph.transpose %b {perm = array<i64: 1, 0, 2>} : (tensor<6x4x8xf32>) -> tensor<4x6x8xf32>
  %yb = graph.reduce_max %tb {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x8xf32>) -> tensor<4x6x1xf32>
  %c = graph.sqrt %x : (tensor<6x4x16xf32>) -> tensor<6x4x16xf32>
  %tc = graph.transpose %c {perm = array<i64: 1, 0, 2>} : (tensor<6x4x16xf32>) -> tensor<4x6x16xf32>
  %yc = graph.reduce_max %tc {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x16xf32>) -> tensor<4x6x1xf32>
  %td = graph.transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<6x4x16xf32>) -> tensor<4x6x16xf32>
  %yd = graph.reduce_max %td {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x16xf32>) -> tensor<4x6x1xf32>
  %e = graph.tanh %x : (tensor<6x4x16xf32>) -> tensor<6x4x16xf32>
  %te = graph.transpose %e {perm = array<i64: 1, 0, 2>} : (tensor<6x4x16xf32>) -> tensor<4x6x16xf32>
  %f = graph.cum_sum %x {axis = 0 : i64} : (tensor<6x4x16xf32>) -> tensor<6x4x16xf32>
  %tf = graph.transpose %f {perm = array<i64: 1, 0, 2>} : (tensor<6x4x16xf32>) -> tensor<4x6x16xf32>
  %yf = graph.reduce_max %tf {axes = array<i64: 2>, keepdims = true} : (tensor<4x6x16xf32>) -> tensor<4x6x1xf32>
  return %ya, %yb, %yc, %c, %yd, %te, %yf : tensor<6x16x1xf32>, tensor<4x6x1xf32>, tensor<4x6x1xf32>, tensor<6x4x16xf32>, tensor<4x6x1xf32>, tensor<4x6x16xf32>, tensor<4x6x1xf32>
}

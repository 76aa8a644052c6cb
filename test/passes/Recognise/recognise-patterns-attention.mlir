// RUN: mlc-opt %s --split-input-file --recognise-patterns='list=true explain=true' -o /dev/null 2>&1 | FileCheck %s
// Softmax and attention.

// Named, written out, with a reciprocal and without a maximum; a maximum over another dim and a sum that divides nothing are none.
// CHECK-DAG: no softmax at 'dims': the maximum is over another dim than the sum
// CHECK-DAG: no softmax at 'alone': nothing is divided by the sum
// CHECK-DAG: softmax 'named'
// CHECK-DAG: softmax 'written'
// CHECK-DAG: softmax 'unshifted' (no maximum)
func.func @softmax(%x: tensor<2x4x6x6xf32>) -> (tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) {
  %a = graph.softmax %x : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32> loc("named")
  %m = graph.reduce_max %x {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x6xf32>
  %p = graph.exp %d : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %s = graph.reduce_sum %p {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32>
  %b = graph.div %p, %s : (tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x6xf32> loc("written")
  %u = graph.exp %x : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %us = graph.reduce_sum %u {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32>
  %r = graph.reciprocal %us : (tensor<2x4x6x1xf32>) -> tensor<2x4x6x1xf32>
  %f = graph.mul %r, %u : (tensor<2x4x6x1xf32>, tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32> loc("unshifted")
  %n = graph.reduce_max %x {axes = array<i64: 2>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x1x6xf32>
  %nd = graph.sub %x, %n : (tensor<2x4x6x6xf32>, tensor<2x4x1x6xf32>) -> tensor<2x4x6x6xf32>
  %np = graph.exp %nd : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %ns = graph.reduce_sum %np {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32> loc("dims")
  %nb = graph.div %np, %ns : (tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x6xf32>
  %k = graph.exp %a : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %ks = graph.reduce_sum %k {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32> loc("alone")
  return %a, %b, %f, %nb, %ks : tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>
}

// -----

// CHECK-DAG: log_softmax 'named'
// CHECK-DAG: log_softmax 'written'
func.func @log_softmax(%x: tensor<2x4x6x6xf32>) -> (tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>) {
  %a = graph.log_softmax %x : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32> loc("named")
  %m = graph.reduce_max %x {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x6xf32>
  %p = graph.exp %d : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %s = graph.reduce_sum %p {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32>
  %l = graph.log %s : (tensor<2x4x6x1xf32>) -> tensor<2x4x6x1xf32>
  %c = graph.sub %d, %l : (tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x6xf32> loc("written")
  return %a, %c : tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>
}

// -----

// Plain; scaled, masked and guarded against rows without a key; softmax written out.
// CHECK: attention 'plain'{{$}}
// CHECK-NEXT: attention 'masked' (guard, mask)
// CHECK-NEXT: attention 'written'{{$}}
func.func @attention(%q: tensor<2x4x6x8xf32>, %k: tensor<2x4x8x6xf32>, %v: tensor<2x4x6x8xf32>, %mask: tensor<2x1x1x6xf32>) -> (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) {
  %c = graph.constant dense<0.35> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %s = graph.matmul %q, %k : (tensor<2x4x6x8xf32>, tensor<2x4x8x6xf32>) -> tensor<2x4x6x6xf32>
  %p = graph.softmax %s : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %a = graph.matmul %p, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("plain")
  %t = graph.mul %s, %c : (tensor<2x4x6x6xf32>, tensor<f32>) -> tensor<2x4x6x6xf32>
  %m = graph.add %t, %mask : (tensor<2x4x6x6xf32>, tensor<2x1x1x6xf32>) -> tensor<2x4x6x6xf32>
  %g = graph.softmax %m : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %n = graph.is_nan %g : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xi1>
  %w = graph.where %n, %zero, %g : (tensor<2x4x6x6xi1>, tensor<f32>, tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %b = graph.matmul %w, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("masked")
  %x = graph.reduce_max %t {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32>
  %d = graph.sub %t, %x : (tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x6xf32>
  %e = graph.exp %d : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %z = graph.reduce_sum %e {axes = array<i64: 3>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x1xf32>
  %r = graph.div %e, %z : (tensor<2x4x6x6xf32>, tensor<2x4x6x1xf32>) -> tensor<2x4x6x6xf32>
  %h = graph.matmul %r, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("written")
  return %a, %b, %h : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>
}

// -----

// Keys and values behind a cache, each for four heads.
// CHECK: attention 'gqa' (cache, grouped)
func.func @cached_and_grouped(%q: tensor<2x8x1x8xf32>, %k: tensor<2x2x1x8xf32>, %v: tensor<2x2x1x8xf32>, %pk: tensor<2x2x5x8xf32>, %pv: tensor<2x2x5x8xf32>) -> tensor<2x8x1x8xf32> {
  %kc = graph.concat %pk, %k {axis = 2 : i64} : (tensor<2x2x5x8xf32>, tensor<2x2x1x8xf32>) -> tensor<2x2x6x8xf32>
  %vc = graph.concat %pv, %v {axis = 2 : i64} : (tensor<2x2x5x8xf32>, tensor<2x2x1x8xf32>) -> tensor<2x2x6x8xf32>
  %k1 = graph.reshape %kc {dims = #graph.dims<[2, 2, 1, 6, 8]>} : (tensor<2x2x6x8xf32>) -> tensor<2x2x1x6x8xf32>
  %k2 = graph.expand %k1 {dims = #graph.dims<[2, 2, 4, 6, 8]>} : (tensor<2x2x1x6x8xf32>) -> tensor<2x2x4x6x8xf32>
  %k3 = graph.reshape %k2 {dims = #graph.dims<[2, 8, 6, 8]>} : (tensor<2x2x4x6x8xf32>) -> tensor<2x8x6x8xf32>
  %k4 = graph.transpose %k3 {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x8x6x8xf32>) -> tensor<2x8x8x6xf32>
  %v1 = graph.reshape %vc {dims = #graph.dims<[2, 2, 1, 6, 8]>} : (tensor<2x2x6x8xf32>) -> tensor<2x2x1x6x8xf32>
  %v2 = graph.expand %v1 {dims = #graph.dims<[2, 2, 4, 6, 8]>} : (tensor<2x2x1x6x8xf32>) -> tensor<2x2x4x6x8xf32>
  %v3 = graph.reshape %v2 {dims = #graph.dims<[2, 8, 6, 8]>} : (tensor<2x2x4x6x8xf32>) -> tensor<2x8x6x8xf32>
  %s = graph.matmul %q, %k4 : (tensor<2x8x1x8xf32>, tensor<2x8x8x6xf32>) -> tensor<2x8x1x6xf32>
  %p = graph.softmax %s : (tensor<2x8x1x6xf32>) -> tensor<2x8x1x6xf32>
  %y = graph.matmul %p, %v3 : (tensor<2x8x1x6xf32>, tensor<2x8x6x8xf32>) -> tensor<2x8x1x8xf32> loc("gqa")
  return %y : tensor<2x8x1x8xf32>
}

// -----

// A mask made of positions; a mask per window, behind reshapes of the scores (Swin).
// CHECK: attention 'causal' (mask, causal)
// CHECK-NEXT: attention 'windows' (mask)
func.func @causal_and_windows(%q: tensor<8x3x6x8xf32>, %k: tensor<8x3x8x6xf32>, %v: tensor<8x3x6x8xf32>, %rows: tensor<6x1xi64>, %columns: tensor<1x6xi64>, %bias: tensor<1x4x1x6x6xf32>) -> (tensor<8x3x6x8xf32>, tensor<8x3x6x8xf32>) {
  %low = graph.constant dense<-1.0e+30> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %f = graph.less_or_equal %columns, %rows : (tensor<1x6xi64>, tensor<6x1xi64>) -> tensor<6x6xi1>
  %m = graph.where %f, %zero, %low : (tensor<6x6xi1>, tensor<f32>, tensor<f32>) -> tensor<6x6xf32>
  %s = graph.matmul %q, %k : (tensor<8x3x6x8xf32>, tensor<8x3x8x6xf32>) -> tensor<8x3x6x6xf32>
  %t = graph.add %s, %m : (tensor<8x3x6x6xf32>, tensor<6x6xf32>) -> tensor<8x3x6x6xf32>
  %p = graph.softmax %t : (tensor<8x3x6x6xf32>) -> tensor<8x3x6x6xf32>
  %y = graph.matmul %p, %v : (tensor<8x3x6x6xf32>, tensor<8x3x6x8xf32>) -> tensor<8x3x6x8xf32> loc("causal")
  %w = graph.reshape %s {dims = #graph.dims<[2, 4, 3, 6, 6]>} : (tensor<8x3x6x6xf32>) -> tensor<2x4x3x6x6xf32>
  %b = graph.add %w, %bias : (tensor<2x4x3x6x6xf32>, tensor<1x4x1x6x6xf32>) -> tensor<2x4x3x6x6xf32>
  %u = graph.reshape %b {dims = #graph.dims<[8, 3, 6, 6]>} : (tensor<2x4x3x6x6xf32>) -> tensor<8x3x6x6xf32>
  %r = graph.softmax %u : (tensor<8x3x6x6xf32>) -> tensor<8x3x6x6xf32>
  %z = graph.matmul %r, %v : (tensor<8x3x6x6xf32>, tensor<8x3x6x8xf32>) -> tensor<8x3x6x8xf32> loc("windows")
  return %y, %z : tensor<8x3x6x8xf32>, tensor<8x3x6x8xf32>
}

// -----

// Values times transposed probabilities (YOLO11).
// CHECK: attention 'turned'
func.func @turned(%q: tensor<2x4x6x8xf32>, %k: tensor<2x4x8x6xf32>, %v: tensor<2x4x8x6xf32>) -> tensor<2x4x8x6xf32> {
  %s = graph.matmul %q, %k : (tensor<2x4x6x8xf32>, tensor<2x4x8x6xf32>) -> tensor<2x4x6x6xf32>
  %p = graph.softmax %s : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %t = graph.transpose %p {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %y = graph.matmul %v, %t : (tensor<2x4x8x6xf32>, tensor<2x4x6x6xf32>) -> tensor<2x4x8x6xf32> loc("turned")
  return %y : tensor<2x4x8x6xf32>
}

// -----

// Declines: scores that no product makes, or two; a softmax over the queries. Two products alone have nothing to do with it.
// CHECK-DAG: no attention at 'pooling': no product makes the scores
// CHECK-DAG: no attention at 'two': the scores are made of two products
// CHECK-DAG: no attention at 'queries': the softmax is not over the keys
// CHECK-NOT: linear
// CHECK-NOT: attention '
func.func @no_attention(%q: tensor<2x4x6x8xf32>, %k: tensor<2x4x8x6xf32>, %v: tensor<2x4x6x8xf32>, %x: tensor<2x4x6x6xf32>, %r: tensor<2x4x8x6xf32>) -> (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) {
  %p = graph.softmax %x : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %a = graph.matmul %p, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("pooling")
  %s = graph.matmul %q, %k : (tensor<2x4x6x8xf32>, tensor<2x4x8x6xf32>) -> tensor<2x4x6x6xf32>
  %o = graph.matmul %q, %r : (tensor<2x4x6x8xf32>, tensor<2x4x8x6xf32>) -> tensor<2x4x6x6xf32>
  %t = graph.add %s, %o : (tensor<2x4x6x6xf32>, tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %g = graph.softmax %t : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %b = graph.matmul %g, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("two")
  %h = graph.softmax %s {axis = 2 : i64} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32>
  %c = graph.matmul %h, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("queries")
  %n = graph.matmul %s, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("linear")
  return %a, %b, %c, %n : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>
}

// RUN: mlc-opt %s --split-input-file --fuse-attention=only-softmax | FileCheck %s
// RUN: mlc-opt %s --split-input-file --fuse-attention="only-softmax most-queries=16 head-multiple=16 most-head=32" | FileCheck %s --check-prefix=FEW

// Rows that are a softmax of a function of the scores: one region. A scale of the queries, behind moves, becomes one of the scores.
// CHECK-LABEL: @fires
// CHECK: graph.region "attention"(%arg0, %arg1, %arg2, %arg3)
// CHECK-NOT: graph.mul {{.*}}tensor<2x8x4xf32>
// CHECK: %[[S:.*]] = graph.matmul
// CHECK: graph.mul %[[S]], %{{.*}} -> tensor<2x8x6xf32>
// CHECK: graph.reduce_max
// CHECK: graph.matmul
func.func @fires(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %mask: tensor<8x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %scale = graph.constant dense<0.5> : tensor<f32>
  %sq = graph.mul %q, %scale : (tensor<2x8x4xf32>, tensor<f32>) -> tensor<2x8x4xf32>
  %s = graph.matmul %sq, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %x = graph.add %s, %mask : (tensor<2x8x6xf32>, tensor<8x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %x {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %x, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %e = graph.exp %d : (tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %e, %t : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// The guard of newer exporters: NaN becomes zero.
// CHECK-LABEL: @guarded
// CHECK: graph.region "attention"
func.func @guarded(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %s = graph.matmul %q, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %s, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %e = graph.exp %d : (tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %e, %t : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %n = graph.is_nan %p : (tensor<2x8x6xf32>) -> tensor<2x8x6xi1>
  %w = graph.where %n, %zero, %p : (tensor<2x8x6xi1>, tensor<f32>, tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %w, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// Declines: NaN becomes something else than zero, which passing over the keys once does not give.
// CHECK-LABEL: @another_guard
// CHECK-NOT: graph.region
func.func @another_guard(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  %s = graph.matmul %q, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %s, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %e = graph.exp %d : (tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %e, %t : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %n = graph.is_nan %p : (tensor<2x8x6xf32>) -> tensor<2x8x6xi1>
  %w = graph.where %n, %one, %p : (tensor<2x8x6xi1>, tensor<f32>, tensor<2x8x6xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %w, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// Declines: rows divided by their largest element are no softmax.
// CHECK-LABEL: @no_softmax
// CHECK-NOT: graph.region
func.func @no_softmax(%q: tensor<2x8x4xf32>, %k: tensor<2x4x6xf32>, %v: tensor<2x6x4xf32>) -> tensor<2x8x4xf32> {
  %s = graph.matmul %q, %k : (tensor<2x8x4xf32>, tensor<2x4x6xf32>) -> tensor<2x8x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x8x6xf32>) -> tensor<2x8x1xf32>
  %p = graph.div %s, %m : (tensor<2x8x6xf32>, tensor<2x8x1xf32>) -> tensor<2x8x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x8x6xf32>, tensor<2x6x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// Sizes within the options.
// CHECK-LABEL: @few
// CHECK: graph.region "attention"
// FEW-LABEL: @few
// FEW: graph.region "attention"
func.func @few(%q: tensor<2x16x16xf32>, %k: tensor<2x16x6xf32>, %v: tensor<2x6x32xf32>) -> tensor<2x16x32xf32> {
  %s = graph.matmul %q, %k : (tensor<2x16x16xf32>, tensor<2x16x6xf32>) -> tensor<2x16x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x16x6xf32>) -> tensor<2x16x1xf32>
  %d = graph.sub %s, %m : (tensor<2x16x6xf32>, tensor<2x16x1xf32>) -> tensor<2x16x6xf32>
  %e = graph.exp %d : (tensor<2x16x6xf32>) -> tensor<2x16x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x16x6xf32>) -> tensor<2x16x1xf32>
  %p = graph.div %e, %t : (tensor<2x16x6xf32>, tensor<2x16x1xf32>) -> tensor<2x16x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x16x6xf32>, tensor<2x6x32xf32>) -> tensor<2x16x32xf32>
  return %y : tensor<2x16x32xf32>
}

// -----

// A number of queries that is usually 1.
// CHECK-LABEL: @opt
// CHECK: graph.region "attention"
// FEW-LABEL: @opt
// FEW: graph.region "attention"
func.func @opt(%q: tensor<2x?x16xf32> {graph.dims = #graph.dims<[2, "s", 16]>}, %k: tensor<2x16x6xf32>, %v: tensor<2x6x16xf32>) -> tensor<2x?x16xf32> attributes {graph.symbols = {s = array<i64: 1, 1, 4096, 1>}} {
  %s = graph.matmul %q, %k : (tensor<2x?x16xf32>, tensor<2x16x6xf32>) -> tensor<2x?x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x?x6xf32>) -> tensor<2x?x1xf32>
  %d = graph.sub %s, %m : (tensor<2x?x6xf32>, tensor<2x?x1xf32>) -> tensor<2x?x6xf32>
  %e = graph.exp %d : (tensor<2x?x6xf32>) -> tensor<2x?x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x?x6xf32>) -> tensor<2x?x1xf32>
  %p = graph.div %e, %t : (tensor<2x?x6xf32>, tensor<2x?x1xf32>) -> tensor<2x?x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x?x6xf32>, tensor<2x6x16xf32>) -> tensor<2x?x16xf32>
  return %y : tensor<2x?x16xf32>
}

// -----

// One of which nothing is known.
// CHECK-LABEL: @unknown
// CHECK: graph.region "attention"
// FEW-LABEL: @unknown
// FEW-NOT: graph.region
func.func @unknown(%q: tensor<2x?x16xf32> {graph.dims = #graph.dims<[2, "s", 16]>}, %k: tensor<2x16x6xf32>, %v: tensor<2x6x16xf32>) -> tensor<2x?x16xf32> attributes {graph.symbols = {s = array<i64: 1, 0, 4096, 1>}} {
  %s = graph.matmul %q, %k : (tensor<2x?x16xf32>, tensor<2x16x6xf32>) -> tensor<2x?x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x?x6xf32>) -> tensor<2x?x1xf32>
  %d = graph.sub %s, %m : (tensor<2x?x6xf32>, tensor<2x?x1xf32>) -> tensor<2x?x6xf32>
  %e = graph.exp %d : (tensor<2x?x6xf32>) -> tensor<2x?x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x?x6xf32>) -> tensor<2x?x1xf32>
  %p = graph.div %e, %t : (tensor<2x?x6xf32>, tensor<2x?x1xf32>) -> tensor<2x?x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x?x6xf32>, tensor<2x6x16xf32>) -> tensor<2x?x16xf32>
  return %y : tensor<2x?x16xf32>
}

// -----

// Too many queries.
// CHECK-LABEL: @many
// CHECK: graph.region "attention"
// FEW-LABEL: @many
// FEW-NOT: graph.region
func.func @many(%q: tensor<2x17x16xf32>, %k: tensor<2x16x6xf32>, %v: tensor<2x6x16xf32>) -> tensor<2x17x16xf32> {
  %s = graph.matmul %q, %k : (tensor<2x17x16xf32>, tensor<2x16x6xf32>) -> tensor<2x17x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x17x6xf32>) -> tensor<2x17x1xf32>
  %d = graph.sub %s, %m : (tensor<2x17x6xf32>, tensor<2x17x1xf32>) -> tensor<2x17x6xf32>
  %e = graph.exp %d : (tensor<2x17x6xf32>) -> tensor<2x17x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x17x6xf32>) -> tensor<2x17x1xf32>
  %p = graph.div %e, %t : (tensor<2x17x6xf32>, tensor<2x17x1xf32>) -> tensor<2x17x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x17x6xf32>, tensor<2x6x16xf32>) -> tensor<2x17x16xf32>
  return %y : tensor<2x17x16xf32>
}

// -----

// Heads that are no multiple,
// CHECK-LABEL: @odd_head
// CHECK: graph.region "attention"
// FEW-LABEL: @odd_head
// FEW-NOT: graph.region
func.func @odd_head(%q: tensor<2x4x24xf32>, %k: tensor<2x24x6xf32>, %v: tensor<2x6x16xf32>) -> tensor<2x4x16xf32> {
  %s = graph.matmul %q, %k : (tensor<2x4x24xf32>, tensor<2x24x6xf32>) -> tensor<2x4x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x4x6xf32>) -> tensor<2x4x1xf32>
  %d = graph.sub %s, %m : (tensor<2x4x6xf32>, tensor<2x4x1xf32>) -> tensor<2x4x6xf32>
  %e = graph.exp %d : (tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x4x6xf32>) -> tensor<2x4x1xf32>
  %p = graph.div %e, %t : (tensor<2x4x6xf32>, tensor<2x4x1xf32>) -> tensor<2x4x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x4x6xf32>, tensor<2x6x16xf32>) -> tensor<2x4x16xf32>
  return %y : tensor<2x4x16xf32>
}

// -----

// or too long.
// CHECK-LABEL: @long_values
// CHECK: graph.region "attention"
// FEW-LABEL: @long_values
// FEW-NOT: graph.region
func.func @long_values(%q: tensor<2x4x16xf32>, %k: tensor<2x16x6xf32>, %v: tensor<2x6x48xf32>) -> tensor<2x4x48xf32> {
  %s = graph.matmul %q, %k : (tensor<2x4x16xf32>, tensor<2x16x6xf32>) -> tensor<2x4x6xf32>
  %m = graph.reduce_max %s {axes = array<i64: 2>} : (tensor<2x4x6xf32>) -> tensor<2x4x1xf32>
  %d = graph.sub %s, %m : (tensor<2x4x6xf32>, tensor<2x4x1xf32>) -> tensor<2x4x6xf32>
  %e = graph.exp %d : (tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %t = graph.reduce_sum %e {axes = array<i64: 2>} : (tensor<2x4x6xf32>) -> tensor<2x4x1xf32>
  %p = graph.div %e, %t : (tensor<2x4x6xf32>, tensor<2x4x1xf32>) -> tensor<2x4x6xf32>
  %y = graph.matmul %p, %v : (tensor<2x4x6xf32>, tensor<2x6x48xf32>) -> tensor<2x4x48xf32>
  return %y : tensor<2x4x48xf32>
}

// RUN: mlc-opt %s --split-input-file --convert-precision | FileCheck %s
// RUN: mlc-opt %s --split-input-file --convert-precision=type=bf16 | FileCheck %s --check-prefix=BF16
// RUN: mlc-opt %s --split-input-file "--convert-precision=keep=other;/head/fc" | FileCheck %s --check-prefix=KEEP
// RUN: mlc-opt %s --split-input-file --convert-precision=io=true | FileCheck %s --check-prefix=IO

// Between regions and in a product's weights: 16 bits. The bias, the epilogue, inputs and outputs of the model: f32.
// CHECK-LABEL: @fires
// CHECK: %[[W:.*]] = graph.constant
// CHECK: %[[N:.*]] = graph.cast %[[W]] {to = f16} : (tensor<8x8xf32>) -> tensor<8x8xf16>
// CHECK: %[[FIRST:.*]] = graph.region "gemm"(%arg0, %[[N]], %{{.*}}) : (tensor<4x8xf32>, tensor<8x8xf16>, tensor<8xf32>) -> tensor<4x8xf16>
// CHECK: %[[X:.*]] = graph.cast %{{.*}} {to = f16} : (tensor<4x8xf32>) -> tensor<4x8xf16>
// CHECK: %[[P:.*]] = graph.matmul %[[X]], %{{.*}} -> tensor<4x8xf16>
// CHECK: %[[F:.*]] = graph.cast %[[P]] {to = f32}
// CHECK: %[[A:.*]] = graph.add %[[F]], %{{.*}} -> tensor<4x8xf32>
// CHECK: %[[R:.*]] = graph.cast %[[A]] {to = f16}
// CHECK: graph.yield %[[R]] : tensor<4x8xf16>
// CHECK: graph.region "rows"(%[[FIRST]]) : (tensor<4x8xf16>) -> tensor<4x1xf32>
// CHECK: graph.reduce_sum %{{.*}} : (tensor<4x8xf32>) -> tensor<4x1xf32>
// BF16-LABEL: @fires
// BF16: graph.matmul %{{.*}} -> tensor<4x8xbf16>
func.func @fires(%x: tensor<4x8xf32>) -> tensor<4x1xf32> {
  %w = graph.constant dense<1.0> : tensor<8x8xf32>
  %bias = graph.constant dense<2.0> : tensor<8xf32>
  %y = graph.region "gemm" (%x, %w, %bias) : (tensor<4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: tensor<4x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8xf32>):
    %0 = graph.matmul %a, %b : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %1 = graph.add %0, %c : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
    graph.yield %1 : tensor<4x8xf32>
  }
  %z = graph.region "rows" (%y) : (tensor<4x8xf32>) -> tensor<4x1xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %0 = graph.reduce_sum %a {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
    graph.yield %0 : tensor<4x1xf32>
  }
  return %z : tensor<4x1xf32>
}

// -----

// A mask's constant has no room in f16: what is stored is clamped to what has.
// CHECK-LABEL: @masks_are_clamped
// CHECK: graph.minimum
// CHECK: graph.maximum
// CHECK: graph.yield %{{.*}} : tensor<4xf16>
// BF16-LABEL: @masks_are_clamped
// BF16-NOT: graph.minimum
func.func @masks_are_clamped(%c: tensor<4xi1>) -> tensor<4xf32> {
  %m = graph.region "pointwise" (%c) : (tensor<4xi1>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xi1>):
    %zero = graph.constant dense<0.0> : tensor<f32>
    %low = graph.constant dense<-3.40282347E+38> : tensor<f32>
    %0 = graph.where %a, %zero, %low : (tensor<4xi1>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  }
  %y = graph.region "pointwise" (%m) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %0 = graph.exp %a : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

// Declines: integers, and what the model gives out, through views too.
// CHECK-LABEL: @declines
// CHECK: graph.region "pointwise"(%arg0, %arg1) : (tensor<4xf32>, tensor<4xi64>) -> (tensor<4xf32>, tensor<4xi64>)
// CHECK: graph.reshape %{{.*}} : (tensor<4xf32>) -> tensor<2x2xf32>
func.func @declines(%x: tensor<4xf32>, %i: tensor<4xi64>) -> (tensor<2x2xf32>, tensor<4xi64>) {
  %y, %j = graph.region "pointwise" (%x, %i) : (tensor<4xf32>, tensor<4xi64>) -> (tensor<4xf32>, tensor<4xi64>) {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xi64>):
    %0 = graph.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    %1 = graph.add %b, %b : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
    graph.yield %0, %1 : tensor<4xf32>, tensor<4xi64>
  }
  %v = graph.reshape %y {dims = #graph.dims<[2, 2]>} : (tensor<4xf32>) -> tensor<2x2xf32>
  return %v, %j : tensor<2x2xf32>, tensor<4xi64>
}

// -----

// What calibration saw beyond f16 stays f32: the region with its weights, and what it stores. Its neighbours are narrow. bf16 has room.
// CHECK-LABEL: @ranges
// CHECK: %[[A:.*]] = graph.region "pointwise"(%arg0) : (tensor<4x8xf32>) -> tensor<4x8xf16>
// CHECK: %[[B:.*]] = graph.region "gemm"(%[[A]], %{{.*}}) : (tensor<4x8xf16>, tensor<8x8xf32>) -> tensor<4x8xf32>
// CHECK: graph.matmul %{{.*}} -> tensor<4x8xf32>
// CHECK: %[[C:.*]] = graph.region "pointwise"(%[[B]]) : (tensor<4x8xf32>) -> tensor<4x8xf16>
// CHECK: %[[D:.*]] = graph.region "gemm"(%[[C]], %{{.*}}) : (tensor<4x8xf16>, tensor<8x8xf32>) -> tensor<4x8xf32>
// CHECK-NOT: graph.ranges
// BF16-LABEL: @ranges
// BF16-NOT: tensor<8x8xf32>) -> tensor<4x8xf32> {
func.func @ranges(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = graph.constant dense<1.0> : tensor<8x8xf32>
  %a = graph.region "pointwise" (%x) {graph.ranges = array<f64: 30000.0>, graph.product_range = 0.0} : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%p: tensor<4x8xf32>):
    %0 = graph.relu %p : (tensor<4x8xf32>) -> tensor<4x8xf32>
    graph.yield %0 : tensor<4x8xf32>
  }
  %b = graph.region "gemm" (%a, %w) {graph.ranges = array<f64: 1.0e+06>, graph.product_range = 30000.0} : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%p: tensor<4x8xf32>, %q: tensor<8x8xf32>):
    %0 = graph.matmul %p, %q : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    graph.yield %0 : tensor<4x8xf32>
  }
  %c = graph.region "pointwise" (%b) {graph.ranges = array<f64: 1.0>, graph.product_range = 0.0} : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%p: tensor<4x8xf32>):
    %0 = graph.sigmoid %p : (tensor<4x8xf32>) -> tensor<4x8xf32>
    graph.yield %0 : tensor<4x8xf32>
  }
  %d = graph.region "gemm" (%c, %w) {graph.ranges = array<f64: 1.0>, graph.product_range = 0x7FF8000000000000 : f64} : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%p: tensor<4x8xf32>, %q: tensor<8x8xf32>):
    %0 = graph.matmul %p, %q : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    graph.yield %0 : tensor<4x8xf32>
  }
  %e = graph.region "pointwise" (%d) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
  ^bb0(%p: tensor<4x8xf32>):
    %0 = graph.relu %p : (tensor<4x8xf32>) -> tensor<4x8xf32>
    graph.yield %0 : tensor<4x8xf32>
  }
  return %e : tensor<4x8xf32>
}

// -----

// A named node keeps its region in f32; so does no other. With io, inputs and outputs are narrow, also one that is both, one that a view reads and one that is a constant.
// KEEP-LABEL: @named
// KEEP: graph.region "pointwise"(%arg0) : (tensor<4xf32>) -> tensor<4xf16>
// KEEP: graph.region "pointwise"(%{{.*}}) : (tensor<4xf16>) -> tensor<4xf32>
// KEEP: graph.region "pointwise"(%{{.*}}) : (tensor<4xf32>) -> tensor<4xf32>
// IO-LABEL: @named(%arg0: tensor<4xf16>, %arg1: tensor<4xf16>, %arg2: tensor<4xi64>) -> (tensor<2x2xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xi64>)
// IO: graph.region "pointwise"(%arg0) : (tensor<4xf16>) -> tensor<4xf16>
// IO: %[[V:.*]] = graph.reshape %{{.*}} : (tensor<4xf16>) -> tensor<2x2xf16>
// IO: %[[K:.*]] = graph.region "single"(%{{.*}}) : (tensor<4xf32>) -> tensor<4xf16>
// IO: return %[[V]], %[[K]], %arg1, %arg2
func.func @named(%x: tensor<4xf32>, %y: tensor<4xf32>, %i: tensor<4xi64>) -> (tensor<2x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi64>) {
  %k = graph.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %a = graph.region "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>):
    %0 = graph.relu %p : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  }
  %b = graph.region "pointwise" (%a) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>):
    %0 = graph.exp %p : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  } loc("/head/fc")
  %c = graph.region "pointwise" (%b) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%p: tensor<4xf32>):
    %0 = graph.relu %p : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  }
  %v = graph.reshape %c {dims = #graph.dims<[2, 2]>} : (tensor<4xf32>) -> tensor<2x2xf32>
  return %v, %k, %y, %i : tensor<2x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi64>
}

// -----

// Weights that f16 would make infinite stay f32, through moves too; infinities do not, which f16 has.
// CHECK-LABEL: @large_weights
// CHECK: graph.region "gemm"(%arg0, %{{.*}}) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
// CHECK: graph.region "gemm"(%{{.*}}, %{{.*}}) : (tensor<2x2xf32>, tensor<2x2xf16>) -> tensor<2x2xf32>
// BF16-LABEL: @large_weights
// BF16: graph.region "gemm"(%arg0, %{{.*}}) : (tensor<2x2xf32>, tensor<2x2xbf16>) -> tensor<2x2xbf16>
func.func @large_weights(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = graph.constant dense<[[1.0, 70000.0], [2.0, 3.0]]> : tensor<2x2xf32>
  %t = graph.transpose %w {perm = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %v = graph.constant dense<[[1.0, 0x7F800000], [2.0, 3.0]]> : tensor<2x2xf32>
  %y = graph.region "gemm" (%x, %t) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32> {
  ^bb0(%a: tensor<2x2xf32>, %b: tensor<2x2xf32>):
    %0 = graph.matmul %a, %b : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    graph.yield %0 : tensor<2x2xf32>
  }
  %z = graph.region "gemm" (%y, %v) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32> {
  ^bb0(%a: tensor<2x2xf32>, %b: tensor<2x2xf32>):
    %0 = graph.matmul %a, %b : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    graph.yield %0 : tensor<2x2xf32>
  }
  return %z : tensor<2x2xf32>
}

// -----

// What a kernel writes by loops over memory stays f32: nothing can be cast behind it. What reads it is not concerned.
// CHECK-LABEL: @written_by_loops
// CHECK: graph.region "single"(%arg0) : (tensor<2x8xf32>) -> tensor<2x8xf32>
// CHECK: graph.cum_sum %{{.*}} : (tensor<2x8xf32>) -> tensor<2x8xf32>
// CHECK-NEXT: graph.yield
// CHECK: graph.region "single"(%{{.*}}) : (tensor<2x8xf32>) -> tensor<2x8xf16>
func.func @written_by_loops(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %y = graph.region "single" (%x) : (tensor<2x8xf32>) -> tensor<2x8xf32> {
  ^bb0(%a: tensor<2x8xf32>):
    %0 = graph.cum_sum %a {axis = 1 : i64, exclusive = 0 : i64, reverse = 0 : i64} : (tensor<2x8xf32>) -> tensor<2x8xf32>
    graph.yield %0 : tensor<2x8xf32>
  }
  %z = graph.region "single" (%y) : (tensor<2x8xf32>) -> tensor<2x8xf32> {
  ^bb0(%a: tensor<2x8xf32>):
    %0 = graph.relu %a : (tensor<2x8xf32>) -> tensor<2x8xf32>
    graph.yield %0 : tensor<2x8xf32>
  }
  %w = graph.region "single" (%z) : (tensor<2x8xf32>) -> tensor<2x8xf32> {
  ^bb0(%a: tensor<2x8xf32>):
    %0 = graph.exp %a : (tensor<2x8xf32>) -> tensor<2x8xf32>
    graph.yield %0 : tensor<2x8xf32>
  }
  return %w : tensor<2x8xf32>
}

// -----

// A norm over several kernels as E[x^2] - E[x]^2: the squares, the sums and what only they make stay f32; what is normalised is f16 again.
// CHECK-LABEL: @norm_of_several_kernels
// CHECK: graph.region "pointwise"(%{{.*}}) : (tensor<4x64xf16>) -> tensor<4x64xf32>
// CHECK: graph.region "rows"(%{{.*}}) : (tensor<4x64xf32>) -> tensor<4x1xf32>
// CHECK: graph.region "rows"(%{{.*}}) : (tensor<4x64xf16>) -> tensor<4x1xf32>
// CHECK: graph.region "pointwise"(%{{.*}}, %{{.*}}) : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
// CHECK: graph.region "pointwise"(%{{.*}}, %{{.*}}) : (tensor<4x64xf16>, tensor<4x1xf32>) -> tensor<4x64xf16>
func.func @norm_of_several_kernels(%input: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %x = graph.region "pointwise" (%input) : (tensor<4x64xf32>) -> tensor<4x64xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = graph.relu %a : (tensor<4x64xf32>) -> tensor<4x64xf32>
    graph.yield %0 : tensor<4x64xf32>
  }
  %squares = graph.region "pointwise" (%x) : (tensor<4x64xf32>) -> tensor<4x64xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = graph.mul %a, %a : (tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>
    graph.yield %0 : tensor<4x64xf32>
  }
  %s = graph.region "rows" (%squares) : (tensor<4x64xf32>) -> tensor<4x1xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = graph.reduce_mean %a {axes = array<i64: 1>} : (tensor<4x64xf32>) -> tensor<4x1xf32>
    graph.yield %0 : tensor<4x1xf32>
  }
  %m = graph.region "rows" (%x) : (tensor<4x64xf32>) -> tensor<4x1xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = graph.reduce_mean %a {axes = array<i64: 1>} : (tensor<4x64xf32>) -> tensor<4x1xf32>
    graph.yield %0 : tensor<4x1xf32>
  }
  %variance = graph.region "pointwise" (%s, %m) : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32> {
  ^bb0(%a: tensor<4x1xf32>, %b: tensor<4x1xf32>):
    %0 = graph.mul %b, %b : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
    %1 = graph.sub %a, %0 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
    graph.yield %1 : tensor<4x1xf32>
  }
  %y = graph.region "pointwise" (%x, %variance) : (tensor<4x64xf32>, tensor<4x1xf32>) -> tensor<4x64xf32> {
  ^bb0(%a: tensor<4x64xf32>, %b: tensor<4x1xf32>):
    %0 = graph.div %a, %b : (tensor<4x64xf32>, tensor<4x1xf32>) -> tensor<4x64xf32>
    graph.yield %0 : tensor<4x64xf32>
  }
  %z = graph.region "pointwise" (%y) : (tensor<4x64xf32>) -> tensor<4x64xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = graph.relu %a : (tensor<4x64xf32>) -> tensor<4x64xf32>
    graph.yield %0 : tensor<4x64xf32>
  }
  return %z : tensor<4x64xf32>
}

// -----

// A mean that products alone read is rounded by them anyway: f16. Sums of few elements are no island either.
// CHECK-LABEL: @means_for_products
// CHECK: graph.region "rows"(%{{.*}}) : (tensor<4x64xf32>) -> tensor<4x1xf16>
// CHECK: graph.region "rows"(%{{.*}}) : (tensor<4x8xf32>) -> tensor<4x1xf16>
func.func @means_for_products(%input: tensor<4x64xf32>, %few: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = graph.constant dense<1.0> : tensor<1x8xf32>
  %m = graph.region "rows" (%input) : (tensor<4x64xf32>) -> tensor<4x1xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = graph.reduce_mean %a {axes = array<i64: 1>} : (tensor<4x64xf32>) -> tensor<4x1xf32>
    graph.yield %0 : tensor<4x1xf32>
  }
  %f = graph.region "rows" (%few) : (tensor<4x8xf32>) -> tensor<4x1xf32> {
  ^bb0(%a: tensor<4x8xf32>):
    %0 = graph.reduce_sum %a {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
    graph.yield %0 : tensor<4x1xf32>
  }
  %p = graph.region "gemm" (%m, %w, %f) : (tensor<4x1xf32>, tensor<1x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32> {
  ^bb0(%a: tensor<4x1xf32>, %b: tensor<1x8xf32>, %c: tensor<4x1xf32>):
    %0 = graph.matmul %a, %b : (tensor<4x1xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
    %1 = graph.add %0, %c : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
    graph.yield %1 : tensor<4x8xf32>
  }
  return %p : tensor<4x8xf32>
}

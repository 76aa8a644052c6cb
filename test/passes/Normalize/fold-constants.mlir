// RUN: mlc-opt %s --split-input-file --fold-constants --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @fires
// CHECK-SAME: %[[X:.*]]: tensor<2xf32>
// CHECK-DAG: %[[S:.*]] = graph.constant dense<[5.000000e-01, 0.333333343]> : tensor<2xf32>
// CHECK-NOT: graph.sqrt
// CHECK: graph.mul %[[X]], %[[S]]
func.func @fires(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = graph.constant dense<[4.0, 9.0]> : tensor<2xf32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %r = graph.sqrt %c : (tensor<2xf32>) -> tensor<2xf32>
  %d = graph.div %one, %r : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  %y = graph.mul %x, %d : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Bools are stored in bytes; several results come from one run.
// CHECK-LABEL: @types
// CHECK-DAG: graph.constant dense<[true, false]> : tensor<2xi1>
// CHECK-DAG: graph.constant dense<[-5, 8]> : tensor<2xi8>
// CHECK-DAG: graph.constant dense<[4.000000e+00, 9.000000e+00]> : tensor<2xf16>
func.func @types() -> (tensor<2xi1>, tensor<2xi8>, tensor<2xf16>) {
  %c = graph.constant dense<[4.0, 9.0]> : tensor<2xf32>
  %five = graph.constant dense<5.0> : tensor<f32>
  %i = graph.constant dense<[5, -8]> : tensor<2xi8>
  %l = graph.less %c, %five : (tensor<2xf32>, tensor<f32>) -> tensor<2xi1>
  %n = graph.neg %i : (tensor<2xi8>) -> tensor<2xi8>
  %h = graph.cast %c {to = f16} : (tensor<2xf32>) -> tensor<2xf16>
  return %l, %n, %h : tensor<2xi1>, tensor<2xi8>, tensor<2xf16>
}

// -----

// Results over 1 KiB are resources; a move in the middle is computed, one at the end stays a move.
// CHECK-LABEL: @resource
// CHECK: %[[C:.*]] = graph.constant dense_resource<folded> : tensor<300x2xf32>
// CHECK: %[[T:.*]] = graph.transpose %[[C]]
// CHECK: return %[[T]]
func.func @resource() -> tensor<2x300xf32> {
  %c = graph.constant dense<4.0> : tensor<600xf32>
  %r = graph.reshape %c {dims = #graph.dims<[300, 2]>} : (tensor<600xf32>) -> tensor<300x2xf32>
  %s = graph.sqrt %r : (tensor<300x2xf32>) -> tensor<300x2xf32>
  %t = graph.transpose %s {perm = array<i64: 1, 0>} : (tensor<300x2xf32>) -> tensor<2x300xf32>
  return %t : tensor<2x300xf32>
}

// -----

// Declines: 128 KiB out of 4 bytes.
// CHECK-LABEL: @grows
// CHECK: graph.expand
func.func @grows() -> tensor<32768xf32> {
  %c = graph.constant dense<4.0> : tensor<1xf32>
  %e = graph.expand %c {dims = #graph.dims<[32768]>} : (tensor<1xf32>) -> tensor<32768xf32>
  return %e : tensor<32768xf32>
}

// -----

// Declines: the weights are elided.
// CHECK-LABEL: @elided
// CHECK: graph.sqrt
func.func @elided() -> tensor<2xf32> {
  %c = graph.constant dense_resource<__elided__> : tensor<2xf32>
  %s = graph.sqrt %c : (tensor<2xf32>) -> tensor<2xf32>
  return %s : tensor<2xf32>
}

// -----

// Declines: where the slice begins is known at run time.
// CHECK-LABEL: @symbolic
// CHECK: graph.slice
// CHECK: graph.sqrt
func.func @symbolic(%x: tensor<?xf32> {graph.dims = #graph.dims<["s"]>, graph.name = "x"}) -> tensor<1xf32> {
  %c = graph.constant dense<[1.0, 4.0, 9.0]> : tensor<3xf32>
  %r = graph.slice %c {starts = #graph.dims<["s"]>, steps = array<i64: 1>, dims = #graph.dims<[1]>} : (tensor<3xf32>) -> tensor<1xf32>
  %s = graph.sqrt %r : (tensor<1xf32>) -> tensor<1xf32>
  return %s : tensor<1xf32>
}

// -----

// Declines: the computation faults, here as it would when the model runs.
// CHECK-LABEL: @faults
// CHECK: graph.gather
// expected-warning @+1 {{constants are not folded: }}
func.func @faults() -> tensor<1xf32> {
  %c = graph.constant dense<[1.0, 4.0, 9.0]> : tensor<3xf32>
  %i = graph.constant dense<7> : tensor<1xi64>
  %g = graph.gather %c, %i : (tensor<3xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %g : tensor<1xf32>
}

// -----

// Untouched: nothing is computed from constants alone.
// CHECK-LABEL: @moves_only
// CHECK: graph.transpose
func.func @moves_only(%x: tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2xf32>) {
  %c = graph.constant dense<1.0> : tensor<3x2xf32>
  %t = graph.transpose %c {perm = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %y = graph.sqrt %x : (tensor<2xf32>) -> tensor<2xf32>
  return %t, %y : tensor<2x3xf32>, tensor<2xf32>
}

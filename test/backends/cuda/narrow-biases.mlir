// RUN: mlc-opt %s --split-input-file --cuda-narrow-biases | FileCheck %s

// A constant bias of a product that the library can compute takes the result's type in memory; the sum stays f32.
// CHECK-LABEL: @narrows
// CHECK: %[[B:.*]] = graph.constant
// CHECK: %[[N:.*]] = graph.cast %[[B]] {to = f16} : (tensor<32xf32>) -> tensor<32xf16>
// CHECK: graph.region "gemm"(%arg0, %arg1, %[[N]])
// CHECK: ^bb0(%{{.*}}, %{{.*}}, %[[A:.*]]: tensor<32xf16>):
// CHECK: %[[W:.*]] = graph.cast %[[A]] {to = f32} : (tensor<32xf16>) -> tensor<32xf32>
// CHECK: graph.add %{{.*}}, %[[W]]
func.func @narrows(%x: tensor<16x64xf16>, %w: tensor<64x32xf16>) -> tensor<16x32xf16> {
  %b = graph.constant dense<0.5> : tensor<32xf32>
  %y = graph.region "gemm"(%x, %w, %b) : (tensor<16x64xf16>, tensor<64x32xf16>, tensor<32xf32>) -> tensor<16x32xf16> {
  ^bb0(%0: tensor<16x64xf16>, %1: tensor<64x32xf16>, %2: tensor<32xf32>):
    %3 = graph.matmul %0, %1 : (tensor<16x64xf16>, tensor<64x32xf16>) -> tensor<16x32xf16>
    %4 = graph.cast %3 {to = f32} : (tensor<16x32xf16>) -> tensor<16x32xf32>
    %5 = graph.add %4, %2 : (tensor<16x32xf32>, tensor<32xf32>) -> tensor<16x32xf32>
    %6 = graph.cast %5 {to = f16} : (tensor<16x32xf32>) -> tensor<16x32xf16>
    graph.yield %6 : tensor<16x32xf16>
  }
  return %y : tensor<16x32xf16>
}

// -----

// Moved constants are rounded before they are moved, as the plan stores them.
// CHECK-LABEL: @moved
// CHECK-DAG: %[[P:.*]] = graph.cast %{{.*}} {to = f16} : (tensor<16xf32>) -> tensor<16xf16>
// CHECK-DAG: %[[Q:.*]] = graph.cast %{{.*}} {to = f16} : (tensor<16xf32>) -> tensor<16xf16>
// CHECK: %[[N:.*]] = graph.concat %[[P]], %[[Q]]
// CHECK: graph.region "gemm"(%arg0, %arg1, %[[N]])
func.func @moved(%x: tensor<16x64xf16>, %w: tensor<64x32xf16>) -> tensor<16x32xf16> {
  %p = graph.constant dense<0.5> : tensor<16xf32>
  %q = graph.constant dense<0.25> : tensor<16xf32>
  %b = graph.concat %p, %q {axis = 0 : i64} : (tensor<16xf32>, tensor<16xf32>) -> tensor<32xf32>
  %y = graph.region "gemm"(%x, %w, %b) : (tensor<16x64xf16>, tensor<64x32xf16>, tensor<32xf32>) -> tensor<16x32xf16> {
  ^bb0(%0: tensor<16x64xf16>, %1: tensor<64x32xf16>, %2: tensor<32xf32>):
    %3 = graph.matmul %0, %1 : (tensor<16x64xf16>, tensor<64x32xf16>) -> tensor<16x32xf16>
    %4 = graph.cast %3 {to = f32} : (tensor<16x32xf16>) -> tensor<16x32xf32>
    %5 = graph.add %4, %2 : (tensor<16x32xf32>, tensor<32xf32>) -> tensor<16x32xf32>
    %6 = graph.cast %5 {to = f16} : (tensor<16x32xf32>) -> tensor<16x32xf16>
    graph.yield %6 : tensor<16x32xf16>
  }
  return %y : tensor<16x32xf16>
}

// -----

// One that f16 does not hold.
// CHECK-LABEL: @large
// CHECK-NOT: to = f16} : (tensor<32xf32>)
func.func @large(%x: tensor<16x64xf16>, %w: tensor<64x32xf16>) -> tensor<16x32xf16> {
  %b = graph.constant dense<70000.0> : tensor<32xf32>
  %y = graph.region "gemm"(%x, %w, %b) : (tensor<16x64xf16>, tensor<64x32xf16>, tensor<32xf32>) -> tensor<16x32xf16> {
  ^bb0(%0: tensor<16x64xf16>, %1: tensor<64x32xf16>, %2: tensor<32xf32>):
    %3 = graph.matmul %0, %1 : (tensor<16x64xf16>, tensor<64x32xf16>) -> tensor<16x32xf16>
    %4 = graph.cast %3 {to = f32} : (tensor<16x32xf16>) -> tensor<16x32xf32>
    %5 = graph.add %4, %2 : (tensor<16x32xf32>, tensor<32xf32>) -> tensor<16x32xf32>
    %6 = graph.cast %5 {to = f16} : (tensor<16x32xf32>) -> tensor<16x32xf16>
    graph.yield %6 : tensor<16x32xf16>
  }
  return %y : tensor<16x32xf16>
}

// -----

// One that a run gives keeps its precision.
// CHECK-LABEL: @given
// CHECK-NOT: to = f16} : (tensor<32xf32>)
func.func @given(%x: tensor<16x64xf16>, %w: tensor<64x32xf16>, %b: tensor<32xf32>) -> tensor<16x32xf16> {
  %y = graph.region "gemm"(%x, %w, %b) : (tensor<16x64xf16>, tensor<64x32xf16>, tensor<32xf32>) -> tensor<16x32xf16> {
  ^bb0(%0: tensor<16x64xf16>, %1: tensor<64x32xf16>, %2: tensor<32xf32>):
    %3 = graph.matmul %0, %1 : (tensor<16x64xf16>, tensor<64x32xf16>) -> tensor<16x32xf16>
    %4 = graph.cast %3 {to = f32} : (tensor<16x32xf16>) -> tensor<16x32xf32>
    %5 = graph.add %4, %2 : (tensor<16x32xf32>, tensor<32xf32>) -> tensor<16x32xf32>
    %6 = graph.cast %5 {to = f16} : (tensor<16x32xf32>) -> tensor<16x32xf16>
    graph.yield %6 : tensor<16x32xf16>
  }
  return %y : tensor<16x32xf16>
}

// -----

// A result of f32 takes it as it is; so does a product with an epilogue that the library lacks, which is our template's.
// CHECK-LABEL: @declines
// CHECK-NOT: to = f16
func.func @declines(%x: tensor<16x64xf16>, %w: tensor<64x32xf16>) -> (tensor<16x32xf32>, tensor<16x32xbf16>) {
  %b = graph.constant dense<0.5> : tensor<32xf32>
  %y = graph.region "gemm"(%x, %w, %b) : (tensor<16x64xf16>, tensor<64x32xf16>, tensor<32xf32>) -> tensor<16x32xf32> {
  ^bb0(%0: tensor<16x64xf16>, %1: tensor<64x32xf16>, %2: tensor<32xf32>):
    %3 = graph.matmul %0, %1 : (tensor<16x64xf16>, tensor<64x32xf16>) -> tensor<16x32xf16>
    %4 = graph.cast %3 {to = f32} : (tensor<16x32xf16>) -> tensor<16x32xf32>
    %5 = graph.add %4, %2 : (tensor<16x32xf32>, tensor<32xf32>) -> tensor<16x32xf32>
    graph.yield %5 : tensor<16x32xf32>
  }
  %z = graph.region "gemm"(%x, %w, %b) : (tensor<16x64xf16>, tensor<64x32xf16>, tensor<32xf32>) -> tensor<16x32xbf16> {
  ^bb0(%0: tensor<16x64xf16>, %1: tensor<64x32xf16>, %2: tensor<32xf32>):
    %3 = graph.matmul %0, %1 : (tensor<16x64xf16>, tensor<64x32xf16>) -> tensor<16x32xf16>
    %4 = graph.cast %3 {to = f32} : (tensor<16x32xf16>) -> tensor<16x32xf32>
    %5 = graph.add %4, %2 : (tensor<16x32xf32>, tensor<32xf32>) -> tensor<16x32xf32>
    %6 = graph.sigmoid %5 : (tensor<16x32xf32>) -> tensor<16x32xf32>
    %7 = graph.cast %6 {to = bf16} : (tensor<16x32xf32>) -> tensor<16x32xbf16>
    graph.yield %7 : tensor<16x32xbf16>
  }
  return %y, %z : tensor<16x32xf32>, tensor<16x32xbf16>
}

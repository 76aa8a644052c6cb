// RUN: mlc-opt %s --split-input-file --fold-arithmetic | FileCheck %s

// A batch norm's factor, seen through a reshape, on weights of three output channels.
// CHECK-LABEL: @fires
// CHECK: graph.constant dense<{{\[\[\[}}2.000000e+00, 4.000000e+00{{\]\], \[\[}}9.000000e+00, 1.200000e+01{{\]\], \[\[}}2.000000e+01, 2.400000e+01]]]> : tensor<3x1x2xf32>
// CHECK-NOT: graph.
// CHECK: return
func.func @fires() -> tensor<3x1x2xf32> {
  %w = graph.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]]> : tensor<3x1x2xf32>
  %var = graph.constant dense<[3.0, 8.0, 15.0]> : tensor<3xf32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %v = graph.add %var, %one : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %s = graph.sqrt %v : (tensor<3xf32>) -> tensor<3xf32>
  %r = graph.reshape %s {dims = #graph.dims<[3, 1, 1]>} : (tensor<3xf32>) -> tensor<3x1x1xf32>
  %y = graph.mul %w, %r : (tensor<3x1x2xf32>, tensor<3x1x1xf32>) -> tensor<3x1x2xf32>
  return %y : tensor<3x1x2xf32>
}

// -----

// Both operands are broadcast, one of them a number that stands for all elements.
// CHECK-LABEL: @broadcast
// CHECK-DAG: graph.constant dense<{{\[\[}}-1.000000e+00, -3.000000e+00{{\], \[}}1.000000e+00, -1.000000e+00]]> : tensor<2x2xf32>
// CHECK-DAG: graph.constant dense<{{\[\[}}5.000000e-01{{\], \[}}2.500000e-01]]> : tensor<2x1xf32>
// CHECK-DAG: graph.constant dense<{{\[\[}}1.000000e+00{{\], \[}}5.000000e-01]]> : tensor<2x1xf32>
// CHECK-DAG: graph.constant dense<0xFF800000> : tensor<f32>
func.func @broadcast() -> (tensor<2x2xf32>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<f32>) {
  %a = graph.constant dense<[[2.0], [4.0]]> : tensor<2x1xf32>
  %b = graph.constant dense<[3.0, 5.0]> : tensor<2xf32>
  %two = graph.constant dense<2.0> : tensor<1x1xf32>
  %d = graph.sub %a, %b : (tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %e = graph.div %two, %a : (tensor<1x1xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>
  %h = graph.reciprocal %a : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %m = graph.neg %zero : (tensor<f32>) -> tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %p = graph.div %one, %m : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %d, %e, %h, %p : tensor<2x2xf32>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<f32>
}

// -----

// Left alone: what depends on an input, other types, other ops, weights without their bytes, an outer product that would make the plan larger.
// CHECK-LABEL: @declines
// CHECK: graph.add
// CHECK: graph.mul {{.*}} : (tensor<2xf16>
// CHECK: graph.add {{.*}} : (tensor<2xi32>
// CHECK: graph.exp
// CHECK: graph.neg {{.*}} : (tensor<4xf32>
// CHECK: graph.mul {{.*}} -> tensor<300x300xf32>
func.func @declines(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf16>, tensor<2xi32>, tensor<2xf32>, tensor<4xf32>, tensor<300x300xf32>) {
  %c = graph.constant dense<[4.0, 9.0]> : tensor<2xf32>
  %h = graph.constant dense<[4.0, 9.0]> : tensor<2xf16>
  %i = graph.constant dense<[4, 9]> : tensor<2xi32>
  %elided = graph.constant dense_resource<__elided__> : tensor<4xf32>
  %column = graph.constant dense<1.5> : tensor<300x1xf32>
  %row = graph.constant dense<1.5> : tensor<300xf32>
  %0 = graph.add %x, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = graph.mul %h, %h : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xf16>
  %2 = graph.add %i, %i : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %3 = graph.exp %c : (tensor<2xf32>) -> tensor<2xf32>
  %4 = graph.neg %elided : (tensor<4xf32>) -> tensor<4xf32>
  %5 = graph.mul %column, %row : (tensor<300x1xf32>, tensor<300xf32>) -> tensor<300x300xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<2xf32>, tensor<2xf16>, tensor<2xi32>, tensor<2xf32>, tensor<4xf32>, tensor<300x300xf32>
}

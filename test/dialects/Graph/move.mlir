// RUN: mlc-opt %s | mlc-opt | FileCheck %s
// Text in, text out, text in again: every op of OpsMove.td with its attributes.

// CHECK-LABEL: @structure
// CHECK: graph.constant dense<[1, 2]> : tensor<2xi64>
// CHECK: graph.dims_tensor {elements = #graph.dims<["b", 1]>, type = tensor<2xi64>} : () -> tensor<2xi64>
// CHECK: graph.shape %{{.*}} {end = 2 : i64, start = 1 : i64} : (tensor<?x4xf32>) -> tensor<1xi64>
// CHECK: graph.size %{{.*}} : (tensor<?x4xf32>) -> tensor<i64>
// CHECK: graph.reshape %{{.*}} {dims = #graph.dims<["4*b"]>} : (tensor<?x4xf32>) -> tensor<?xf32>
// CHECK: graph.transpose %{{.*}} {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
// CHECK: graph.expand %{{.*}} {dims = #graph.dims<[2, "b", 4]>} : (tensor<?x4xf32>) -> tensor<2x?x4xf32>
// CHECK: graph.slice %{{.*}} {dims = #graph.dims<["b", 2]>, starts = #graph.dims<[0, 1]>, steps = array<i64: 1, 2>} : (tensor<?x4xf32>) -> tensor<?x2xf32>
// CHECK: graph.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
// CHECK: graph.pad %{{.*}}, %{{.*}} {high = #graph.dims<[0, "b"]>, low = #graph.dims<[0, 1]>, mode = "edge"} : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x?xf32>
// CHECK: graph.tile %{{.*}} {repeats = #graph.dims<["b", 2]>} : (tensor<?x4xf32>) -> tensor<?x8xf32>
// CHECK: graph.range %{{.*}}, %{{.*}} {dims = #graph.dims<["max(0, b - 1)"]>} : (tensor<f32>, tensor<f32>) -> tensor<?xf32>
func.func @structure(%x: tensor<?x4xf32>, %v: tensor<f32>) {
  %constant = graph.constant dense<[1, 2]> : tensor<2xi64>
  %dims_tensor = graph.dims_tensor {elements = #graph.dims<["b", 1]>, type = tensor<2xi64>} : () -> tensor<2xi64>
  %shape = graph.shape %x {end = 2 : i64, start = 1 : i64} : (tensor<?x4xf32>) -> tensor<1xi64>
  %size = graph.size %x : (tensor<?x4xf32>) -> tensor<i64>
  %reshape = graph.reshape %x {dims = #graph.dims<["4*b"]>} : (tensor<?x4xf32>) -> tensor<?xf32>
  %transpose = graph.transpose %x {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %expand = graph.expand %x {dims = #graph.dims<[2, "b", 4]>} : (tensor<?x4xf32>) -> tensor<2x?x4xf32>
  %slice = graph.slice %x {dims = #graph.dims<["b", 2]>, starts = #graph.dims<[0, 1]>, steps = array<i64: 1, 2>} : (tensor<?x4xf32>) -> tensor<?x2xf32>
  %concat = graph.concat %x, %x {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  %pad = graph.pad %x, %v {high = #graph.dims<[0, "b"]>, low = #graph.dims<[0, 1]>, mode = "edge"} : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x?xf32>
  %tile = graph.tile %x {repeats = #graph.dims<["b", 2]>} : (tensor<?x4xf32>) -> tensor<?x8xf32>
  %range = graph.range %v, %v {dims = #graph.dims<["max(0, b - 1)"]>} : (tensor<f32>, tensor<f32>) -> tensor<?xf32>
  return
}

// CHECK-LABEL: @indexed
// CHECK: graph.gather %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x?xf32>
// CHECK: graph.gather_elements %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x4xi32>) -> tensor<?x4xf32>
// CHECK: graph.gather_nd %{{.*}}, %{{.*}} {batch_dims = 1 : i64} : (tensor<?x4xf32>, tensor<?x1xi64>) -> tensor<?xf32>
// CHECK: graph.scatter_nd %{{.*}}, %{{.*}}, %{{.*}} {reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.scatter_elements %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64, reduction = "max"} : (tensor<?x4xf32>, tensor<?x4xi32>, tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.trilu %{{.*}} {k = #graph.dims<[-1]>, upper = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: graph.one_hot %{{.*}}, %{{.*}} {axis = 1 : i64, depth = #graph.dims<["s"]>} : (tensor<?xi64>, tensor<2xf32>) -> tensor<?x?xf32>
func.func @indexed(%x: tensor<?x4xf32>, %i: tensor<?xi64>, %j: tensor<?x4xi32>, %k: tensor<?x1xi64>, %u: tensor<2xf32>) {
  %gather = graph.gather %x, %i {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  %gather_elements = graph.gather_elements %x, %j {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x4xi32>) -> tensor<?x4xf32>
  %gather_nd = graph.gather_nd %x, %k {batch_dims = 1 : i64} : (tensor<?x4xf32>, tensor<?x1xi64>) -> tensor<?xf32>
  %scatter_nd = graph.scatter_nd %x, %k, %x {reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %scatter_elements = graph.scatter_elements %x, %j, %x {axis = 1 : i64, reduction = "max"} : (tensor<?x4xf32>, tensor<?x4xi32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %trilu = graph.trilu %x {k = #graph.dims<[-1]>, upper = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %one_hot = graph.one_hot %i, %u {axis = 1 : i64, depth = #graph.dims<["s"]>} : (tensor<?xi64>, tensor<2xf32>) -> tensor<?x?xf32>
  return
}

// CHECK-LABEL: @resize
// CHECK: graph.resize %{{.*}} {antialias = 1 : i64, coordinate = "half_pixel", cubic_coeff_a = -5.000000e-01 : f32, dims = #graph.dims<[1, "h", "2*w"]>, exclude_outside = 1 : i64, extrapolation_value = 1.000000e+00 : f32, mode = "cubic", nearest = "floor", roi = array<f64: 0.000000e+00, 0.000000e+00, 0.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00>} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
func.func @resize(%x: tensor<1x?x?xf32>) {
  %resize = graph.resize %x {antialias = 1 : i64, coordinate = "half_pixel", cubic_coeff_a = -5.000000e-01 : f32, dims = #graph.dims<[1, "h", "2*w"]>, exclude_outside = 1 : i64, extrapolation_value = 1.000000e+00 : f32, mode = "cubic", nearest = "floor", roi = array<f64: 0.000000e+00, 0.000000e+00, 0.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00>} : (tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  return
}

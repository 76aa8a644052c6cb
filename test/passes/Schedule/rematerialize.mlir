// RUN: mlc-opt %s --split-input-file --form-regions --rematerialize | FileCheck %s
// RUN: mlc-opt %s --split-input-file --form-regions --rematerialize=max-percent=0 | FileCheck %s --check-prefix=NOTHING

// The mask is large, made of little and wanted again behind the peak: its late reader gets one of its own.
// CHECK-LABEL: @mask
// CHECK-SAME: graph.rematerialized = array<i64: 1, 20480, 16384>
// CHECK: %[[M:.*]] = graph.region "single"(%arg1)
// CHECK: graph.expand
// CHECK: graph.region "single"({{.*}}, %[[M]])
// CHECK: graph.tanh
// CHECK: %[[N:.*]] = graph.region "single"(%arg1)
// CHECK: graph.expand
// CHECK: graph.region "single"({{.*}}, %[[N]])
// NOTHING-LABEL: @mask
// NOTHING-NOT: graph.rematerialized
func.func @mask(%x: tensor<1x1024xf32>, %m: tensor<1x1xf32>, %w: tensor<1024x1024xf32>) -> tensor<1x1xf32> {
  %mask = graph.expand %m {dims = #graph.dims<[1, 1024]>} : (tensor<1x1xf32>) -> tensor<1x1024xf32>
  %a = graph.mul %x, %mask : (tensor<1x1024xf32>, tensor<1x1024xf32>) -> tensor<1x1024xf32>
  %p = graph.matmul %a, %w : (tensor<1x1024xf32>, tensor<1024x1024xf32>) -> tensor<1x1024xf32>
  %b = graph.concat %p, %p {axis = 1} : (tensor<1x1024xf32>, tensor<1x1024xf32>) -> tensor<1x2048xf32>
  %c = graph.tanh %b : (tensor<1x2048xf32>) -> tensor<1x2048xf32>
  %d = graph.slice %c {starts = #graph.dims<[0, 1]>, steps = array<i64: 1, 1>, dims = #graph.dims<[1, 1024]>} : (tensor<1x2048xf32>) -> tensor<1x1024xf32>
  %e = graph.add %d, %mask : (tensor<1x1024xf32>, tensor<1x1024xf32>) -> tensor<1x1024xf32>
  %y = graph.reduce_sum %e {axes = array<i64: 1>, keepdims = true} : (tensor<1x1024xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// Declines: what lives through the peak is a product's; is read at the peak itself; has an operand that would have to live as long; is returned.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.rematerialized
func.func @declines(%x: tensor<1x1024xf32>, %w: tensor<1024x1024xf32>) -> (tensor<1x1xf32>, tensor<1x1024xf32>) {
  %p = graph.matmul %x, %w : (tensor<1x1024xf32>, tensor<1024x1024xf32>) -> tensor<1x1024xf32>
  %q = graph.relu %p : (tensor<1x1024xf32>) -> tensor<1x1024xf32>
  %r = graph.exp %x : (tensor<1x1024xf32>) -> tensor<1x1024xf32>
  %b = graph.concat %q, %r {axis = 1} : (tensor<1x1024xf32>, tensor<1x1024xf32>) -> tensor<1x2048xf32>
  %c = graph.tanh %b : (tensor<1x2048xf32>) -> tensor<1x2048xf32>
  %d = graph.slice %c {starts = #graph.dims<[0, 1]>, steps = array<i64: 1, 1>, dims = #graph.dims<[1, 1024]>} : (tensor<1x2048xf32>) -> tensor<1x1024xf32>
  %e = graph.add %d, %q : (tensor<1x1024xf32>, tensor<1x1024xf32>) -> tensor<1x1024xf32>
  %f = graph.add %e, %r : (tensor<1x1024xf32>, tensor<1x1024xf32>) -> tensor<1x1024xf32>
  %y = graph.reduce_sum %f {axes = array<i64: 1>, keepdims = true} : (tensor<1x1024xf32>) -> tensor<1x1xf32>
  return %y, %r : tensor<1x1xf32>, tensor<1x1024xf32>
}

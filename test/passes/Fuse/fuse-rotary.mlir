// RUN: mlc-opt %s --split-input-file --fuse-rotary='explain=true' 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=WHY --input-file=%t

// Turned as a whole: each half is computed where it belongs.
// CHECK-LABEL: @whole
// CHECK-NEXT: %[[Y:.*]] = graph.region "move"(%arg0, %arg1, %arg2)
// CHECK: %[[Y1:.*]] = graph.add
// CHECK: %[[Y2:.*]] = graph.add
// CHECK-NEXT: graph.concat %[[Y1]], %[[Y2]] {axis = 3 : i64}
// CHECK-NEXT: graph.yield
// CHECK: return %[[Y]]
func.func @whole(%x: tensor<2x4x6x8xf32>, %cos: tensor<1x1x6x8xf32>, %sin: tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32> {
  %a = graph.mul %x, %cos : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %l = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %h = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 4]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %n = graph.neg %h : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %r = graph.concat %n, %l {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32>
  %b = graph.mul %r, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %y = graph.add %a, %b : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32>
  return %y : tensor<2x4x6x8xf32>
}

// -----

// By parts already; what scales x before it stays a kernel of its own.
// CHECK-LABEL: @parts
// CHECK: %[[S:.*]] = graph.mul %arg0
// CHECK-NEXT: graph.region "move"(%[[S]], %arg1, %arg2)
// CHECK: graph.sub
// CHECK: graph.add
// CHECK: graph.concat
func.func @parts(%x: tensor<2x4x6x8xf32>, %cos: tensor<1x1x6x4xf32>, %sin: tensor<1x1x6x4xf32>) -> tensor<2x4x6x8xf32> {
  %two = graph.constant dense<2.0> : tensor<f32>
  %s = graph.mul %x, %two : (tensor<2x4x6x8xf32>, tensor<f32>) -> tensor<2x4x6x8xf32>
  %l = graph.slice %s {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %h = graph.slice %s {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 4]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %0 = graph.mul %l, %cos : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %1 = graph.mul %h, %sin : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %2 = graph.sub %0, %1 : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %3 = graph.mul %h, %cos : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %4 = graph.mul %l, %sin : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %5 = graph.add %3, %4 : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %y = graph.concat %2, %5 {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32>
  return %y : tensor<2x4x6x8xf32>
}

// -----

// Declines: what is turned is an output too; neighbours instead of halves.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.region
// WHY: fuse-rotary: 'read' stays apart: what it is made of is read elsewhere too
// WHY: fuse-rotary: 'pairs' stays apart: neighbours would be computed lane by lane
func.func @declines(%x: tensor<2x4x6x8xf32>, %cos: tensor<1x1x6x8xf32>, %sin: tensor<1x1x6x8xf32>) -> (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) {
  %a = graph.mul %x, %cos : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %l = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %h = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 4]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %n = graph.neg %h : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %r = graph.concat %n, %l {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32>
  %b = graph.mul %r, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %y = graph.add %a, %b : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("read")
  %ev = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 2>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %od = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 1]>, steps = array<i64: 1, 1, 1, 2>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %on = graph.neg %od : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %o1 = graph.reshape %on {dims = #graph.dims<[2, 4, 6, 4, 1]>} : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4x1xf32>
  %e1 = graph.reshape %ev {dims = #graph.dims<[2, 4, 6, 4, 1]>} : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4x1xf32>
  %j = graph.concat %o1, %e1 {axis = 4 : i64} : (tensor<2x4x6x4x1xf32>, tensor<2x4x6x4x1xf32>) -> tensor<2x4x6x4x2xf32>
  %k = graph.reshape %j {dims = #graph.dims<[2, 4, 6, 8]>} : (tensor<2x4x6x4x2xf32>) -> tensor<2x4x6x8xf32>
  %m = graph.mul %k, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %z = graph.add %a, %m : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("pairs")
  return %y, %z, %b : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>
}

// RUN: mlc-opt %s --split-input-file --recognise-patterns='list=true explain=true' -o /dev/null 2>&1 | FileCheck %s
// Rotary embeddings, gates, blocks of pictures. Norms and attention have files of their own.

// By halves, whole and by parts; by pairs, with slices of step 2 and as complex numbers.
// CHECK-DAG: rotary 'halves'{{$}}
// CHECK-DAG: rotary 'parts'{{$}}
// CHECK-DAG: rotary 'pairs' (interleaved)
// CHECK-DAG: rotary 'complex' (interleaved)
func.func @rotary(%x: tensor<2x4x6x8xf32>, %cos: tensor<1x1x6x8xf32>, %sin: tensor<1x1x6x8xf32>, %ch: tensor<1x1x6x4xf32>, %sh: tensor<1x1x6x4xf32>) -> (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x4x2xf32>) {
  %a = graph.mul %x, %cos : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %l = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %h = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 4]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %n = graph.neg %h : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %r = graph.concat %n, %l {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32>
  %b = graph.mul %r, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %y = graph.add %a, %b : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("halves")
  %xc = graph.mul %l, %ch : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %xs = graph.mul %h, %sh : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %d = graph.sub %xc, %xs : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %hc = graph.mul %h, %ch : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %ls = graph.mul %l, %sh : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %e = graph.add %hc, %ls : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %z = graph.concat %d, %e {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32> loc("parts")
  %ev = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 2>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %od = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 1]>, steps = array<i64: 1, 1, 1, 2>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %on = graph.neg %od : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %o1 = graph.reshape %on {dims = #graph.dims<[2, 4, 6, 4, 1]>} : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4x1xf32>
  %e1 = graph.reshape %ev {dims = #graph.dims<[2, 4, 6, 4, 1]>} : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4x1xf32>
  %j = graph.concat %o1, %e1 {axis = 4 : i64} : (tensor<2x4x6x4x1xf32>, tensor<2x4x6x4x1xf32>) -> tensor<2x4x6x4x2xf32>
  %k = graph.reshape %j {dims = #graph.dims<[2, 4, 6, 8]>} : (tensor<2x4x6x4x2xf32>) -> tensor<2x4x6x8xf32>
  %m = graph.mul %k, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %w = graph.add %a, %m : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("pairs")
  %p = graph.reshape %x {dims = #graph.dims<[2, 4, 6, 4, 2]>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4x2xf32>
  %p0 = graph.slice %p {dims = #graph.dims<[2, 4, 6, 4, 1]>, starts = #graph.dims<[0, 0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<2x4x6x4x2xf32>) -> tensor<2x4x6x4x1xf32>
  %p1 = graph.slice %p {dims = #graph.dims<[2, 4, 6, 4, 1]>, starts = #graph.dims<[0, 0, 0, 0, 1]>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<2x4x6x4x2xf32>) -> tensor<2x4x6x4x1xf32>
  %q0 = graph.reshape %p0 {dims = #graph.dims<[2, 4, 6, 4]>} : (tensor<2x4x6x4x1xf32>) -> tensor<2x4x6x4xf32>
  %q1 = graph.reshape %p1 {dims = #graph.dims<[2, 4, 6, 4]>} : (tensor<2x4x6x4x1xf32>) -> tensor<2x4x6x4xf32>
  %t0 = graph.mul %q0, %ch : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %t1 = graph.mul %q1, %sh : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %t2 = graph.sub %t0, %t1 : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %t3 = graph.mul %q0, %sh : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %t4 = graph.mul %q1, %ch : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %t5 = graph.add %t3, %t4 : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %t6 = graph.reshape %t2 {dims = #graph.dims<[2, 4, 6, 4, 1]>} : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4x1xf32>
  %t7 = graph.reshape %t5 {dims = #graph.dims<[2, 4, 6, 4, 1]>} : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4x1xf32>
  %t8 = graph.concat %t6, %t7 {axis = 4 : i64} : (tensor<2x4x6x4x1xf32>, tensor<2x4x6x4x1xf32>) -> tensor<2x4x6x4x2xf32> loc("complex")
  return %y, %z, %w, %t8 : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x4x2xf32>
}

// -----

// Declines: another value beside the turned one, parts that are no halves, parts turned by different angles. Nothing negated is no rotation.
// CHECK-DAG: no rotary at 'other': what is turned is not what it is added to
// CHECK-DAG: no rotary at 'uneven': its parts are not of one length
// CHECK-DAG: no rotary at 'angles': its parts are not turned by the same cosine and sine
// CHECK-NOT: swapped
// CHECK-NOT: rotary '
func.func @no_rotary(%x: tensor<2x4x6x8xf32>, %z: tensor<2x4x6x8xf32>, %cos: tensor<1x1x6x8xf32>, %sin: tensor<1x1x6x8xf32>, %ch: tensor<1x1x6x4xf32>, %sh: tensor<1x1x6x4xf32>) -> (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) {
  %a = graph.mul %z, %cos : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %l = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %h = graph.slice %x {dims = #graph.dims<[2, 4, 6, 4]>, starts = #graph.dims<[0, 0, 0, 4]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x4xf32>
  %n = graph.neg %h : (tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %r = graph.concat %n, %l {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32>
  %b = graph.mul %r, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %y = graph.add %a, %b : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("other")
  %s3 = graph.slice %x {dims = #graph.dims<[2, 4, 6, 3]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x3xf32>
  %s5 = graph.slice %x {dims = #graph.dims<[2, 4, 6, 5]>, starts = #graph.dims<[0, 0, 0, 3]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x6x5xf32>
  %n5 = graph.neg %s5 : (tensor<2x4x6x5xf32>) -> tensor<2x4x6x5xf32>
  %c5 = graph.concat %n5, %s3 {axis = 3 : i64} : (tensor<2x4x6x5xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x6x8xf32>
  %b5 = graph.mul %c5, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %a5 = graph.mul %x, %cos : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %y5 = graph.add %a5, %b5 : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("uneven")
  %xc = graph.mul %l, %ch : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %xs = graph.mul %h, %sh : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %d = graph.sub %xc, %xs : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %hc = graph.mul %h, %sh : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %ls = graph.mul %l, %ch : (tensor<2x4x6x4xf32>, tensor<1x1x6x4xf32>) -> tensor<2x4x6x4xf32>
  %e = graph.add %hc, %ls : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x4xf32>
  %w = graph.concat %d, %e {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32> loc("angles")
  %c0 = graph.concat %h, %l {axis = 3 : i64} : (tensor<2x4x6x4xf32>, tensor<2x4x6x4xf32>) -> tensor<2x4x6x8xf32>
  %b0 = graph.mul %c0, %sin : (tensor<2x4x6x8xf32>, tensor<1x1x6x8xf32>) -> tensor<2x4x6x8xf32>
  %y0 = graph.add %a5, %b0 : (tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x6x8xf32> loc("swapped")
  return %y, %y5, %w, %y0 : tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>
}

// -----

// Two convolutions of a pixel, two layers of a vector; a gate of another value's mean and one of a single product are none.
// CHECK-DAG: no squeeze_excite at 'other': the mean is of another value than the one that is scaled
// CHECK-DAG: no squeeze_excite at 'one': the gate is not made by two products
// CHECK-DAG: squeeze_excite 'convs'
// CHECK-DAG: squeeze_excite 'layers'
func.func @squeeze_excite(%x: tensor<2x8x7x7xf32>, %z: tensor<2x8x7x7xf32>) -> (tensor<2x8x7x7xf32>, tensor<2x8x7x7xf32>, tensor<2x8x7x7xf32>, tensor<2x8x7x7xf32>) {
  %w = graph.constant dense<0.1> : tensor<4x8x1x1xf32>
  %v = graph.constant dense<0.1> : tensor<8x4x1x1xf32>
  %o = graph.constant dense<0.1> : tensor<8x8x1x1xf32>
  %wm = graph.constant dense<0.1> : tensor<8x4xf32>
  %vm = graph.constant dense<0.1> : tensor<4x8xf32>
  %m = graph.reduce_mean %x {axes = array<i64: 2, 3>} : (tensor<2x8x7x7xf32>) -> tensor<2x8x1x1xf32>
  %a = graph.conv %m, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<2x8x1x1xf32>, tensor<4x8x1x1xf32>) -> tensor<2x4x1x1xf32>
  %b = graph.relu %a : (tensor<2x4x1x1xf32>) -> tensor<2x4x1x1xf32>
  %c = graph.conv %b, %v {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<2x4x1x1xf32>, tensor<8x4x1x1xf32>) -> tensor<2x8x1x1xf32>
  %d = graph.hard_sigmoid %c : (tensor<2x8x1x1xf32>) -> tensor<2x8x1x1xf32>
  %y = graph.mul %d, %x : (tensor<2x8x1x1xf32>, tensor<2x8x7x7xf32>) -> tensor<2x8x7x7xf32> loc("convs")
  %f = graph.reshape %m {dims = #graph.dims<[2, 8]>} : (tensor<2x8x1x1xf32>) -> tensor<2x8xf32>
  %g = graph.matmul %f, %wm : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
  %h = graph.swish %g : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %i = graph.matmul %h, %vm : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  %j = graph.sigmoid %i : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %k = graph.reshape %j {dims = #graph.dims<[2, 8, 1, 1]>} : (tensor<2x8xf32>) -> tensor<2x8x1x1xf32>
  %u = graph.mul %x, %k : (tensor<2x8x7x7xf32>, tensor<2x8x1x1xf32>) -> tensor<2x8x7x7xf32> loc("layers")
  %n = graph.mul %z, %d : (tensor<2x8x7x7xf32>, tensor<2x8x1x1xf32>) -> tensor<2x8x7x7xf32> loc("other")
  %p = graph.conv %m, %o {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<2x8x1x1xf32>, tensor<8x8x1x1xf32>) -> tensor<2x8x1x1xf32>
  %q = graph.sigmoid %p : (tensor<2x8x1x1xf32>) -> tensor<2x8x1x1xf32>
  %r = graph.mul %x, %q : (tensor<2x8x7x7xf32>, tensor<2x8x1x1xf32>) -> tensor<2x8x7x7xf32> loc("one")
  return %y, %u, %n, %r : tensor<2x8x7x7xf32>, tensor<2x8x7x7xf32>, tensor<2x8x7x7xf32>, tensor<2x8x7x7xf32>
}

// -----

// Shuffles in both orders of DepthToSpace and with channels last, back again, windows of a picture and the picture of windows, patches as rows. A transpose that mixes blocks and places is none, any other has nothing to do with it.
// CHECK-DAG: no window_partition at 'mixed': the transpose does not bring blocks, or places in a block, of two dims together
// CHECK-DAG: pixel_shuffle 'dcr'
// CHECK-DAG: pixel_shuffle 'crd'
// CHECK-DAG: pixel_shuffle 'last'
// CHECK-DAG: pixel_unshuffle 'unshuffle'
// CHECK-DAG: window_partition 'windows'
// CHECK-DAG: window_reverse 'picture'
// CHECK-DAG: patch_embedding 'patches'
func.func @blocks(%x: tensor<2x18x4x5xf32>, %n: tensor<2x4x5x18xf32>, %im: tensor<2x6x8x3xf32>, %ch: tensor<2x3x6x8xf32>, %wn: tensor<24x4x3xf32>) -> (tensor<2x2x12x15xf32>, tensor<2x2x12x15xf32>, tensor<2x12x15x2xf32>, tensor<2x12x3x4xf32>, tensor<24x4x3xf32>, tensor<2x6x8x3xf32>, tensor<2x12x12xf32>, tensor<12x8x3xf32>, tensor<72x4xf32>) {
  %d1 = graph.reshape %x {dims = #graph.dims<[2, 3, 3, 2, 4, 5]>} : (tensor<2x18x4x5xf32>) -> tensor<2x3x3x2x4x5xf32>
  %d2 = graph.transpose %d1 {perm = array<i64: 0, 3, 4, 1, 5, 2>} : (tensor<2x3x3x2x4x5xf32>) -> tensor<2x2x4x3x5x3xf32>
  %d3 = graph.reshape %d2 {dims = #graph.dims<[2, 2, 12, 15]>} : (tensor<2x2x4x3x5x3xf32>) -> tensor<2x2x12x15xf32> loc("dcr")
  %c1 = graph.reshape %x {dims = #graph.dims<[2, 2, 3, 3, 4, 5]>} : (tensor<2x18x4x5xf32>) -> tensor<2x2x3x3x4x5xf32>
  %c2 = graph.transpose %c1 {perm = array<i64: 0, 1, 4, 2, 5, 3>} : (tensor<2x2x3x3x4x5xf32>) -> tensor<2x2x4x3x5x3xf32>
  %c3 = graph.reshape %c2 {dims = #graph.dims<[2, 2, 12, 15]>} : (tensor<2x2x4x3x5x3xf32>) -> tensor<2x2x12x15xf32> loc("crd")
  %l1 = graph.reshape %n {dims = #graph.dims<[2, 4, 5, 3, 3, 2]>} : (tensor<2x4x5x18xf32>) -> tensor<2x4x5x3x3x2xf32>
  %l2 = graph.transpose %l1 {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<2x4x5x3x3x2xf32>) -> tensor<2x4x3x5x3x2xf32>
  %l3 = graph.reshape %l2 {dims = #graph.dims<[2, 12, 15, 2]>} : (tensor<2x4x3x5x3x2xf32>) -> tensor<2x12x15x2xf32> loc("last")
  %u1 = graph.reshape %ch {dims = #graph.dims<[2, 3, 3, 2, 4, 2]>} : (tensor<2x3x6x8xf32>) -> tensor<2x3x3x2x4x2xf32>
  %u2 = graph.transpose %u1 {perm = array<i64: 0, 1, 3, 5, 2, 4>} : (tensor<2x3x3x2x4x2xf32>) -> tensor<2x3x2x2x3x4xf32>
  %u3 = graph.reshape %u2 {dims = #graph.dims<[2, 12, 3, 4]>} : (tensor<2x3x2x2x3x4xf32>) -> tensor<2x12x3x4xf32> loc("unshuffle")
  %w1 = graph.reshape %im {dims = #graph.dims<[2, 3, 2, 4, 2, 3]>} : (tensor<2x6x8x3xf32>) -> tensor<2x3x2x4x2x3xf32>
  %w2 = graph.transpose %w1 {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<2x3x2x4x2x3xf32>) -> tensor<2x3x4x2x2x3xf32>
  %w3 = graph.reshape %w2 {dims = #graph.dims<[24, 4, 3]>} : (tensor<2x3x4x2x2x3xf32>) -> tensor<24x4x3xf32> loc("windows")
  %r1 = graph.reshape %wn {dims = #graph.dims<[2, 3, 4, 2, 2, 3]>} : (tensor<24x4x3xf32>) -> tensor<2x3x4x2x2x3xf32>
  %r2 = graph.transpose %r1 {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<2x3x4x2x2x3xf32>) -> tensor<2x3x2x4x2x3xf32>
  %r3 = graph.reshape %r2 {dims = #graph.dims<[2, 6, 8, 3]>} : (tensor<2x3x2x4x2x3xf32>) -> tensor<2x6x8x3xf32> loc("picture")
  %p1 = graph.reshape %ch {dims = #graph.dims<[2, 3, 3, 2, 4, 2]>} : (tensor<2x3x6x8xf32>) -> tensor<2x3x3x2x4x2xf32>
  %p2 = graph.transpose %p1 {perm = array<i64: 0, 2, 4, 3, 5, 1>} : (tensor<2x3x3x2x4x2xf32>) -> tensor<2x3x4x2x2x3xf32>
  %p3 = graph.reshape %p2 {dims = #graph.dims<[2, 12, 12]>} : (tensor<2x3x4x2x2x3xf32>) -> tensor<2x12x12xf32> loc("patches")
  %m1 = graph.reshape %im {dims = #graph.dims<[2, 3, 2, 4, 2, 3]>} : (tensor<2x6x8x3xf32>) -> tensor<2x3x2x4x2x3xf32>
  %m2 = graph.transpose %m1 {perm = array<i64: 0, 1, 2, 4, 3, 5>} : (tensor<2x3x2x4x2x3xf32>) -> tensor<2x3x2x2x4x3xf32> loc("mixed")
  %m3 = graph.reshape %m2 {dims = #graph.dims<[12, 8, 3]>} : (tensor<2x3x2x2x4x3xf32>) -> tensor<12x8x3xf32>
  %h1 = graph.reshape %wn {dims = #graph.dims<[24, 4, 3]>} : (tensor<24x4x3xf32>) -> tensor<24x4x3xf32>
  %h2 = graph.transpose %h1 {perm = array<i64: 0, 2, 1>} : (tensor<24x4x3xf32>) -> tensor<24x3x4xf32> loc("plain")
  %h3 = graph.reshape %h2 {dims = #graph.dims<[72, 4]>} : (tensor<24x3x4xf32>) -> tensor<72x4xf32>
  return %d3, %c3, %l3, %u3, %w3, %r3, %p3, %m3, %h3 : tensor<2x2x12x15xf32>, tensor<2x2x12x15xf32>, tensor<2x12x15x2xf32>, tensor<2x12x3x4xf32>, tensor<24x4x3xf32>, tensor<2x6x8x3xf32>, tensor<2x12x12xf32>, tensor<12x8x3xf32>, tensor<72x4xf32>
}

// -----

// Windows that tile the picture and become rows; windows that overlap, or padding, are none; what stays a picture has nothing to do with it.
// CHECK-DAG: no patch_embedding at 'overlap': the windows do not tile the picture
// CHECK-DAG: no patch_embedding at 'padded': the picture is padded, or the windows have gaps
// CHECK-DAG: patch_embedding 'vit'
// CHECK-NOT: stays
func.func @patch_embedding(%x: tensor<2x3x8x8xf32>) -> (tensor<2x4x16xf32>, tensor<2x3x3x16xf32>, tensor<2x3x3x16xf32>, tensor<2x16x2x2xf32>) {
  %w = graph.constant dense<0.1> : tensor<16x3x4x4xf32>
  %a = graph.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 4, 4>} : (tensor<2x3x8x8xf32>, tensor<16x3x4x4xf32>) -> tensor<2x16x2x2xf32>
  %b = graph.reshape %a {dims = #graph.dims<[2, 16, 4]>} : (tensor<2x16x2x2xf32>) -> tensor<2x16x4xf32>
  %c = graph.transpose %b {perm = array<i64: 0, 2, 1>} : (tensor<2x16x4xf32>) -> tensor<2x4x16xf32> loc("vit")
  %d = graph.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<2x3x8x8xf32>, tensor<16x3x4x4xf32>) -> tensor<2x16x3x3xf32> loc("overlap")
  %e = graph.transpose %d {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x16x3x3xf32>) -> tensor<2x3x3x16xf32>
  %f = graph.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, strides = array<i64: 4, 4>} : (tensor<2x3x8x8xf32>, tensor<16x3x4x4xf32>) -> tensor<2x16x3x3xf32> loc("padded")
  %g = graph.transpose %f {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x16x3x3xf32>) -> tensor<2x3x3x16xf32>
  %h = graph.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 4, 4>} : (tensor<2x3x8x8xf32>, tensor<16x3x4x4xf32>) -> tensor<2x16x2x2xf32> loc("stays")
  return %c, %e, %g, %h : tensor<2x4x16xf32>, tensor<2x3x3x16xf32>, tensor<2x3x3x16xf32>, tensor<2x16x2x2xf32>
}

// -----

// Cells of recurrent layers, one step each. Declines: a state that is not gated; two different gates for old and new. A product of a sigmoid and a tanh alone is none.
// CHECK-DAG: no lstm_cell at 'sum': the state is no sum of two gated values
// CHECK-DAG: no gru_cell at 'gates': old and new are weighed by different gates
// CHECK-DAG: lstm_cell 'lstm'
// CHECK-DAG: gru_cell 'gru'
// CHECK-NOT: plain
func.func @cells(%c: tensor<2x8xf32>, %f: tensor<2x8xf32>, %i: tensor<2x8xf32>, %g: tensor<2x8xf32>, %o: tensor<2x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>) {
  %one = graph.constant dense<1.0> : tensor<f32>
  %sf = graph.sigmoid %f : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %si = graph.sigmoid %i : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %tg = graph.tanh %g : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %so = graph.sigmoid %o : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %a = graph.mul %sf, %c : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %b = graph.mul %si, %tg : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %n = graph.add %a, %b : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %tn = graph.tanh %n : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %h = graph.mul %so, %tn : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32> loc("lstm")
  %r = graph.sub %one, %sf : (tensor<f32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %p = graph.mul %r, %tg : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %z = graph.add %p, %a : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32> loc("gru")
  %m = graph.add %c, %b : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %tm = graph.tanh %m : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %w = graph.mul %so, %tm : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32> loc("sum")
  %e = graph.mul %so, %c : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %d = graph.add %p, %e : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32> loc("gates")
  %k = graph.mul %so, %tg : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32> loc("plain")
  return %h, %z, %w, %d, %k : tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<2x8xf32>
}

// RUN: mlc-opt %s --split-input-file --recognise-patterns='list=true explain=true' -o /dev/null 2>&1 | FileCheck %s
// Norms: in each form that is written, and what is none.

// What torch, tf2onnx and hands write: a reciprocal or a quotient, pow for squares and for roots, a sum over a number for a mean.
// CHECK: layer_norm 'ln1'
// CHECK-NEXT: layer_norm 'ln2'
// CHECK-NEXT: layer_norm 'ln3'
// CHECK-NEXT: layer_norm 'ln4'
func.func @layer_norm(%x: tensor<2x8x16xf32>) -> (tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) {
  %e = graph.constant dense<1.0e-05> : tensor<f32>
  %m = graph.reduce_mean %x {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %x, %m : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32>
  %q = graph.mul %d, %d : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %v = graph.reduce_mean %q {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %w = graph.add %v, %e : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %s = graph.sqrt %w : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %r = graph.reciprocal %s : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %y = graph.mul %d, %r : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32> loc("ln1")
  %p = graph.constant dense<2.0> : tensor<f32>
  %pq = graph.pow %d, %p : (tensor<2x8x16xf32>, tensor<f32>) -> tensor<2x8x16xf32>
  %pm = graph.reduce_mean %pq {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %pe = graph.add %e, %pm : (tensor<f32>, tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %ps = graph.sqrt %pe : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %z = graph.div %d, %ps : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32> loc("ln2")
  %h = graph.constant dense<-0.5> : tensor<f32>
  %hr = graph.pow %pe, %h : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %u = graph.mul %hr, %d : (tensor<2x8x1xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32> loc("ln3")
  %n = graph.constant dense<1.6e+01> : tensor<f32>
  %t = graph.reduce_sum %q {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %td = graph.div %t, %n : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %te = graph.add %td, %e : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %ts = graph.sqrt %te : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %tw = graph.div %d, %ts : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32> loc("ln4")
  return %y, %z, %u, %tw : tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>
}

// -----

// The variance as E[x^2] - E[x]^2; one root that serves two spellings is one norm.
// CHECK: layer_norm 'ln6'
func.func @moments(%x: tensor<2x8x16xf32>) -> (tensor<2x8x16xf32>, tensor<2x8x16xf32>) {
  %e = graph.constant dense<1.0e-05> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %g = graph.constant dense<3.0> : tensor<16xf32>
  %m = graph.reduce_mean %x {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %q = graph.mul %x, %x : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %a = graph.reduce_mean %q {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %b = graph.mul %m, %m : (tensor<2x8x1xf32>, tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %v = graph.sub %a, %b : (tensor<2x8x1xf32>, tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %w = graph.maximum %v, %zero : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %f = graph.add %w, %e : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %s = graph.sqrt %f : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %d = graph.sub %x, %m : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32>
  %y = graph.div %d, %s : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32> loc("ln5")
  %r = graph.reciprocal %s : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %k = graph.mul %r, %g : (tensor<2x8x1xf32>, tensor<16xf32>) -> tensor<2x8x16xf32>
  %y2 = graph.mul %x, %k : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32> loc("ln6")
  return %y, %y2 : tensor<2x8x16xf32>, tensor<2x8x16xf32>
}

// -----

// x s - mean s, s = scale / root: no difference from the mean is ever made.
// CHECK: layer_norm 'ln7'
func.func @folded_scale(%x: tensor<2x8x16xf32>) -> tensor<2x8x16xf32> {
  %e = graph.constant dense<1.0e-05> : tensor<f32>
  %g = graph.constant dense<3.0> : tensor<16xf32>
  %m = graph.reduce_mean %x {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %q = graph.mul %x, %x : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %a = graph.reduce_mean %q {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %b = graph.mul %m, %m : (tensor<2x8x1xf32>, tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %v = graph.sub %a, %b : (tensor<2x8x1xf32>, tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %f = graph.add %v, %e : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %s = graph.sqrt %f : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %r = graph.reciprocal %s : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %k = graph.mul %r, %g : (tensor<2x8x1xf32>, tensor<16xf32>) -> tensor<2x8x16xf32>
  %y = graph.mul %x, %k : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32> loc("ln7")
  %c = graph.mul %m, %k : (tensor<2x8x1xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %z = graph.sub %y, %c : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  return %z : tensor<2x8x16xf32>
}

// -----

// Without a mean; without a mean of the squares either, and a lower bound of the norm.
// CHECK: rms_norm 'rms'
// CHECK-NEXT: l2_norm 'l2'
func.func @rms_and_l2(%x: tensor<2x8x16xf32>) -> (tensor<2x8x16xf32>, tensor<2x8x16xf32>) {
  %e = graph.constant dense<1.0e-06> : tensor<f32>
  %q = graph.mul %x, %x : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %v = graph.reduce_mean %q {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %w = graph.add %v, %e : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %s = graph.sqrt %w : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %y = graph.div %x, %s : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32> loc("rms")
  %t = graph.reduce_sum %q {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %n = graph.sqrt %t : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32>
  %c = graph.maximum %n, %e : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %f = graph.expand %c {dims = #graph.dims<[2, 8, 16]>} : (tensor<2x8x1xf32>) -> tensor<2x8x16xf32>
  %z = graph.div %x, %f : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32> loc("l2")
  return %y, %z : tensor<2x8x16xf32>, tensor<2x8x16xf32>
}

// -----

// By which dims: all pixels of a channel; channels of a pixel, channels first; groups of channels, cut and put together by reshapes; one number per channel scales rows, so the rows are channels.
// CHECK: instance_norm 'in'
// CHECK-NEXT: layer_norm 'first'
// CHECK-NEXT: group_norm 'gn'
// CHECK-NEXT: instance_norm 'in1d'
func.func @by_dims(%x: tensor<2x6x5x4xf32>, %a: tensor<2x7x16xf32>) -> (tensor<2x6x5x4xf32>, tensor<2x6x5x4xf32>, tensor<2x6x5x4xf32>, tensor<2x7x16xf32>) {
  %e = graph.constant dense<1.0e-05> : tensor<f32>
  %im = graph.reduce_mean %x {axes = array<i64: 2, 3>} : (tensor<2x6x5x4xf32>) -> tensor<2x6x1x1xf32>
  %id = graph.sub %x, %im : (tensor<2x6x5x4xf32>, tensor<2x6x1x1xf32>) -> tensor<2x6x5x4xf32>
  %iq = graph.mul %id, %id : (tensor<2x6x5x4xf32>, tensor<2x6x5x4xf32>) -> tensor<2x6x5x4xf32>
  %iv = graph.reduce_mean %iq {axes = array<i64: 2, 3>} : (tensor<2x6x5x4xf32>) -> tensor<2x6x1x1xf32>
  %iw = graph.add %iv, %e : (tensor<2x6x1x1xf32>, tensor<f32>) -> tensor<2x6x1x1xf32>
  %is = graph.sqrt %iw : (tensor<2x6x1x1xf32>) -> tensor<2x6x1x1xf32>
  %iy = graph.div %id, %is : (tensor<2x6x5x4xf32>, tensor<2x6x1x1xf32>) -> tensor<2x6x5x4xf32> loc("in")
  %cm = graph.reduce_mean %x {axes = array<i64: 1>} : (tensor<2x6x5x4xf32>) -> tensor<2x1x5x4xf32>
  %cd = graph.sub %x, %cm : (tensor<2x6x5x4xf32>, tensor<2x1x5x4xf32>) -> tensor<2x6x5x4xf32>
  %cq = graph.mul %cd, %cd : (tensor<2x6x5x4xf32>, tensor<2x6x5x4xf32>) -> tensor<2x6x5x4xf32>
  %cv = graph.reduce_mean %cq {axes = array<i64: 1>} : (tensor<2x6x5x4xf32>) -> tensor<2x1x5x4xf32>
  %cw = graph.add %cv, %e : (tensor<2x1x5x4xf32>, tensor<f32>) -> tensor<2x1x5x4xf32>
  %cs = graph.sqrt %cw : (tensor<2x1x5x4xf32>) -> tensor<2x1x5x4xf32>
  %cy = graph.div %cd, %cs : (tensor<2x6x5x4xf32>, tensor<2x1x5x4xf32>) -> tensor<2x6x5x4xf32> loc("first")
  %gx = graph.reshape %x {dims = #graph.dims<[2, 3, 40]>} : (tensor<2x6x5x4xf32>) -> tensor<2x3x40xf32>
  %gm = graph.reduce_mean %gx {axes = array<i64: 2>} : (tensor<2x3x40xf32>) -> tensor<2x3x1xf32>
  %gd = graph.sub %gx, %gm : (tensor<2x3x40xf32>, tensor<2x3x1xf32>) -> tensor<2x3x40xf32>
  %gq = graph.mul %gd, %gd : (tensor<2x3x40xf32>, tensor<2x3x40xf32>) -> tensor<2x3x40xf32>
  %gv = graph.reduce_mean %gq {axes = array<i64: 2>} : (tensor<2x3x40xf32>) -> tensor<2x3x1xf32>
  %gw = graph.add %gv, %e : (tensor<2x3x1xf32>, tensor<f32>) -> tensor<2x3x1xf32>
  %gs = graph.sqrt %gw : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %gy = graph.div %gd, %gs : (tensor<2x3x40xf32>, tensor<2x3x1xf32>) -> tensor<2x3x40xf32> loc("gn")
  %gz = graph.reshape %gy {dims = #graph.dims<[2, 6, 5, 4]>} : (tensor<2x3x40xf32>) -> tensor<2x6x5x4xf32>
  %om = graph.reduce_mean %a {axes = array<i64: 2>} : (tensor<2x7x16xf32>) -> tensor<2x7x1xf32>
  %od = graph.sub %a, %om : (tensor<2x7x16xf32>, tensor<2x7x1xf32>) -> tensor<2x7x16xf32>
  %oq = graph.mul %od, %od : (tensor<2x7x16xf32>, tensor<2x7x16xf32>) -> tensor<2x7x16xf32>
  %ov = graph.reduce_mean %oq {axes = array<i64: 2>} : (tensor<2x7x16xf32>) -> tensor<2x7x1xf32>
  %ow = graph.add %ov, %e : (tensor<2x7x1xf32>, tensor<f32>) -> tensor<2x7x1xf32>
  %os = graph.sqrt %ow : (tensor<2x7x1xf32>) -> tensor<2x7x1xf32>
  %oy = graph.div %od, %os : (tensor<2x7x16xf32>, tensor<2x7x1xf32>) -> tensor<2x7x16xf32> loc("in1d")
  %k = graph.constant dense<[[1.0], [2.0], [1.0], [3.0], [1.0], [1.0], [4.0]]> : tensor<7x1xf32>
  %oz = graph.mul %oy, %k : (tensor<2x7x16xf32>, tensor<7x1xf32>) -> tensor<2x7x16xf32>
  return %iy, %cy, %gz, %oz : tensor<2x6x5x4xf32>, tensor<2x6x5x4xf32>, tensor<2x6x5x4xf32>, tensor<2x7x16xf32>
}

// -----

// Declines: the mean of other dims, sums of squares of what is centred, another tensor under the root's line, statistics of the batch. A root of something else is no norm at all.
// CHECK-DAG: no layer_norm at 'dims': the mean is over other dims than the variance
// CHECK-DAG: no layer_norm at 'sums': the squares are summed, not averaged
// CHECK-DAG: no layer_norm at 'other': the root scales something else than what was squared
// CHECK-DAG: no rms_norm at 'batch': it is over the batch
// CHECK-NOT: plain
// CHECK-NOT: _norm '
func.func @near_misses(%x: tensor<2x8x16xf32>, %z: tensor<2x8x16xf32>) -> (tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) {
  %e = graph.constant dense<1.0e-05> : tensor<f32>
  %m = graph.reduce_mean %x {axes = array<i64: 1, 2>} : (tensor<2x8x16xf32>) -> tensor<2x1x1xf32>
  %d = graph.sub %x, %m : (tensor<2x8x16xf32>, tensor<2x1x1xf32>) -> tensor<2x8x16xf32>
  %q = graph.mul %d, %d : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %v = graph.reduce_mean %q {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %w = graph.add %v, %e : (tensor<2x8x1xf32>, tensor<f32>) -> tensor<2x8x1xf32>
  %s = graph.sqrt %w : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32> loc("dims")
  %y = graph.div %d, %s : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32>
  %n = graph.reduce_mean %x {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %f = graph.sub %x, %n : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32>
  %g = graph.mul %f, %f : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %h = graph.reduce_sum %g {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %i = graph.sqrt %h : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32> loc("sums")
  %j = graph.div %f, %i : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32>
  %k = graph.reduce_mean %g {axes = array<i64: 2>} : (tensor<2x8x16xf32>) -> tensor<2x8x1xf32>
  %l = graph.sqrt %k : (tensor<2x8x1xf32>) -> tensor<2x8x1xf32> loc("other")
  %o = graph.div %z, %l : (tensor<2x8x16xf32>, tensor<2x8x1xf32>) -> tensor<2x8x16xf32>
  %b = graph.mul %x, %x : (tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %bm = graph.reduce_mean %b {axes = array<i64: 0>} : (tensor<2x8x16xf32>) -> tensor<1x8x16xf32>
  %bs = graph.sqrt %bm : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32> loc("batch")
  %by = graph.div %x, %bs : (tensor<2x8x16xf32>, tensor<1x8x16xf32>) -> tensor<2x8x16xf32>
  %r = graph.sqrt %x : (tensor<2x8x16xf32>) -> tensor<2x8x16xf32> loc("plain")
  return %y, %j, %o, %by, %r : tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>
}

// RUN: mlc-opt %s --split-input-file --simplify-algebra | FileCheck %s

// CHECK-LABEL: @identities
// CHECK-NEXT: return %arg0, %arg0, %arg0, %arg0
func.func @identities(%arg0: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %one = graph.constant dense<1.0> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<3xf32>
  %a = graph.mul %arg0, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %b = graph.add %zero, %arg0 : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = graph.slice %b {starts = #graph.dims<[0, 0]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 3]>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %d = graph.pad %arg0 {low = #graph.dims<[0, 0]>, high = #graph.dims<[0, 0]>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %a, %b, %c, %d : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @cheaper
// CHECK-DAG: graph.mul %arg0, %arg0
// CHECK-DAG: graph.sqrt %arg0
// CHECK-DAG: %[[H:.*]] = graph.constant dense<2.500000e-01>
// CHECK-DAG: graph.mul %arg0, %[[H]]
// CHECK-DAG: graph.reshape %arg0 {dims = #graph.dims<[3, 1]>}
// CHECK-NOT: graph.pow
func.func @cheaper(%arg0: tensor<1x3xf32>) -> (tensor<1x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>, tensor<3x1xf32>) {
  %two = graph.constant dense<2.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %four = graph.constant dense<4.0> : tensor<f32>
  %a = graph.pow %arg0, %two : (tensor<1x3xf32>, tensor<f32>) -> tensor<1x3xf32>
  %b = graph.pow %arg0, %half : (tensor<1x3xf32>, tensor<f32>) -> tensor<1x3xf32>
  %c = graph.div %arg0, %four : (tensor<1x3xf32>, tensor<f32>) -> tensor<1x3xf32>
  %d = graph.transpose %arg0 {perm = array<i64: 1, 0>} : (tensor<1x3xf32>) -> tensor<3x1xf32>
  return %a, %b, %c, %d : tensor<1x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>, tensor<3x1xf32>
}

// -----

// A broadcasting zero changes dims, a division by 3 has no exact reciprocal, a narrowing cast loses bits.
// CHECK-LABEL: @declines
// CHECK: graph.add
// CHECK: graph.div
// CHECK: graph.cast
// CHECK: graph.cast
func.func @declines(%arg0: tensor<1x3xf32>) -> (tensor<2x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>) {
  %zero = graph.constant dense<0.0> : tensor<2x1xf32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %a = graph.add %arg0, %zero : (tensor<1x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %b = graph.div %arg0, %three : (tensor<1x3xf32>, tensor<f32>) -> tensor<1x3xf32>
  %i = graph.cast %arg0 {to = i32} : (tensor<1x3xf32>) -> tensor<1x3xi32>
  %c = graph.cast %i {to = f32} : (tensor<1x3xi32>) -> tensor<1x3xf32>
  return %a, %b, %c : tensor<2x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>
}

// -----

// One element along an axis is a slice; an index out of range stays a fault at run time.
// CHECK-LABEL: @gather_one
// CHECK: %[[S:.*]] = graph.slice %arg0 {dims = #graph.dims<[1, 4]>, starts = #graph.dims<[2, 0]>
// CHECK: graph.reshape %[[S]] {{.*}} -> tensor<4xf32>
// CHECK: graph.gather
func.func @gather_one(%x: tensor<3x4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %last = graph.constant dense<-1> : tensor<i64>
  %out = graph.constant dense<3> : tensor<i64>
  %y = graph.gather %x, %last {axis = 0} : (tensor<3x4xf32>, tensor<i64>) -> tensor<4xf32>
  %z = graph.gather %x, %out {axis = 0} : (tensor<3x4xf32>, tensor<i64>) -> tensor<4xf32>
  return %y, %z : tensor<4xf32>, tensor<4xf32>
}

// -----

// Untouched: nothing to simplify.
// CHECK-LABEL: @untouched
// CHECK-NEXT: graph.add %arg0, %arg1
// CHECK-NEXT: return
func.func @untouched(%arg0: tensor<2xf32>, %arg1: tensor<2xf32>) -> tensor<2xf32> {
  %y = graph.add %arg0, %arg1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Neighbouring slices of one value, joined again; the rest of a concat stays.
// CHECK-LABEL: @concat_of_slices
// CHECK: graph.concat %arg0, %arg1 {axis = 1 : i64}
// CHECK: %[[S:.*]] = graph.slice %arg0 {dims = #graph.dims<[2, 4]>, starts = #graph.dims<[0, 2]>
// CHECK: graph.concat %arg1, %[[S]]
func.func @concat_of_slices(%x: tensor<2x8xf32>, %y: tensor<2x3xf32>) -> (tensor<2x11xf32>, tensor<2x7xf32>) {
  %a = graph.slice %x {starts = #graph.dims<[0, 0]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 4]>} : (tensor<2x8xf32>) -> tensor<2x4xf32>
  %b = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 4]>} : (tensor<2x8xf32>) -> tensor<2x4xf32>
  %z = graph.concat %a, %b, %y {axis = 1} : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<2x11xf32>
  %c = graph.slice %x {starts = #graph.dims<[0, 2]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 2]>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  %d = graph.slice %x {starts = #graph.dims<[0, 4]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 2]>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  %w = graph.concat %y, %c, %d {axis = 1} : (tensor<2x3xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x7xf32>
  return %z, %w : tensor<2x11xf32>, tensor<2x7xf32>
}

// -----

// Values times transposed probabilities: attention, turned. Declines: probabilities that others read, a softmax of columns.
// CHECK-LABEL: @probabilities
// CHECK: %[[S:.*]] = graph.softmax %arg0 {axis = 2 : i64}
// CHECK: %[[V:.*]] = graph.transpose %arg1 {perm = array<i64: 0, 2, 1>}
// CHECK-NEXT: %[[P:.*]] = graph.matmul %[[S]], %[[V]]
// CHECK-NEXT: %[[Y:.*]] = graph.transpose %[[P]] {perm = array<i64: 0, 2, 1>}
// CHECK: graph.matmul %arg1
// CHECK: graph.matmul %arg1
// CHECK: return %[[Y]]
func.func @probabilities(%x: tensor<1x16x16xf32>, %v: tensor<1x8x16xf32>, %z: tensor<1x16x16xf32>) -> (tensor<1x8x16xf32>, tensor<1x8x16xf32>, tensor<1x16x16xf32>, tensor<1x8x16xf32>) {
  %s = graph.softmax %x {axis = 2} : (tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %t = graph.transpose %s {perm = array<i64: 0, 2, 1>} : (tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %y = graph.matmul %v, %t : (tensor<1x8x16xf32>, tensor<1x16x16xf32>) -> tensor<1x8x16xf32>
  %a = graph.softmax %z {axis = 2} : (tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %b = graph.transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %c = graph.matmul %v, %b : (tensor<1x8x16xf32>, tensor<1x16x16xf32>) -> tensor<1x8x16xf32>
  %e = graph.softmax %z {axis = 1} : (tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %f = graph.transpose %e {perm = array<i64: 0, 2, 1>} : (tensor<1x16x16xf32>) -> tensor<1x16x16xf32>
  %g = graph.matmul %v, %f : (tensor<1x8x16xf32>, tensor<1x16x16xf32>) -> tensor<1x8x16xf32>
  return %y, %c, %a, %g : tensor<1x8x16xf32>, tensor<1x8x16xf32>, tensor<1x16x16xf32>, tensor<1x8x16xf32>
}

// -----

// A softmax whose axis a transpose makes the last is one of rows.
// CHECK-LABEL: @softmax_of_rows
// CHECK: %[[T:.*]] = graph.transpose %arg0 {perm = array<i64: 0, 2, 1>}
// CHECK: graph.softmax %[[T]] {axis = 2 : i64}
// CHECK: %[[S:.*]] = graph.softmax %arg0 {axis = 2 : i64}
// CHECK: graph.transpose %[[S]]
func.func @softmax_of_rows(%x: tensor<1x16x64xf32>) -> (tensor<1x64x16xf32>, tensor<1x64x16xf32>) {
  %s = graph.softmax %x {axis = 1} : (tensor<1x16x64xf32>) -> tensor<1x16x64xf32>
  %y = graph.transpose %s {perm = array<i64: 0, 2, 1>} : (tensor<1x16x64xf32>) -> tensor<1x64x16xf32>
  %r = graph.softmax %x {axis = 2} : (tensor<1x16x64xf32>) -> tensor<1x16x64xf32>
  %z = graph.transpose %r {perm = array<i64: 0, 2, 1>} : (tensor<1x16x64xf32>) -> tensor<1x64x16xf32>
  return %y, %z : tensor<1x64x16xf32>, tensor<1x64x16xf32>
}

// -----

// A slice of a slice is one slice; a slice of a concat that lies in one part is one of the part, or the part; one across parts stays.
// CHECK-LABEL: @slices
// CHECK-DAG: graph.slice %arg0 {dims = #graph.dims<[2, 2]>, starts = #graph.dims<[0, 3]>
// CHECK-DAG: graph.slice %arg1 {dims = #graph.dims<[2, 2]>, starts = #graph.dims<[0, 1]>
// CHECK-DAG: %[[C:.*]] = graph.concat
// CHECK-DAG: graph.slice %[[C]] {dims = #graph.dims<[2, 4]>, starts = #graph.dims<[0, 6]>
// CHECK: return %{{.*}}, %{{.*}}, %arg1, %
func.func @slices(%x: tensor<2x8xf32>, %y: tensor<2x3xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>, tensor<2x4xf32>) {
  %a = graph.slice %x {starts = #graph.dims<[0, 2]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 5]>} : (tensor<2x8xf32>) -> tensor<2x5xf32>
  %b = graph.slice %a {starts = #graph.dims<[0, 1]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 2]>} : (tensor<2x5xf32>) -> tensor<2x2xf32>
  %c = graph.concat %x, %y {axis = 1} : (tensor<2x8xf32>, tensor<2x3xf32>) -> tensor<2x11xf32>
  %d = graph.slice %c {starts = #graph.dims<[0, 9]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 2]>} : (tensor<2x11xf32>) -> tensor<2x2xf32>
  %e = graph.slice %c {starts = #graph.dims<[0, 8]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 3]>} : (tensor<2x11xf32>) -> tensor<2x3xf32>
  %f = graph.slice %c {starts = #graph.dims<[0, 6]>, steps = array<i64: 1, 1>, dims = #graph.dims<[2, 4]>} : (tensor<2x11xf32>) -> tensor<2x4xf32>
  return %b, %d, %e, %f : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x3xf32>, tensor<2x4xf32>
}

// -----

// A product by the identity; a diagonal of others stays.
// CHECK-LABEL: @identity_matrix
// CHECK: %[[D:.*]] = graph.matmul
// CHECK: return %arg0, %[[D]]
func.func @identity_matrix(%x: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %i = graph.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %d = graph.constant dense<[[1.0, 0.0], [0.0, 2.0]]> : tensor<2x2xf32>
  %a = graph.matmul %x, %i : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %b = graph.matmul %x, %d : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  return %a, %b : tensor<3x2xf32>, tensor<3x2xf32>
}

// -----

// Two transposes with a view between them that only adds a dim of extent 1 put everything back; a view that splits a dim keeps them.
// CHECK-LABEL: @put_back
// CHECK: %[[Y:.*]] = graph.reshape %arg0 {dims = #graph.dims<[2, 1, "t", 3]>}
// CHECK-NEXT: %[[Z:.*]] = graph.reshape %arg0 {dims = #graph.dims<[2, "t", 1, 3]>}
// CHECK-COUNT-2: graph.transpose
// CHECK: return %[[Y]], %[[Z]]
func.func @put_back(%x: tensor<2x?x3xf32> {graph.dims = #graph.dims<[2, "t", 3]>}) -> (tensor<2x1x?x3xf32>, tensor<2x?x1x3xf32>, tensor<?x2x2x3xf32>) attributes {graph.symbols = {t = array<i64: 1, 0, 64, 2>}} {
  %a = graph.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x?x3xf32>) -> tensor<2x3x?xf32>
  %b = graph.reshape %a {dims = #graph.dims<[2, 3, 1, "t"]>} : (tensor<2x3x?xf32>) -> tensor<2x3x1x?xf32>
  %y = graph.transpose %b {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x3x1x?xf32>) -> tensor<2x1x?x3xf32>
  %c = graph.transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x?x3xf32>) -> tensor<?x3x2xf32>
  %d = graph.reshape %c {dims = #graph.dims<["t", 1, 3, 2]>} : (tensor<?x3x2xf32>) -> tensor<?x1x3x2xf32>
  %z = graph.transpose %d {perm = array<i64: 3, 0, 1, 2>} : (tensor<?x1x3x2xf32>) -> tensor<2x?x1x3xf32>
  %e = graph.transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x?x3xf32>) -> tensor<?x3x2xf32>
  %f = graph.reshape %e {dims = #graph.dims<["floordiv(t, 2)", 2, 3, 2]>} : (tensor<?x3x2xf32>) -> tensor<?x2x3x2xf32>
  %w = graph.transpose %f {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x3x2xf32>) -> tensor<?x2x2x3xf32>
  return %y, %z, %w : tensor<2x1x?x3xf32>, tensor<2x?x1x3xf32>, tensor<?x2x2x3xf32>
}

// -----

// A cast goes behind a gather of as many elements; it stays in front of one that repeats them.
// CHECK-LABEL: @cast_behind_gather
// CHECK: %[[G:.*]] = graph.gather_nd %arg0, %arg1
// CHECK: graph.cast %[[G]]
// CHECK: %[[C:.*]] = graph.cast %arg0
// CHECK: graph.gather_nd %[[C]], %arg2
func.func @cast_behind_gather(%x: tensor<2x3xi64>, %i: tensor<3x2x2xi64>, %j: tensor<9x2xi64>) -> (tensor<3x2xi1>, tensor<9xi1>) {
  %a = graph.cast %x {to = i1} : (tensor<2x3xi64>) -> tensor<2x3xi1>
  %y = graph.gather_nd %a, %i : (tensor<2x3xi1>, tensor<3x2x2xi64>) -> tensor<3x2xi1>
  %b = graph.cast %x {to = i1} : (tensor<2x3xi64>) -> tensor<2x3xi1>
  %z = graph.gather_nd %b, %j : (tensor<2x3xi1>, tensor<9x2xi64>) -> tensor<9xi1>
  return %y, %z : tensor<3x2xi1>, tensor<9xi1>
}

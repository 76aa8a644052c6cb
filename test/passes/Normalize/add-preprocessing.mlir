// RUN: mlc-opt %s --add-preprocessing='pictures=x=u8,nhwc,bgr,mean=0.5:0.25:0,std=0.5:1:2' | FileCheck %s
// RUN: mlc-opt %s --add-preprocessing='pictures=x=u8,mean=0.5,std=0.5' | FileCheck %s --check-prefix=SAME
// RUN: mlc-opt %s --add-preprocessing='pictures=x=nhwc' | FileCheck %s --check-prefix=LAYOUT
// RUN: mlc-opt %s --add-preprocessing='pictures=x=scale=1/2' | FileCheck %s --check-prefix=SCALE
// RUN: mlc-opt %s --add-preprocessing='pictures=h=u8,axis=3,nhwc,mean=1:2:3,scale=1;x=bgr' | FileCheck %s --check-prefix=BOTH
// RUN: mlc-opt %s --add-preprocessing | FileCheck %s --check-prefix=NONE
// RUN: not mlc-opt %s --add-preprocessing='pictures=y=u8' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not mlc-opt %s --add-preprocessing='pictures=k=u8' 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not mlc-opt %s --add-preprocessing='pictures=i=nhwc' 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not mlc-opt %s --add-preprocessing='pictures=x=u8,mean=1:2' 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not mlc-opt %s --add-preprocessing='pictures=x=bgr,axis=3' 2>&1 | FileCheck %s --check-prefix=BGR
// RUN: not mlc-opt %s --add-preprocessing='pictures=x=u8,std=1:0:1' 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not mlc-opt %s --add-preprocessing='pictures=x=u8,rgb' 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not mlc-opt %s --add-preprocessing='pictures=x=mean=1:b' 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not mlc-opt %s --add-preprocessing='pictures=x=scale=1/0' 2>&1 | FileCheck %s --check-prefix=ZEROSCALE
// RUN: not mlc-opt %s --add-preprocessing='pictures=x=u8;x=nhwc' 2>&1 | FileCheck %s --check-prefix=TWICE

// CHECK: @main(%[[P:.*]]: tensor<?x?x8x3xui8> {graph.dims = #graph.dims<["n", "w", 8, 3]>, graph.name = "x"}, %{{.*}}) -> (tensor<?x3x?x8xf32>, tensor<2x4x4x3xf16>)
// CHECK: %[[R:.*]] = graph.slice %[[P]] {dims = #graph.dims<["n", "w", 8, 3]>, starts = #graph.dims<[0, 0, 0, 2]>, steps = array<i64: 1, 1, 1, -1>}
// CHECK: %[[F:.*]] = graph.cast %[[R]] {to = f32}
// CHECK: %[[A:.*]] = graph.constant dense<[0.00784313772, 0.00392156886, 0.00196078443]> : tensor<3xf32>
// CHECK: %[[S:.*]] = graph.mul %[[F]], %[[A]]
// CHECK: %[[B:.*]] = graph.constant dense<[-1.000000e+00, -2.500000e-01, 0.000000e+00]> : tensor<3xf32>
// CHECK: %[[T:.*]] = graph.add %[[S]], %[[B]]
// CHECK: %[[X:.*]] = graph.transpose %[[T]] {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x?x8x3xf32>) -> tensor<?x3x?x8xf32>
// CHECK: graph.relu %[[X]]

// One number for all channels is a scalar; without nhwc the dims stay.
// SAME: @main(%[[P:.*]]: tensor<?x3x?x8xui8> {graph.dims = #graph.dims<["n", 3, "w", 8]>, graph.name = "x"}
// SAME: graph.constant dense<0.00784313772> : tensor<f32>
// SAME: graph.constant dense<-1.000000e+00> : tensor<f32>
// SAME-NOT: graph.transpose

// LAYOUT: @main(%[[P:.*]]: tensor<?x?x8x3xf32> {graph.dims = #graph.dims<["n", "w", 8, 3]>
// LAYOUT-NEXT: %[[X:.*]] = graph.transpose %[[P]]
// LAYOUT-NEXT: graph.relu %[[X]]

// SCALE: @main(%{{.*}}: tensor<?x3x?x8xf32>
// SCALE: graph.constant dense<5.000000e-01> : tensor<f32>
// SCALE-NEXT: graph.mul
// SCALE-NEXT: graph.relu

// A half type is computed in f32; channels of dim 1 reversed where they are.
// BOTH: @main(%[[X:.*]]: tensor<?x3x?x8xf32> {{.*}}, %[[H:.*]]: tensor<2x4x4x3xui8>
// BOTH: %[[R:.*]] = graph.slice %[[X]] {{{.*}}starts = #graph.dims<[0, 2, 0, 0]>, steps = array<i64: 1, -1, 1, 1>}
// BOTH: %[[F:.*]] = graph.cast %[[H]] {to = f32}
// BOTH-NOT: graph.mul
// BOTH: graph.constant dense<[-1.000000e+00, -2.000000e+00, -3.000000e+00]>
// BOTH: graph.add %[[F]]
// BOTH: graph.cast {{.*}} {to = f16}
// BOTH: graph.relu %[[R]]

// NONE: @main(%[[X:.*]]: tensor<?x3x?x8xf32>
// NONE-NEXT: graph.relu %[[X]]

// UNKNOWN: cannot preprocess: there is no input 'y'; the inputs are 'x' [n, 3, w, 8] f32, 'h' [2, 4, 4, 3] f16, 'k' [3] f32, 'i' [1, 3, 4, 4] i32
// RANK: cannot preprocess: input 'k' is no picture of 4 dims and a float type; the inputs are 'x' [n, 3, w, 8] f32
// TYPE: cannot preprocess: input 'i' is no picture
// COUNT: cannot preprocess: input 'x' has 3 channels (dim 1), mean has 2 numbers; the inputs are
// BGR: cannot preprocess: bgr needs 3 channels, input 'x' has 8 (dim 3); the inputs are
// ZERO: cannot preprocess: input 'x': std is divided by and cannot be 0
// KEY: cannot preprocess: input 'x': 'rgb' is none of u8, nhwc, bgr, axis=N, scale=S, mean=A:B:C, std=A:B:C
// NUMBER: cannot preprocess: input 'x': 'mean=1:b' is not mean=NUMBER:NUMBER:..
// ZEROSCALE: cannot preprocess: input 'x': 'scale=1/0' is not scale=NUMBER or scale=NUMBER/NUMBER, other than 0
// TWICE: cannot preprocess: input 'x' is named twice
func.func @main(%x: tensor<?x3x?x8xf32> {graph.dims = #graph.dims<["n", 3, "w", 8]>, graph.name = "x"}, %h: tensor<2x4x4x3xf16> {graph.dims = #graph.dims<[2, 4, 4, 3]>, graph.name = "h"},
                %k: tensor<3xf32> {graph.dims = #graph.dims<[3]>, graph.name = "k"}, %i: tensor<1x3x4x4xi32> {graph.dims = #graph.dims<[1, 3, 4, 4]>, graph.name = "i"})
    -> (tensor<?x3x?x8xf32>, tensor<2x4x4x3xf16>) attributes {graph.symbols = {n = array<i64: 1, 0, 64, 1>, w = array<i64: 1, 0, 64, 1>}} {
  %a = graph.relu %x : (tensor<?x3x?x8xf32>) -> tensor<?x3x?x8xf32>
  %b = graph.relu %h : (tensor<2x4x4x3xf16>) -> tensor<2x4x4x3xf16>
  return %a, %b : tensor<?x3x?x8xf32>, tensor<2x4x4x3xf16>
}

// RUN: mlc-opt %s --split-input-file --recognise-activations | FileCheck %s

// x / 2 (1 + erf(x / sqrt 2)), the halves and factors in any order.
// CHECK-LABEL: @gelu
// CHECK-NEXT: %[[A:.*]] = graph.gelu %arg0 : (tensor<?x8xf32>)
// CHECK-NEXT: %[[B:.*]] = graph.gelu %arg0 : (tensor<?x8xf32>)
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @gelu(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %root = graph.constant dense<1.41421354> : tensor<f32>
  %inverse = graph.constant dense<0.707106769> : tensor<1xf32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %a0 = graph.div %x, %root : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %a1 = graph.erf %a0 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a2 = graph.add %a1, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %a3 = graph.mul %x, %a2 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = graph.mul %a3, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %b0 = graph.mul %inverse, %x : (tensor<1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %b1 = graph.erf %b0 : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %b2 = graph.mul %b1, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %b3 = graph.add %half, %b2 : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %b = graph.mul %b3, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %a, %b : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @tanh_gelu
// CHECK-NEXT: graph.gelu %arg0 {approximate = "tanh"}
// CHECK-NEXT: return
func.func @tanh_gelu(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c = graph.constant dense<0.044715> : tensor<f32>
  %s = graph.constant dense<0.797884583> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %h = graph.mul %x, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %0 = graph.mul %x, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = graph.mul %0, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %2 = graph.mul %1, %c : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %3 = graph.add %x, %2 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %4 = graph.mul %3, %s : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %5 = graph.tanh %4 : (tensor<8xf32>) -> tensor<8xf32>
  %6 = graph.add %5, %one : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %y = graph.mul %h, %6 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

// SiLU, its sharper form, hard swish by clipping, Mish; each of a value that is computed itself.
// CHECK-LABEL: @others
// CHECK: %[[X:.*]] = graph.add
// CHECK-NEXT: graph.swish %[[X]] : (tensor<8xf32>)
// CHECK-NEXT: graph.swish %[[X]] {alpha = 1.702{{0*}}e+00 : f32}
// CHECK-NEXT: graph.hard_swish %[[X]]
// CHECK-NEXT: graph.mish %[[X]]
// CHECK-NEXT: return
func.func @others(%x0: tensor<8xf32>, %x1: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %x = graph.add %x0, %x1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %sharp = graph.constant dense<1.702> : tensor<f32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %six = graph.constant dense<6.0> : tensor<f32>
  %a0 = graph.sigmoid %x : (tensor<8xf32>) -> tensor<8xf32>
  %a = graph.mul %x, %a0 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %b0 = graph.mul %x, %sharp : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %b1 = graph.sigmoid %b0 : (tensor<8xf32>) -> tensor<8xf32>
  %b = graph.mul %b1, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %c0 = graph.add %x, %three : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %c1 = graph.maximum %c0, %zero : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %c2 = graph.minimum %c1, %six : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %c3 = graph.mul %x, %c2 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %c = graph.div %c3, %six : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %d0 = graph.softplus %x : (tensor<8xf32>) -> tensor<8xf32>
  %d1 = graph.tanh %d0 : (tensor<8xf32>) -> tensor<8xf32>
  %d = graph.mul %x, %d1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %a, %b, %c, %d : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// -----

// Declines: another function, two different values, a part that is needed elsewhere.
// CHECK-LABEL: @declines
// CHECK-NOT: graph.gelu
// CHECK-NOT: graph.swish
// CHECK: return
func.func @declines(%x: tensor<8xf32>, %z: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %sharp = graph.constant dense<1.7> : tensor<f32>
  %a0 = graph.mul %x, %sharp : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %a1 = graph.sigmoid %a0 : (tensor<8xf32>) -> tensor<8xf32>
  %a = graph.mul %a1, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %b0 = graph.sigmoid %z : (tensor<8xf32>) -> tensor<8xf32>
  %b = graph.mul %x, %b0 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %c0 = graph.sigmoid %x : (tensor<8xf32>) -> tensor<8xf32>
  %c = graph.mul %x, %c0 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %a, %b, %c, %c0 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

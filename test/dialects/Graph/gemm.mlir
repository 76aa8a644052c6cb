// RUN: mlc-opt %s | mlc-opt | FileCheck %s
// Text in, text out, text in again: every op of OpsGemm.td with its attributes.

// CHECK-LABEL: @products
// CHECK: graph.matmul %{{.*}}, %{{.*}} : (tensor<?x2x4xf32>, tensor<4x3xf32>) -> tensor<?x2x3xf32>
func.func @products(%a: tensor<?x2x4xf32>, %b: tensor<4x3xf32>) {
  %matmul = graph.matmul %a, %b : (tensor<?x2x4xf32>, tensor<4x3xf32>) -> tensor<?x2x3xf32>
  return
}

// CHECK-LABEL: @windows
// CHECK: graph.conv %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 2>, group = 2 : i64, pads = array<i64: 1, 2>, strides = array<i64: 3>} : (tensor<?x4x?xf32>, tensor<6x2x3xf32>, tensor<6xf32>) -> tensor<?x6x?xf32>
// CHECK: graph.conv %{{.*}}, %{{.*}} {channels_last = true, dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x?x4xf32>, tensor<6x2x3xf32>) -> tensor<?x?x6xf32>
// CHECK: graph.conv_transpose %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 2>, group = 2 : i64, output_padding = array<i64: 1>, pads = array<i64: 1, 2>, strides = array<i64: 3>} : (tensor<?x4x?xf32>, tensor<4x3x3xf32>, tensor<6xf32>) -> tensor<?x6x?xf32>
// CHECK: graph.conv_transpose %{{.*}}, %{{.*}} {channels_last = true, dilations = array<i64: 1>, output_padding = array<i64: 0>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<?x?x4xf32>, tensor<4x3x3xf32>) -> tensor<?x?x3xf32>
// CHECK: graph.max_pool %{{.*}} {ceil_mode = true, channels_last = true, count_include_pad = true, dilations = array<i64: 2>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 1>, strides = array<i64: 2>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
// CHECK: graph.average_pool %{{.*}} {ceil_mode = true, channels_last = true, count_include_pad = true, dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 1>, strides = array<i64: 2>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
func.func @windows(%x: tensor<?x4x?xf32>, %w: tensor<6x2x3xf32>, %t: tensor<4x3x3xf32>, %m: tensor<6xf32>, %l: tensor<?x?x4xf32>) {
  %conv = graph.conv %x, %w, %m {dilations = array<i64: 2>, group = 2 : i64, pads = array<i64: 1, 2>, strides = array<i64: 3>} : (tensor<?x4x?xf32>, tensor<6x2x3xf32>, tensor<6xf32>) -> tensor<?x6x?xf32>
  %conv_last = graph.conv %l, %w {channels_last = true, dilations = array<i64: 1>, group = 2 : i64, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x?x4xf32>, tensor<6x2x3xf32>) -> tensor<?x?x6xf32>
  %conv_transpose = graph.conv_transpose %x, %t, %m {dilations = array<i64: 2>, group = 2 : i64, output_padding = array<i64: 1>, pads = array<i64: 1, 2>, strides = array<i64: 3>} : (tensor<?x4x?xf32>, tensor<4x3x3xf32>, tensor<6xf32>) -> tensor<?x6x?xf32>
  %transpose_last = graph.conv_transpose %l, %t {channels_last = true, dilations = array<i64: 1>, output_padding = array<i64: 0>, pads = array<i64: 0, 0>, strides = array<i64: 2>} : (tensor<?x?x4xf32>, tensor<4x3x3xf32>) -> tensor<?x?x3xf32>
  %max_pool = graph.max_pool %l {ceil_mode = true, channels_last = true, count_include_pad = true, dilations = array<i64: 2>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 1>, strides = array<i64: 2>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %average_pool = graph.average_pool %l {ceil_mode = true, channels_last = true, count_include_pad = true, dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 1>, strides = array<i64: 2>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return
}

// CHECK-LABEL: @quantised
// CHECK: graph.quantize_linear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xui8>) -> tensor<?x4xui8>
// CHECK: graph.dequantize_linear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x4xui8>, tensor<4xf32>, tensor<4xui8>) -> tensor<?x4xf32>
func.func @quantised(%x: tensor<?x4xf32>, %s: tensor<4xf32>, %z: tensor<4xui8>, %q: tensor<?x4xui8>) {
  %quantize_linear = graph.quantize_linear %x, %s, %z : (tensor<?x4xf32>, tensor<4xf32>, tensor<4xui8>) -> tensor<?x4xui8>
  %dequantize_linear = graph.dequantize_linear %q, %s, %z : (tensor<?x4xui8>, tensor<4xf32>, tensor<4xui8>) -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: @recurrent
// CHECK: graph.lstm_scan %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {activations = ["Sigmoid", "Tanh", "Tanh"], alphas = array<f32: 0.000000e+00, 0.000000e+00, 0.000000e+00>, betas = array<f32: 0.000000e+00, 0.000000e+00, 0.000000e+00>, clip = 3.000000e+00 : f32, input_forget = true, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1>, reverse = true} : (tensor<?x2x16xf32>, tensor<16x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<12xf32>, tensor<2xi32>) -> (tensor<?x2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>)
// CHECK: graph.gru_scan %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {activations = ["Sigmoid", "Tanh"], alphas = array<f32: 0.000000e+00, 0.000000e+00>, betas = array<f32: 0.000000e+00, 0.000000e+00>, clip = 3.000000e+00 : f32, linear_before_reset = true, reverse = true} : (tensor<?x2x12xf32>, tensor<12x4xf32>, tensor<2x4xf32>, tensor<4xf32>, tensor<2xi32>) -> (tensor<?x2x4xf32>, tensor<2x4xf32>)
// CHECK: graph.rnn_scan %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {activations = ["LeakyRelu"], alphas = array<f32: 2.500000e-01>, betas = array<f32: 0.000000e+00>, clip = 3.000000e+00 : f32, reverse = true} : (tensor<?x2x4xf32>, tensor<4x4xf32>, tensor<2x4xf32>, tensor<2xi32>) -> (tensor<?x2x4xf32>, tensor<2x4xf32>)
func.func @recurrent(%l: tensor<?x2x16xf32>, %lr: tensor<16x4xf32>, %g: tensor<?x2x12xf32>, %gr: tensor<12x4xf32>, %e: tensor<?x2x4xf32>, %er: tensor<4x4xf32>, %h: tensor<2x4xf32>, %p: tensor<12xf32>, %b: tensor<4xf32>, %n: tensor<2xi32>) {
  %lstm_scan:3 = graph.lstm_scan %l, %lr, %h, %h, %p, %n {activations = ["Sigmoid", "Tanh", "Tanh"], alphas = array<f32: 0.000000e+00, 0.000000e+00, 0.000000e+00>, betas = array<f32: 0.000000e+00, 0.000000e+00, 0.000000e+00>, clip = 3.000000e+00 : f32, input_forget = true, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1>, reverse = true} : (tensor<?x2x16xf32>, tensor<16x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<12xf32>, tensor<2xi32>) -> (tensor<?x2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>)
  %gru_scan:2 = graph.gru_scan %g, %gr, %h, %b, %n {activations = ["Sigmoid", "Tanh"], alphas = array<f32: 0.000000e+00, 0.000000e+00>, betas = array<f32: 0.000000e+00, 0.000000e+00>, clip = 3.000000e+00 : f32, linear_before_reset = true, reverse = true} : (tensor<?x2x12xf32>, tensor<12x4xf32>, tensor<2x4xf32>, tensor<4xf32>, tensor<2xi32>) -> (tensor<?x2x4xf32>, tensor<2x4xf32>)
  %rnn_scan:2 = graph.rnn_scan %e, %er, %h, %n {activations = ["LeakyRelu"], alphas = array<f32: 2.500000e-01>, betas = array<f32: 0.000000e+00>, clip = 3.000000e+00 : f32, reverse = true} : (tensor<?x2x4xf32>, tensor<4x4xf32>, tensor<2x4xf32>, tensor<2xi32>) -> (tensor<?x2x4xf32>, tensor<2x4xf32>)
  return
}

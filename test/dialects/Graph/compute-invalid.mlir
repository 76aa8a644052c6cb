// RUN: mlc-opt %s --split-input-file --verify-diagnostics
// Constraints of the verifiers first, then those that shape inference finds (any pass infers).

func.func @conv_c1(%x: tensor<1x3x8xf32>, %w: tensor<2x3x1x1xf32>) {
  // expected-error @+1 {{[conv_c1]}}
  %y = graph.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x3x8xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @conv_c2(%x: tensor<1x3x8xf32>, %w: tensor<2x3x1xf32>) {
  // expected-error @+1 {{[conv_c2]}}
  %y = graph.conv %x, %w {strides = array<i64: 0>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x3x8xf32>, tensor<2x3x1xf32>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x3x8xf32>, %w: tensor<2x3x1xf32>) {
  // expected-error @+1 {{[conv_c3]}}
  %y = graph.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 0 : i64} : (tensor<1x3x8xf32>, tensor<2x3x1xf32>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @bit_shift_c1(%x: tensor<2xui8>) {
  // expected-error @+1 {{[bit_shift_c1]}}
  %y = graph.bit_shift %x, %x {direction = "UP"} : (tensor<2xui8>, tensor<2xui8>) -> tensor<2xui8>
  return
}

// -----

func.func @gelu_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{[gelu_c1]}}
  %y = graph.gelu %x {approximate = "roughly"} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @if_c1(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{[if_c1]}}
  %y = graph.if %c : (tensor<i1>) -> tensor<2xf32> {
    graph.yield %x : tensor<2xf32>
  } else {
    graph.yield
  }
  return
}

// -----

func.func @loop_c1(%m: tensor<i64>, %c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{[loop_c1]}}
  %y = graph.loop %m, %c, %x : (tensor<i64>, tensor<i1>, tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%i: tensor<i64>, %k: tensor<i1>):
    graph.yield %k : tensor<i1>
  }
  return
}

// -----

func.func @region_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{[region_c1]}}
  %y = graph.region "single" (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<3xf32>):
    graph.yield %a : tensor<3xf32>
  }
  return
}

// -----

func.func @region_c2(%x: tensor<2xf32>) {
  // expected-error @+1 {{[region_c2]}}
  %y = graph.region "single" (%x) : (tensor<2xf32>) -> tensor<3xf32> {
  ^bb0(%a: tensor<2xf32>):
    graph.yield %a : tensor<2xf32>
  }
  return
}

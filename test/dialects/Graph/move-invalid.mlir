// RUN: mlc-opt %s --split-input-file --verify-diagnostics

func.func @constant_c1() {
  // expected-error @+1 {{[constant_c1]}}
  %c = "graph.constant"() {value = dense<1> : tensor<2xi64>} : () -> tensor<3xi64>
  return
}

// -----

func.func @dims_tensor_c1() {
  // expected-error @+1 {{[dims_tensor_c1]}}
  %d = graph.dims_tensor {elements = #graph.dims<["b"]>, type = tensor<2xi64>} : () -> tensor<2xi64>
  return
}

// -----

func.func @reshape_c1(%x: tensor<4xf32>) {
  // expected-error @+1 {{[reshape_c1]}}
  %y = graph.reshape %x {dims = #graph.dims<[5]>} : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @transpose_c1(%x: tensor<4x2xf32>) {
  // expected-error @+1 {{[transpose_c1]}}
  %y = graph.transpose %x {perm = array<i64: 0, 0>} : (tensor<4x2xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @slice_c1(%x: tensor<4xf32>) {
  // expected-error @+1 {{[slice_c1]}}
  %y = graph.slice %x {starts = #graph.dims<[0, 0]>, steps = array<i64: 1>, dims = #graph.dims<[2]>} : (tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<4xf32>) {
  // expected-error @+1 {{[slice_c2]}}
  %y = graph.slice %x {starts = #graph.dims<[0]>, steps = array<i64: 0>, dims = #graph.dims<[2]>} : (tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @concat_c1(%x: tensor<4xf32>) {
  // expected-error @+1 {{[concat_c1]}}
  %y = graph.concat %x, %x {axis = 1 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @concat_c2() {
  // expected-error @+1 {{[concat_c2]}}
  %y = graph.concat {axis = 0 : i64} : () -> tensor<8xf32>
  return
}

// -----

func.func @pad_c1(%x: tensor<4xf32>) {
  // expected-error @+1 {{[pad_c1]}}
  %y = graph.pad %x {low = #graph.dims<[1, 1]>, high = #graph.dims<[1]>} : (tensor<4xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<4xf32>) {
  // expected-error @+1 {{[pad_c2]}}
  %y = graph.pad %x {low = #graph.dims<[1]>, high = #graph.dims<[1]>, mode = "blur"} : (tensor<4xf32>) -> tensor<6xf32>
  return
}

// -----

// expected-error @+1 {{'b +' is not a dim expression}}
func.func private @dims(tensor<?xf32> {graph.dims = #graph.dims<["b +"]>})

// RUN: mlc-opt %s --split-input-file --verify-diagnostics --fold-shapes
// What shape inference refuses.

func.func @pointwise_c1(%x: tensor<2xf32>, %i: tensor<2xi32>) {
  // expected-error @+1 {{[pointwise_c1]}}
  %y = graph.add %x, %i : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @broadcast(%x: tensor<2xf32>, %z: tensor<3xf32>) {
  // expected-error @+1 {{cannot broadcast its operands: [2] against [3]}}
  %y = graph.add %x, %z : (tensor<2xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @matmul_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{[matmul_c1]}}
  %y = graph.matmul %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_c2(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{[matmul_c2]}}
  %y = graph.matmul %x, %s : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  return
}

// -----

func.func @matmul_c3(%x: tensor<2x3xf32>, %z: tensor<3x2xf16>) {
  // expected-error @+1 {{[matmul_c3]}}
  %y = graph.matmul %x, %z : (tensor<2x3xf32>, tensor<3x2xf16>) -> tensor<2x2xf32>
  return
}

// -----

func.func @matmul_c4(%x: tensor<2x3x3xf32>, %z: tensor<4x3x3xf32>) {
  // expected-error @+1 {{[matmul_c4]}}
  %y = graph.matmul %x, %z : (tensor<2x3x3xf32>, tensor<4x3x3xf32>) -> tensor<4x3x3xf32>
  return
}

// -----

func.func @pool_c1(%x: tensor<1x2x8xf32>) {
  // expected-error @+1 {{[pool_c1]}}
  %y = graph.max_pool %x {kernel_shape = array<i64: 2, 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return
}

// -----

func.func @pool_c2(%x: tensor<1x2x8xf32>) {
  // expected-error @+1 {{[pool_c2]}}
  %y = graph.max_pool %x {kernel_shape = array<i64: 2>, strides = array<i64: 0>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return
}

// -----

func.func @reduce_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{[reduce_c1]}}
  %y = graph.reduce_sum %x {axes = array<i64: 2>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @arg_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{[arg_c1]}}
  %y = graph.arg_max %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xi64>
  return
}

// -----

func.func @arg_c2(%x: tensor<2x0xf32>) {
  // expected-error @+1 {{[arg_c2]}}
  %y = graph.arg_max %x {axis = 1 : i64} : (tensor<2x0xf32>) -> tensor<2x1xi64>
  return
}

// -----

func.func @expand_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{[expand_c1]}}
  %y = graph.expand %x {dims = #graph.dims<[3]>} : (tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @slice_c3(%x: tensor<2xf32>) {
  // expected-error @+1 {{[slice_c3]}}
  %y = graph.slice %x {starts = #graph.dims<[1]>, steps = array<i64: 1>, dims = #graph.dims<[2]>} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @concat_c3(%x: tensor<2x3xf32>, %z: tensor<2x4xf32>) {
  // expected-error @+1 {{[concat_c3]}}
  %y = graph.concat %x, %z {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @gather_c1(%x: tensor<2xf32>, %i: tensor<1xi64>) {
  // expected-error @+1 {{[gather_c1]}}
  %y = graph.gather %x, %i {axis = 1 : i64} : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @top_k_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{[top_k_c1]}}
  %v, %i = graph.top_k %x {axis = 1 : i64, k = #graph.dims<[1]>} : (tensor<2xf32>) -> (tensor<1xf32>, tensor<1xi64>)
  return
}

// -----

func.func @layer_norm_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{[layer_norm_c1]}}
  %y, %m, %s = graph.layer_norm %x, %x {axis = 1 : i64} : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<1xf32>, tensor<1xf32>)
  return
}

// -----

func.func @if_c2(%c: tensor<i1>, %x: tensor<2xf32>, %z: tensor<3xf32>) {
  // expected-error @+1 {{[if_c2]}}
  %y = graph.if %c : (tensor<i1>) -> tensor<?xf32> {
    graph.yield %x : tensor<2xf32>
  } else {
    graph.yield %z : tensor<3xf32>
  }
  return
}

// -----

func.func @conv_c4(%x: tensor<1x1x2xf32>, %w: tensor<1x1x5xf32>) {
  // expected-error @+1 {{[conv_c4]}}
  %y = graph.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x1x2xf32>, tensor<1x1x5xf32>) -> tensor<1x1x?xf32>
  return
}

// -----

func.func @pool_c3(%x: tensor<1x1x2xf32>) {
  // expected-error @+1 {{[pool_c3]}}
  %y = graph.max_pool %x {kernel_shape = array<i64: 5>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x1x2xf32>) -> tensor<1x1x?xf32>
  return
}

// -----

func.func @gather_c2() {
  %x = graph.constant dense<[1, 2]> : tensor<2xi64>
  %i = graph.constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{[gather_c2]}}
  %y = graph.gather %x, %i : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  return
}

// -----

func.func @gather_elements_c1(%x: tensor<2x2xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{[gather_elements_c1]}}
  %y = graph.gather_elements %x, %i : (tensor<2x2xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_c1(%x: tensor<2x2xf32>, %i: tensor<1x3xi64>) {
  // expected-error @+1 {{[gather_nd_c1]}}
  %y = graph.gather_nd %x, %i : (tensor<2x2xf32>, tensor<1x3xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @scatter_nd_c1(%x: tensor<2x2xf32>, %i: tensor<1x3xi64>, %u: tensor<1xf32>) {
  // expected-error @+1 {{[scatter_nd_c1]}}
  %y = graph.scatter_nd %x, %i, %u : (tensor<2x2xf32>, tensor<1x3xi64>, tensor<1xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @scatter_elements_c1(%x: tensor<2x2xf32>, %i: tensor<1x1xi64>, %u: tensor<1x1xf32>) {
  // expected-error @+1 {{[scatter_elements_c1]}}
  %y = graph.scatter_elements %x, %i, %u {axis = 2 : i64} : (tensor<2x2xf32>, tensor<1x1xi64>, tensor<1x1xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @one_hot_c1(%i: tensor<2xi64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{[one_hot_c1]}}
  %y = graph.one_hot %i, %v {depth = #graph.dims<[3]>, axis = 2 : i64} : (tensor<2xi64>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @resize_c2(%x: tensor<1x0xf32>) {
  // expected-error @+1 {{[resize_c2]}}
  %y = graph.resize %x {dims = #graph.dims<[1, 4]>, mode = "nearest", coordinate = "asymmetric", nearest = "floor"} : (tensor<1x0xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @resize_c1(%x: tensor<1x1x2xf32>) {
  // expected-error @+1 {{[resize_c1]}}
  %y = graph.resize %x {dims = #graph.dims<[1, 4]>, mode = "nearest", coordinate = "asymmetric", nearest = "floor"} : (tensor<1x1x2xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @rnn_c1(%xw: tensor<3x2xf32>, %r: tensor<3x1xf32>, %h: tensor<2x1xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{[rnn_c1]}}
  %y, %s = graph.gru_scan %xw, %r, %h, %b {activations = ["Sigmoid", "Tanh"], alphas = array<f32>, betas = array<f32>, reverse = false, linear_before_reset = false} : (tensor<3x2xf32>, tensor<3x1xf32>, tensor<2x1xf32>, tensor<1xf32>) -> (tensor<3x2x1xf32>, tensor<2x1xf32>)
  return
}

// -----

func.func @tile_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{[tile_c1]}}
  %y = graph.tile %x {repeats = #graph.dims<[2, 2]>} : (tensor<2xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @trilu_c1(%x: tensor<2xf32>) {
  // expected-error @+1 {{[trilu_c1]}}
  %y = graph.trilu %x {k = #graph.dims<[0]>} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @loop_c2(%m: tensor<i64>, %c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{[loop_c2]}}
  %y = graph.loop %m, %c, %x : (tensor<i64>, tensor<i1>, tensor<2xf32>) -> tensor<?xf32> {
  ^bb0(%i: tensor<i64>, %k: tensor<i1>, %v: tensor<2xf32>):
    %d = graph.concat %v, %v {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
    graph.yield %k, %d : tensor<i1>, tensor<4xf32>
  }
  return
}

// -----

func.func @loop_c3(%m: tensor<i64>, %c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{[loop_c3]}}
  %y = graph.loop %m, %c : (tensor<i64>, tensor<i1>) -> tensor<?x2xf32> {
  ^bb0(%i: tensor<i64>, %k: tensor<i1>):
    graph.yield %k, %x : tensor<i1>, tensor<2xf32>
  }
  return
}

// -----

func.func @loop_c4(%m: tensor<i64>, %c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{[loop_c4]}}
  %y = graph.loop %m, %c {trips = #graph.dims<[1, 2]>} : (tensor<i64>, tensor<i1>) -> tensor<?x2xf32> {
  ^bb0(%i: tensor<i64>, %k: tensor<i1>):
    graph.yield %k, %x : tensor<i1>, tensor<2xf32>
  }
  return
}

// -----

func.func @one_hot_c2(%i: tensor<2xi64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{[one_hot_c2]}}
  %y = graph.one_hot %i, %v {depth = #graph.dims<[]>, axis = 1 : i64} : (tensor<2xi64>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @top_k_c2(%x: tensor<2xf32>) {
  // expected-error @+1 {{[top_k_c2]}}
  %v, %i = graph.top_k %x {axis = 0 : i64, k = #graph.dims<[]>} : (tensor<2xf32>) -> (tensor<1xf32>, tensor<1xi64>)
  return
}

// -----

func.func @trilu_c2(%x: tensor<2x2xf32>) {
  // expected-error @+1 {{[trilu_c2]}}
  %y = graph.trilu %x {k = #graph.dims<[0, 1]>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @top_k_c3(%x: tensor<2xf32>) {
  // expected-error @+1 {{[top_k_c3]}}
  %v, %i = graph.top_k %x {axis = 0 : i64, k = #graph.dims<[3]>} : (tensor<2xf32>) -> (tensor<3xf32>, tensor<3xi64>)
  return
}

// -----

func.func @one_hot_c3(%i: tensor<2xi64>, %v: tensor<1xf32>) {
  // expected-error @+1 {{[one_hot_c3]}}
  %y = graph.one_hot %i, %v {depth = #graph.dims<[3]>, axis = 1 : i64} : (tensor<2xi64>, tensor<1xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_c3(%x: tensor<0xf32>) {
  // expected-error @+1 {{[pad_c3]}}
  %y = graph.pad %x {low = #graph.dims<[1]>, high = #graph.dims<[1]>, mode = "edge"} : (tensor<0xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_c2(%x: tensor<2x3xf32>, %i: tensor<4x3xi64>) {
  // expected-error @+1 {{[gather_elements_c2]}}
  %y = graph.gather_elements %x, %i {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4x3xi64>) -> tensor<4x3xf32>
  return
}

// -----

func.func @gather_nd_c2(%x: tensor<2x3xf32>, %i: tensor<4x1xi64>) {
  // expected-error @+1 {{[gather_nd_c2]}}
  %y = graph.gather_nd %x, %i {batch_dims = 1 : i64} : (tensor<2x3xf32>, tensor<4x1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @scatter_nd_c2(%x: tensor<2x3xf32>, %i: tensor<4x1xi64>, %u: tensor<4x2xf32>) {
  // expected-error @+1 {{[scatter_nd_c2]}}
  %y = graph.scatter_nd %x, %i, %u : (tensor<2x3xf32>, tensor<4x1xi64>, tensor<4x2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_nd_c3(%x: tensor<2x3xf32>, %i: tensor<4x1xi64>, %u: tensor<4x3xf32>) {
  // expected-error @+1 {{[scatter_nd_c3]}}
  %y = graph.scatter_nd %x, %i, %u {reduction = "sum"} : (tensor<2x3xf32>, tensor<4x1xi64>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_c2(%x: tensor<2x3xf32>, %i: tensor<4x1xi64>, %u: tensor<4x1xf32>) {
  // expected-error @+1 {{[scatter_elements_c2]}}
  %y = graph.scatter_elements %x, %i, %u {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4x1xi64>, tensor<4x1xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_c3(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>, %u: tensor<1x1xf32>) {
  // expected-error @+1 {{[scatter_elements_c3]}}
  %y = graph.scatter_elements %x, %i, %u : (tensor<2x3xf32>, tensor<2x3xi64>, tensor<1x1xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_c4(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{[scatter_elements_c4]}}
  %y = graph.scatter_elements %x, %i, %x {reduction = "sum"} : (tensor<2x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @axis_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{[axis_c1]}}
  %y = graph.softmax %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @channel_norm_c1(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{[channel_norm_c1]}}
  %y = graph.batch_norm %x, %s, %s, %s, %s : (tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @group_norm_c1(%x: tensor<2x4x5xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{[group_norm_c1]}}
  %y = graph.group_norm %x, %s, %s {num_groups = 3 : i64} : (tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x5xf32>
  return
}

// -----

func.func @layer_norm_c2(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{[layer_norm_c2]}}
  %y, %m, %i = graph.layer_norm %x, %s : (tensor<2x3xf32>, tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x1xf32>)
  return
}

// -----

func.func @rms_norm_c1(%x: tensor<2x3xf32>, %s: tensor<4x2x3xf32>) {
  // expected-error @+1 {{[rms_norm_c1]}}
  %y = graph.rms_norm %x, %s : (tensor<2x3xf32>, tensor<4x2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @conv_c5(%x: tensor<1x2x8xf32>, %w: tensor<4x2x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{[conv_c5]}}
  %y = graph.conv %x, %w, %b {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>, tensor<4x2x3xf32>, tensor<3xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

func.func @conv_c3_outputs(%x: tensor<1x3x8xf32>, %w: tensor<4x1x3xf32>) {
  // expected-error @+1 {{[conv_c3] has 4 output channels in 3 groups}}
  %y = graph.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 3 : i64} : (tensor<1x3x8xf32>, tensor<4x1x3xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

// sequence_lens for three, a batch of two.
func.func @rnn_c2(%xw: tensor<5x2x4xf32>, %r: tensor<4x4xf32>, %h: tensor<2x4xf32>, %n: tensor<3xi32>) {
  // expected-error @+1 {{[rnn_c2]}}
  %y, %s = graph.rnn_scan %xw, %r, %h, %n {activations = ["Tanh"], alphas = array<f32: 0.0>, betas = array<f32: 0.0>, reverse = false} : (tensor<5x2x4xf32>, tensor<4x4xf32>, tensor<2x4xf32>, tensor<3xi32>) -> (tensor<5x2x4xf32>, tensor<2x4xf32>)
  return
}

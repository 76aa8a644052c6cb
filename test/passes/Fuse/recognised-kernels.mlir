// RUN: mlc-compile %s --arch x86-64-v3 --explain-fusion --no-cache --quiet -o %t.plan 2>&1 | FileCheck %s
// RUN: mlc-compile %s --arch x86-64-v3 --no-cache --quiet -o %t.plan --json - | FileCheck %s --check-prefix=JSON
// RUN: mlc-inspect %t.plan --schedule | FileCheck %s --check-prefix=PLAN

// Where each pattern ends. Attention, norms and rotary embeddings: one kernel. Squeeze-excite: the mean, two products, and the convolution that takes the scale in. Windows: the row kernel before them
// stores them cut, the product behind them stores them whole. A shuffle of pixels is one move. Patches: a picture's few channels are padded, then one convolution; the rows are views.
// CHECK-DAG: recognised attention 'qk': 1 kernel (attention)
// CHECK-DAG: recognised softmax 'softmax': 1 kernel (attention)
// CHECK-DAG: recognised rotary 'rotary/slice': 1 kernel (move)
// CHECK-DAG: recognised squeeze_excite 'se/mean': 4 kernels (single, gemm, gemm, gemm)
// CHECK-DAG: recognised window_partition 'cut': 0 kernels (views alone)
// CHECK-DAG: recognised window_reverse 'joined': 0 kernels (views alone)
// CHECK-DAG: recognised layer_norm 'ln/mean': 1 kernel (rows)
// CHECK-DAG: recognised pixel_shuffle 'shuffle': 1 kernel (single)
// CHECK-DAG: recognised patch_embedding 'patches': 2 kernels (single, conv)
// JSON: "recognised": {
// JSON-NEXT: "attention": 1,
// JSON: "squeeze_excite": 1,
// PLAN-DAG: <attention, softmax>
// PLAN-DAG: <rotary>
// PLAN-DAG: <layer_norm
func.func @main(%q: tensor<2x4x6x32xf32> {graph.name = "q"}, %k: tensor<2x4x32x6xf32> {graph.name = "k"}, %v: tensor<2x4x6x32xf32> {graph.name = "v"}, %cos: tensor<1x1x6x32xf32> {graph.name = "cos"},
    %sin: tensor<1x1x6x32xf32> {graph.name = "sin"}, %p: tensor<1x32x14x14xf32> {graph.name = "p"}, %w: tensor<1x8x8x32xf32> {graph.name = "w"}, %s: tensor<1x64x7x7xf32> {graph.name = "s"}, %i: tensor<1x3x32x32xf32> {graph.name = "i"})
    -> (tensor<2x4x6x32xf32> {graph.name = "y0"}, tensor<1x32x14x14xf32> {graph.name = "y1"}, tensor<1x8x8x32xf32> {graph.name = "y2"}, tensor<1x16x14x14xf32> {graph.name = "y3"}, tensor<1x16x32xf32> {graph.name = "y4"}) {
  %x1 = graph.slice %q {dims = #graph.dims<[2, 4, 6, 16]>, starts = #graph.dims<[0, 0, 0, 0]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x32xf32>) -> tensor<2x4x6x16xf32> loc("rotary/slice")
  %x2 = graph.slice %q {dims = #graph.dims<[2, 4, 6, 16]>, starts = #graph.dims<[0, 0, 0, 16]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x6x32xf32>) -> tensor<2x4x6x16xf32> loc("rotary/slice2")
  %n = graph.neg %x2 : (tensor<2x4x6x16xf32>) -> tensor<2x4x6x16xf32> loc("rotary/neg")
  %j = graph.concat %n, %x1 {axis = 3 : i64} : (tensor<2x4x6x16xf32>, tensor<2x4x6x16xf32>) -> tensor<2x4x6x32xf32> loc("rotary/concat")
  %c = graph.mul %q, %cos : (tensor<2x4x6x32xf32>, tensor<1x1x6x32xf32>) -> tensor<2x4x6x32xf32> loc("rotary/cos")
  %d = graph.mul %j, %sin : (tensor<2x4x6x32xf32>, tensor<1x1x6x32xf32>) -> tensor<2x4x6x32xf32> loc("rotary/sin")
  %r = graph.add %c, %d : (tensor<2x4x6x32xf32>, tensor<2x4x6x32xf32>) -> tensor<2x4x6x32xf32> loc("rotary/add")
  %scores = graph.matmul %r, %k : (tensor<2x4x6x32xf32>, tensor<2x4x32x6xf32>) -> tensor<2x4x6x6xf32> loc("qk")
  %soft = graph.softmax %scores : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf32> loc("softmax")
  %y0 = graph.matmul %soft, %v : (tensor<2x4x6x6xf32>, tensor<2x4x6x32xf32>) -> tensor<2x4x6x32xf32> loc("pv")

  %w1 = graph.constant dense<0.11> : tensor<32x32x1x1xf32>
  %w2 = graph.constant dense<0.12> : tensor<8x32x1x1xf32>
  %w3 = graph.constant dense<0.13> : tensor<32x8x1x1xf32>
  %w4 = graph.constant dense<0.14> : tensor<32x32x1x1xf32>
  %f = graph.conv %p, %w1 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x32x14x14xf32>, tensor<32x32x1x1xf32>) -> tensor<1x32x14x14xf32> loc("conv1")
  %m = graph.reduce_mean %f {axes = array<i64: 2, 3>} : (tensor<1x32x14x14xf32>) -> tensor<1x32x1x1xf32> loc("se/mean")
  %g = graph.conv %m, %w2 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x32x1x1xf32>, tensor<8x32x1x1xf32>) -> tensor<1x8x1x1xf32> loc("se/1")
  %h = graph.relu %g : (tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32> loc("se/relu")
  %l = graph.conv %h, %w3 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x8x1x1xf32>, tensor<32x8x1x1xf32>) -> tensor<1x32x1x1xf32> loc("se/2")
  %o = graph.sigmoid %l : (tensor<1x32x1x1xf32>) -> tensor<1x32x1x1xf32> loc("se/sigmoid")
  %t = graph.mul %f, %o : (tensor<1x32x14x14xf32>, tensor<1x32x1x1xf32>) -> tensor<1x32x14x14xf32> loc("se/mul")
  %y1 = graph.conv %t, %w4 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x32x14x14xf32>, tensor<32x32x1x1xf32>) -> tensor<1x32x14x14xf32> loc("conv2")

  %e = graph.constant dense<1.0e-05> : tensor<f32>
  %w5 = graph.constant dense<0.15> : tensor<32x32xf32>
  %w6 = graph.constant dense<0.16> : tensor<32x32xf32>
  %n0 = graph.reduce_mean %w {axes = array<i64: 3>} : (tensor<1x8x8x32xf32>) -> tensor<1x8x8x1xf32> loc("ln/mean")
  %n1 = graph.sub %w, %n0 : (tensor<1x8x8x32xf32>, tensor<1x8x8x1xf32>) -> tensor<1x8x8x32xf32> loc("ln/sub")
  %n2 = graph.mul %n1, %n1 : (tensor<1x8x8x32xf32>, tensor<1x8x8x32xf32>) -> tensor<1x8x8x32xf32> loc("ln/square")
  %n3 = graph.reduce_mean %n2 {axes = array<i64: 3>} : (tensor<1x8x8x32xf32>) -> tensor<1x8x8x1xf32> loc("ln/variance")
  %n4 = graph.add %n3, %e : (tensor<1x8x8x1xf32>, tensor<f32>) -> tensor<1x8x8x1xf32> loc("ln/epsilon")
  %n5 = graph.sqrt %n4 : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> loc("ln/sqrt")
  %n6 = graph.div %n1, %n5 : (tensor<1x8x8x32xf32>, tensor<1x8x8x1xf32>) -> tensor<1x8x8x32xf32> loc("ln/div")
  %p0 = graph.reshape %n6 {dims = #graph.dims<[1, 2, 4, 2, 4, 32]>} : (tensor<1x8x8x32xf32>) -> tensor<1x2x4x2x4x32xf32> loc("cut")
  %p1 = graph.transpose %p0 {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x4x2x4x32xf32>) -> tensor<1x2x2x4x4x32xf32> loc("cut")
  %p2 = graph.reshape %p1 {dims = #graph.dims<[4, 16, 32]>} : (tensor<1x2x2x4x4x32xf32>) -> tensor<4x16x32xf32> loc("cut")
  %p3 = graph.matmul %p2, %w5 : (tensor<4x16x32xf32>, tensor<32x32xf32>) -> tensor<4x16x32xf32> loc("fc1")
  %p4 = graph.tanh %p3 : (tensor<4x16x32xf32>) -> tensor<4x16x32xf32> loc("tanh")
  %p5 = graph.matmul %p4, %w6 : (tensor<4x16x32xf32>, tensor<32x32xf32>) -> tensor<4x16x32xf32> loc("fc2")
  %p6 = graph.reshape %p5 {dims = #graph.dims<[1, 2, 2, 4, 4, 32]>} : (tensor<4x16x32xf32>) -> tensor<1x2x2x4x4x32xf32> loc("joined")
  %p7 = graph.transpose %p6 {perm = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x4x4x32xf32>) -> tensor<1x2x4x2x4x32xf32> loc("joined")
  %p8 = graph.reshape %p7 {dims = #graph.dims<[1, 8, 8, 32]>} : (tensor<1x2x4x2x4x32xf32>) -> tensor<1x8x8x32xf32> loc("joined")
  %y2 = graph.add %p8, %w : (tensor<1x8x8x32xf32>, tensor<1x8x8x32xf32>) -> tensor<1x8x8x32xf32> loc("residual")

  %s0 = graph.reshape %s {dims = #graph.dims<[1, 16, 2, 2, 7, 7]>} : (tensor<1x64x7x7xf32>) -> tensor<1x16x2x2x7x7xf32> loc("shuffle")
  %s1 = graph.transpose %s0 {perm = array<i64: 0, 1, 4, 2, 5, 3>} : (tensor<1x16x2x2x7x7xf32>) -> tensor<1x16x7x2x7x2xf32> loc("shuffle")
  %y3 = graph.reshape %s1 {dims = #graph.dims<[1, 16, 14, 14]>} : (tensor<1x16x7x2x7x2xf32>) -> tensor<1x16x14x14xf32> loc("shuffle")

  %w7 = graph.constant dense<0.17> : tensor<32x3x8x8xf32>
  %i0 = graph.conv %i, %w7 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 8, 8>} : (tensor<1x3x32x32xf32>, tensor<32x3x8x8xf32>) -> tensor<1x32x4x4xf32> loc("patches")
  %i1 = graph.reshape %i0 {dims = #graph.dims<[1, 32, 16]>} : (tensor<1x32x4x4xf32>) -> tensor<1x32x16xf32> loc("patches")
  %i2 = graph.transpose %i1 {perm = array<i64: 0, 2, 1>} : (tensor<1x32x16xf32>) -> tensor<1x16x32xf32> loc("patches")
  %y4 = graph.relu %i2 : (tensor<1x16x32xf32>) -> tensor<1x16x32xf32> loc("relu")
  return %y0, %y1, %y2, %y3, %y4 : tensor<2x4x6x32xf32>, tensor<1x32x14x14xf32>, tensor<1x8x8x32xf32>, tensor<1x16x14x14xf32>, tensor<1x16x32xf32>
}

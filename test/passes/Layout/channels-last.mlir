// RUN: mlc-opt %s --split-input-file --channels-last | FileCheck %s
// RUN: mlc-opt %s --split-input-file --channels-last=explain 2>&1 >/dev/null | FileCheck %s --check-prefix=WHY

// Between two convolutions the transposes meet and cancel; a 1x1 one is a product, a bias an add.
// CHECK-LABEL: @fires
// CHECK-SAME: %[[X:.*]]: tensor<1x16x8x8xf32>
// CHECK: %[[L:.*]] = graph.transpose %[[X]] {perm = array<i64: 0, 2, 3, 1>}
// CHECK: %[[C:.*]] = graph.conv %[[L]], %{{.*}} {channels_last = true
// CHECK: %[[R:.*]] = graph.relu %[[C]] : (tensor<1x8x8x16xf32>)
// CHECK-NOT: perm = array<i64: 0, 2, 3, 1>
// CHECK: %[[P:.*]] = graph.matmul %[[R]]
// CHECK: %[[B:.*]] = graph.add %[[P]]
// CHECK: %[[Y:.*]] = graph.transpose %[[B]] {perm = array<i64: 0, 3, 1, 2>}
// CHECK: return %[[Y]]
func.func @fires(%x: tensor<1x16x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w = graph.constant dense<1.0> : tensor<16x16x3x3xf32>
  %v = graph.constant dense<1.0> : tensor<4x16x1x1xf32>
  %b = graph.constant dense<1.0> : tensor<4xf32>
  %c = graph.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<1x16x8x8xf32>
  %r = graph.relu %c : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  %y = graph.conv %r, %v, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x8x8xf32>, tensor<4x16x1x1xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  return %y : tensor<1x4x8x8xf32>
}

// -----

// One spatial dim runs as two, the first of extent 1.
// CHECK-LABEL: @one_spatial_dim
// CHECK: graph.conv %{{.*}} {channels_last = true, dilations = array<i64: 1, 1>, {{.*}}pads = array<i64: 0, 1, 0, 1>
func.func @one_spatial_dim(%x: tensor<1x16x8xf32>) -> tensor<1x16x8xf32> {
  %w = graph.constant dense<1.0> : tensor<16x16x3xf32>
  %y = graph.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 1>} : (tensor<1x16x8xf32>, tensor<16x16x3xf32>) -> tensor<1x16x8xf32>
  return %y : tensor<1x16x8xf32>
}

// -----

// A reduction over the pixels takes the transpose with it.
// CHECK-LABEL: @sinks_through_a_reduction
// CHECK: graph.max_pool %{{.*}} {{.*}}channels_last = true
// CHECK: graph.reduce_mean %{{.*}} {axes = array<i64: 1, 2>, keepdims = false} : (tensor<1x24x24x16xf32>) -> tensor<1x16xf32>
func.func @sinks_through_a_reduction(%x: tensor<1x16x32x32xf32>) -> tensor<1x16xf32> {
  %p = graph.max_pool %x {kernel_shape = array<i64: 9, 9>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x32x32xf32>) -> tensor<1x16x24x24xf32>
  %y = graph.reduce_mean %p {axes = array<i64: 2, 3>, keepdims = false} : (tensor<1x16x24x24xf32>) -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}

// -----

// A per-channel scale that is computed from the map itself (squeeze and excitation) is a view in either order: the product runs channels last.
// CHECK-LABEL: @scale_of_same_rank
// CHECK: %[[C:.*]] = graph.conv {{.*}} {channels_last = true
// CHECK: %[[M:.*]] = graph.reduce_mean %[[C]]
// CHECK: graph.mul %{{.*}}, %[[C]] : (tensor<?x1x1x16xf32>, tensor<?x6x5x16xf32>)
func.func @scale_of_same_rank(%x: tensor<?x16x6x5xf32> {graph.dims = #graph.dims<["batch", 16, 6, 5]>, graph.name = "x"}) -> tensor<?x16x6x5xf32> {
  %w = graph.constant dense<1.0> : tensor<16x16x3x3xf32>
  %c = graph.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<?x16x6x5xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x6x5xf32>
  %m = graph.reduce_mean %c {axes = array<i64: 2, 3>} : (tensor<?x16x6x5xf32>) -> tensor<?x16x1x1xf32>
  %y = graph.mul %m, %c : (tensor<?x16x1x1xf32>, tensor<?x16x6x5xf32>) -> tensor<?x16x6x5xf32>
  return %y : tensor<?x16x6x5xf32>
}

// -----

// Declines: three spatial dims.
// CHECK-LABEL: @three_spatial_dims
// CHECK-NOT: graph.transpose
// CHECK: graph.conv %arg0
func.func @three_spatial_dims(%x: tensor<1x2x4x4x4xf32>) -> tensor<1x2x4x4x4xf32> {
  %w = graph.constant dense<1.0> : tensor<2x2x1x1x1xf32>
  %y = graph.conv %x, %w {strides = array<i64: 1, 1, 1>, dilations = array<i64: 1, 1, 1>, pads = array<i64: 0, 0, 0, 0, 0, 0>} : (tensor<1x2x4x4x4xf32>, tensor<2x2x1x1x1xf32>) -> tensor<1x2x4x4x4xf32>
  return %y : tensor<1x2x4x4x4xf32>
}

// -----

// Declines: the other operand would have to be transposed at run time, so the transpose stays ahead of the add.
// CHECK-LABEL: @operand_not_cheap
// CHECK: %[[P:.*]] = graph.max_pool
// CHECK: %[[T:.*]] = graph.transpose %[[P]] {perm = array<i64: 0, 3, 1, 2>}
// CHECK: graph.add %[[T]], %arg1
func.func @operand_not_cheap(%x: tensor<1x16x32x32xf32>, %z: tensor<1x16x24x24xf32>) -> tensor<1x16x24x24xf32> {
  %p = graph.max_pool %x {kernel_shape = array<i64: 9, 9>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x32x32xf32>) -> tensor<1x16x24x24xf32>
  %y = graph.add %p, %z : (tensor<1x16x24x24xf32>, tensor<1x16x24x24xf32>) -> tensor<1x16x24x24xf32>
  return %y : tensor<1x16x24x24xf32>
}

// -----

// Untouched: nothing spatial.
// CHECK-LABEL: @untouched
// CHECK-NEXT: graph.relu
// CHECK-NEXT: return
func.func @untouched(%x: tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32> {
  %y = graph.relu %x : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  return %y : tensor<1x3x8x8xf32>
}

// -----

// Flattened pixels that the model wants channels last are a view of what the convolution gives.
// CHECK-LABEL: @flattened_to_tokens
// CHECK: %[[C:.*]] = graph.conv {{.*}} {channels_last = true
// CHECK-NOT: graph.transpose %[[C]]
// CHECK: %[[T:.*]] = graph.reshape %[[C]] {{.*}} -> tensor<1x64x16xf32>
// CHECK: return %[[T]]
func.func @flattened_to_tokens(%x: tensor<1x3x16x16xf32>) -> tensor<1x64x16xf32> {
  %w = graph.constant dense<1.0> : tensor<16x3x2x2xf32>
  %c = graph.conv %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x16x16xf32>, tensor<16x3x2x2xf32>) -> tensor<1x16x8x8xf32>
  %f = graph.reshape %c {dims = #graph.dims<[1, 16, 64]>} : (tensor<1x16x8x8xf32>) -> tensor<1x16x64xf32>
  %y = graph.transpose %f {perm = array<i64: 0, 2, 1>} : (tensor<1x16x64xf32>) -> tensor<1x64x16xf32>
  return %y : tensor<1x64x16xf32>
}

// -----

// Declines: a model's own transpose of three dims does not tell an order, so nothing sinks through it.
// CHECK-LABEL: @tokens
// CHECK: graph.transpose %arg0
// CHECK-NEXT: graph.relu
// CHECK-NOT: graph.transpose
func.func @tokens(%x: tensor<1x16x64xf32>) -> tensor<1x64x16xf32> {
  %t = graph.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x16x64xf32>) -> tensor<1x64x16xf32>
  %y = graph.relu %t : (tensor<1x64x16xf32>) -> tensor<1x64x16xf32>
  return %y : tensor<1x64x16xf32>
}

// -----

// A softmax over the channels runs over the last dim.
// CHECK-LABEL: @softmax_of_channels
// CHECK: %[[S:.*]] = graph.softmax %{{.*}} {axis = 3 : i64} : (tensor<1x8x8x16xf32>)
// CHECK: graph.transpose %[[S]] {perm = array<i64: 0, 3, 1, 2>}
func.func @softmax_of_channels(%x: tensor<1x3x8x8xf32>) -> tensor<1x16x8x8xf32> {
  %w = graph.constant dense<1.0> : tensor<16x3x1x1xf32>
  %c = graph.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x8xf32>, tensor<16x3x1x1xf32>) -> tensor<1x16x8x8xf32>
  %y = graph.softmax %c {axis = -3} : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  return %y : tensor<1x16x8x8xf32>
}

// -----

// Declines: two passes over tensors cost more than small windows gain. Grouped convolutions that run element by element in either layout gain nothing.
// CHECK-LABEL: @pooling_alone
// CHECK-NOT: graph.transpose
// CHECK: graph.max_pool
// WHY: channels-last: 1 convolutions and pools from '' stay channels first: kernels gain 22.4 us, transposes at the borders cost {{.*}} us
func.func @pooling_alone(%x: tensor<1x64x55x55xf32>) -> tensor<1x64x27x27xf32> {
  %r = graph.relu %x : (tensor<1x64x55x55xf32>) -> tensor<1x64x55x55xf32>
  %y = graph.max_pool %r {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x64x55x55xf32>) -> tensor<1x64x27x27xf32>
  return %y : tensor<1x64x27x27xf32>
}

// -----

// CHECK-LABEL: @wide_groups
// CHECK-NOT: graph.transpose
// CHECK: graph.conv %arg0
// WHY: channels-last: 1 convolutions and pools from '' stay channels first: kernels gain 0.0 us, transposes at the borders cost 3.6 us
func.func @wide_groups(%x: tensor<1x32x8x8xf32>) -> tensor<1x32x8x8xf32> {
  %w = graph.constant dense<1.0> : tensor<32x16x3x3xf32>
  %y = graph.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, group = 2 : i64} : (tensor<1x32x8x8xf32>, tensor<32x16x3x3xf32>) -> tensor<1x32x8x8xf32>
  return %y : tensor<1x32x8x8xf32>
}

// -----

// What hangs together is decided once: the pooling follows the convolution. Apart from them the other pooling stays.
// CHECK-LABEL: @parts
// CHECK: graph.max_pool %arg1
// CHECK: graph.conv {{.*}}channels_last = true
// CHECK: graph.max_pool {{.*}}channels_last = true
// WHY: channels-last: 1 convolutions and pools from '' stay channels first
// WHY: channels-last: 2 convolutions and pools from '' run channels last
func.func @parts(%x: tensor<1x16x32x32xf32>, %z: tensor<1x16x32x32xf32>) -> (tensor<1x16x16x16xf32>, tensor<1x16x16x16xf32>) {
  %p = graph.max_pool %z {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x32x32xf32>) -> tensor<1x16x16x16xf32>
  %w = graph.constant dense<1.0> : tensor<16x16x3x3xf32>
  %c = graph.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x16x32x32xf32>, tensor<16x16x3x3xf32>) -> tensor<1x16x32x32xf32>
  %r = graph.relu %c : (tensor<1x16x32x32xf32>) -> tensor<1x16x32x32xf32>
  %y = graph.max_pool %r {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x32x32xf32>) -> tensor<1x16x16x16xf32>
  return %p, %y : tensor<1x16x16x16xf32>, tensor<1x16x16x16xf32>
}

// -----

// One pixel that is spread over the image again has no order of its own: all five branches of an atrous pyramid join channels last.
// CHECK-LABEL: @pooled_branch
// CHECK: graph.resize %{{.*}} -> tensor<1x8x8x16xf32>
// CHECK: graph.concat {{.*}} {axis = 3 : i64}
func.func @pooled_branch(%x: tensor<1x16x8x8xf32>) -> tensor<1x32x8x8xf32> {
  %w = graph.constant dense<1.0> : tensor<16x16x3x3xf32>
  %c = graph.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<1x16x8x8xf32>
  %m = graph.reduce_mean %c {axes = array<i64: 2, 3>, keepdims = true} : (tensor<1x16x8x8xf32>) -> tensor<1x16x1x1xf32>
  %k = graph.constant dense<1.0> : tensor<16x16x1x1xf32>
  %p = graph.conv %m, %k {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x1x1xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x1x1xf32>
  %u = graph.resize %p {dims = #graph.dims<[1, 16, 8, 8]>, mode = "linear", coordinate = "half_pixel", nearest = "floor", scales = array<f64: 1.0, 1.0, 8.0, 8.0>} : (tensor<1x16x1x1xf32>) -> tensor<1x16x8x8xf32>
  %y = graph.concat %c, %u {axis = 1} : (tensor<1x16x8x8xf32>, tensor<1x16x8x8xf32>) -> tensor<1x32x8x8xf32>
  return %y : tensor<1x32x8x8xf32>
}

// -----

// The assumed length (64) is shorter than the window: the convolution counts as one of a single pixel at least, and launches do not decide for sizes that are not known.
// CHECK-LABEL: @longer_than_assumed
// CHECK: graph.conv {{.*}}channels_last = true
// WHY: channels-last: 1 convolutions and pools from '' run channels last
func.func @longer_than_assumed(%x: tensor<?x1x?xf32> {graph.dims = #graph.dims<["b", 1, "n"]>}) -> tensor<?x16x?xf32> attributes {graph.symbols = {b = array<i64: 1, 0, 64, 1>, n = array<i64: 1, 0, 65536, 1>}} {
  %w = graph.constant dense<1.0> : tensor<16x1x256xf32>
  %y = graph.conv %x, %w {strides = array<i64: 128>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<?x1x?xf32>, tensor<16x1x256xf32>) -> tensor<?x16x?xf32>
  return %y : tensor<?x16x?xf32>
}

// -----

// A pooling alone gains nothing on the host; a target may want it all the same.
// RUN: mlc-opt %s --split-input-file --channels-last=always | FileCheck %s --check-prefix=ALWAYS
// CHECK-LABEL: @pooling_alone
// CHECK-NOT: channels_last
// ALWAYS-LABEL: @pooling_alone
// ALWAYS: graph.max_pool %{{.*}}channels_last = true
func.func @pooling_alone(%x: tensor<1x64x32x32xf32>) -> tensor<1x64x16x16xf32> {
  %y = graph.max_pool %x {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x64x32x32xf32>) -> tensor<1x64x16x16xf32>
  return %y : tensor<1x64x16x16xf32>
}

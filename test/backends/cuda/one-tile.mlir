// Small products in 16 bits on sm_90a: one tile for a block, a long K shared by the blocks of a cluster; none of them spills. Large ones keep blocks that stay.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_90 --fp16 --no-cache --tuning none --no-forward -o %t.plan --json %t.json --quiet
// RUN: FileCheck %s < %t.json
// RUN: mlc-compile %s --arch sm_90 --bf16 --no-cache --tuning none --no-forward -o %t.plan --json %t.json --quiet
// RUN: FileCheck %s < %t.json
// CHECK: "problem": "conv {{b?}}f16 1x196x256x2304 3x3 stride 1x1"
// CHECK-NEXT: "config": "tma=64x{{32|64}}x64,stages={{[0-9]}},split={{[248]}}"
// CHECK: "problem": "gemm {{b?}}f16 1x196x1024x256 rows"
// CHECK-NEXT: "config": "tma=64x64x64,stages={{[0-9]}},split=1"
// CHECK: "problem": "gemm {{b?}}f16 1x8192x1024x1024 rows"
// CHECK-NEXT: "config": "tma={{[0-9x]+}},stages={{[0-9]}}{{(,alternate)?}}"
// CHECK: "refused_kernels": []
func.func @main(%x: tensor<1x256x14x14xf32> {graph.name = "x"}, %m: tensor<8192x1024xf32> {graph.name = "m"}) -> (tensor<1x1024x14x14xf32> {graph.name = "y"}, tensor<8192x1024xf32> {graph.name = "n"}) {
  %w = graph.constant dense<0.5> : tensor<256x256x3x3xf32>
  %v = graph.constant dense<0.25> : tensor<1024x256x1x1xf32>
  %u = graph.constant dense<0.125> : tensor<1024x1024xf32>
  %a = graph.conv %x, %w {channels_last = false, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x256x14x14xf32>, tensor<256x256x3x3xf32>) -> tensor<1x256x14x14xf32>
  %b = graph.relu %a : (tensor<1x256x14x14xf32>) -> tensor<1x256x14x14xf32>
  %c = graph.conv %b, %v {channels_last = false, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x256x14x14xf32>, tensor<1024x256x1x1xf32>) -> tensor<1x1024x14x14xf32>
  %y = graph.relu %c : (tensor<1x1024x14x14xf32>) -> tensor<1x1024x14x14xf32>
  %r = graph.relu %m : (tensor<8192x1024xf32>) -> tensor<8192x1024xf32>
  %n = graph.matmul %r, %u : (tensor<8192x1024xf32>, tensor<1024x1024xf32>) -> tensor<8192x1024xf32>
  return %y, %n : tensor<1x1024x14x14xf32>, tensor<8192x1024xf32>
}

// Products in 16 bits on sm_90a go by tensor maps, without spilled registers or serialised wgmma: matrices, windows of whole 64 channels, strided ones; steps that no map can say (16) go without.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_90 --fp16 --no-cache --tuning none --no-forward -o %t.plan --json %t.json --quiet
// RUN: FileCheck %s < %t.json
// RUN: mlc-compile %s --arch sm_90 --bf16 --no-cache --tuning none --no-forward -o %t.plan --json %t.json --quiet
// RUN: FileCheck %s < %t.json
// CHECK: "problem": "conv {{b?}}f16 1x8192x256x576 3x3 stride 2x2"
// CHECK-NEXT: "config": "tma=
// CHECK: "problem": "gemm {{b?}}f16 1x8192x512x256 rows"
// CHECK-NEXT: "config": "tma=
// CHECK: "problem": "conv {{b?}}f16 1x32x512x131072 16x16 stride 16x16"
// CHECK-NEXT: "config": "{{[0-9x]+}},warps=
// CHECK: "refused_kernels": []
func.func @main(%x: tensor<8x64x64x64xf32> {graph.name = "x"}) -> (tensor<8x512x2x2xf32> {graph.name = "y"}) {
  %w = graph.constant dense<0.5> : tensor<256x64x3x3xf32>
  %v = graph.constant dense<0.25> : tensor<512x256x1x1xf32>
  %u = graph.constant dense<0.125> : tensor<512x512x16x16xf32>
  %a = graph.conv %x, %w {channels_last = false, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<8x64x64x64xf32>, tensor<256x64x3x3xf32>) -> tensor<8x256x32x32xf32>
  %b = graph.relu %a : (tensor<8x256x32x32xf32>) -> tensor<8x256x32x32xf32>
  %c = graph.conv %b, %v {channels_last = false, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<8x256x32x32xf32>, tensor<512x256x1x1xf32>) -> tensor<8x512x32x32xf32>
  %d = graph.relu %c : (tensor<8x512x32x32xf32>) -> tensor<8x512x32x32xf32>
  %e = graph.conv %d, %u {channels_last = false, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 16, 16>} : (tensor<8x512x32x32xf32>, tensor<512x512x16x16xf32>) -> tensor<8x512x2x2xf32>
  %y = graph.relu %e : (tensor<8x512x2x2xf32>) -> tensor<8x512x2x2xf32>
  return %y : tensor<8x512x2x2xf32>
}

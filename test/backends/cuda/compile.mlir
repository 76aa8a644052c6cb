// Every template and the generic route compile for every architecture, in f32, f16 and bf16; the plan holds all of them and the PTX for later devices.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_75,sm_80,sm_86,sm_87,sm_89,sm_90,sm_100,sm_110,sm_120 --no-cache -o %t.plan 2>&1 | FileCheck %s
// RUN: mlc-compile %s --arch sm_80,sm_90 --fp16 --no-cache -o %t.half.plan 2>&1 | FileCheck %s --check-prefix=HALF
// RUN: mlc-compile %s --arch sm_80,sm_90 --bf16 --no-cache -o %t.bf16.plan 2>&1 | FileCheck %s --check-prefix=HALF
// RUN: rm -rf %t.asm && mkdir %t.asm && mlc-compile %s --arch sm_80 --fp16 --no-cache --save-asm %t.asm -o %t.asm.plan
// RUN: FileCheck %s --check-prefix=PTX < %t.asm/sm_80.ptx
// RUN: not mlc-compile %s --arch sm_42 -o %t.none 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not mlc-compile %s --arch x86-64-v3 --fp16 -o %t.none 2>&1 | FileCheck %s --check-prefix=HOST
// CHECK: sm_75:
// CHECK: sm_90a:
// CHECK: sm_120:
// CHECK: compute_80:
// HALF: sm_80:
// HALF: sm_90a:
// Nothing is left of the templates' configurations.
// PTX: .target sm_80
// PTX-NOT: .global .align{{.*}}Config
// PTX: .visible .entry k0_
// UNKNOWN: unknown CUDA architecture 'sm_42'; known are sm_75, sm_80
// HOST: --fp16 and --bf16 are for CUDA targets
func.func @main(%x: tensor<2x14x14x16xf32> {graph.name = "x"}, %q: tensor<2x4x32x64xf32> {graph.name = "q"}, %k: tensor<2x4x64x48xf32> {graph.name = "k"}, %v: tensor<2x4x48x64xf32> {graph.name = "v"})
    -> (tensor<2x1x1x32xf32> {graph.name = "y"}, tensor<2x4x32x64xf32> {graph.name = "z"}) {
  %w = graph.constant dense<0.5> : tensor<32x16x3x3xf32>
  %c = graph.conv %x, %w {channels_last = true, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<2x14x14x16xf32>, tensor<32x16x3x3xf32>) -> tensor<2x14x14x32xf32>
  %r = graph.relu %c : (tensor<2x14x14x32xf32>) -> tensor<2x14x14x32xf32>
  %f = graph.constant dense<0.25> : tensor<32x1x5x5xf32>
  %d = graph.conv %r, %f {channels_last = true, group = 32 : i64, dilations = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, strides = array<i64: 1, 1>} : (tensor<2x14x14x32xf32>, tensor<32x1x5x5xf32>) -> tensor<2x14x14x32xf32>
  %y = graph.reduce_mean %d {axes = array<i64: 1, 2>} : (tensor<2x14x14x32xf32>) -> tensor<2x1x1x32xf32>
  %s = graph.matmul %q, %k : (tensor<2x4x32x64xf32>, tensor<2x4x64x48xf32>) -> tensor<2x4x32x48xf32>
  %p = graph.softmax %s {axis = 3 : i64} : (tensor<2x4x32x48xf32>) -> tensor<2x4x32x48xf32>
  %z = graph.matmul %p, %v : (tensor<2x4x32x48xf32>, tensor<2x4x48x64xf32>) -> tensor<2x4x32x64xf32>
  return %y, %z : tensor<2x1x1x32xf32>, tensor<2x4x32x64xf32>
}

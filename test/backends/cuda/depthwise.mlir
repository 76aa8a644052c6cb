// Which convolutions the depthwise template takes.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_80 --stop-after plan -o %t.plan | FileCheck %s
// RUN: mlc-compile %s --arch sm_90 --fp16 --stop-after plan -o %t.plan | FileCheck %s
// RUN: mlc-compile %s --arch sm_75 --stop-after plan -o %t.plan | FileCheck %s --check-prefix=OLD
// RUN: mlc-compile %s --arch sm_80,sm_86,sm_89,sm_90,sm_100,sm_120 --no-cache -o %t.plan --json - --quiet | FileCheck %s --check-prefix=CHOICES
// RUN: mlc-compile %s --arch sm_80,sm_90 --bf16 --no-cache -o %t.plan --json - --quiet | FileCheck %s --check-prefix=HALF
// With its epilogue, any size and batch:
// CHECK: plan.program "main" on "sm_
// CHECK: plan.launch "k0_depthwise"({{.*}}batch
// Two filters for each channel, a group of several channels, windows of one dim: none of them is depthwise as the template means it.
// CHECK-NOT: plan.launch "{{.*}}_depthwise
// CHECK: plan.program "main" on "compute_80"
// Nothing is copied asynchronously there.
// OLD: plan.program "main" on "sm_75"
// OLD-NOT: _depthwise
// OLD: plan.program "main" on "compute_80"
// No registers are spilled; the name of its problem and a configuration, for tuning.
// CHOICES: "problem": "depthwise f32 1x10x9x16 5x5 stride 1x1"
// CHOICES-NEXT: "config": "{{[0-9]+}}x{{[0-9]+}}x{{[0-9]+}},columns={{[0-9]+}},parts=1"
// CHOICES: "refused_kernels": []
// HALF-COUNT-3: "problem": "depthwise bf16 1x10x9x16 packs 5x5 stride 1x1"
// HALF: "refused_kernels": []
func.func @main(%x: tensor<?x10x9x16xf32> {graph.name = "x", graph.dims = #graph.dims<["batch", 10, 9, 16]>}, %l: tensor<2x20x16xf32> {graph.name = "l"})
    -> (tensor<?x10x9x16xf32> {graph.name = "a"}, tensor<?x10x9x32xf32> {graph.name = "b"}, tensor<?x10x9x16xf32> {graph.name = "c"}, tensor<2x20x16xf32> {graph.name = "d"})
    attributes {graph.symbols = {batch = array<i64: 1, 0, 9223372036854775807, 1>}} {
  %wa = graph.constant dense<0.5> : tensor<16x1x5x5xf32>
  %va = graph.conv %x, %wa {channels_last = true, group = 16 : i64, dilations = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, strides = array<i64: 1, 1>} : (tensor<?x10x9x16xf32>, tensor<16x1x5x5xf32>) -> tensor<?x10x9x16xf32>
  %a = graph.relu %va : (tensor<?x10x9x16xf32>) -> tensor<?x10x9x16xf32>
  %wb = graph.constant dense<0.5> : tensor<32x1x3x3xf32>
  %b = graph.conv %x, %wb {channels_last = true, group = 16 : i64, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x10x9x16xf32>, tensor<32x1x3x3xf32>) -> tensor<?x10x9x32xf32>
  %wc = graph.constant dense<0.5> : tensor<16x2x3x3xf32>
  %c = graph.conv %x, %wc {channels_last = true, group = 8 : i64, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x10x9x16xf32>, tensor<16x2x3x3xf32>) -> tensor<?x10x9x16xf32>
  %wd = graph.constant dense<0.5> : tensor<16x1x3xf32>
  %d = graph.conv %l, %wd {channels_last = true, group = 16 : i64, dilations = array<i64: 1>, pads = array<i64: 1, 1>, strides = array<i64: 1>} : (tensor<2x20x16xf32>, tensor<16x1x3xf32>) -> tensor<2x20x16xf32>
  return %a, %b, %c, %d : tensor<?x10x9x16xf32>, tensor<?x10x9x32xf32>, tensor<?x10x9x16xf32>, tensor<2x20x16xf32>
}

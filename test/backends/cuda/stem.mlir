// A network's first convolution in 16 bits: one launch from the model's input on, for every architecture without spilled registers; f32 and older devices have the other routes.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_80 --fp16 --stop-after plan -o %t.plan | FileCheck %s
// RUN: mlc-compile %s --arch sm_90 --bf16 --stop-after plan -o %t.plan | FileCheck %s
// RUN: mlc-compile %s --arch sm_90 --stop-after plan -o %t.plan | FileCheck %s --check-prefix=MOVES
// RUN: mlc-compile %s --arch sm_75 --fp16 --no-forward --stop-after plan -o %t.plan | FileCheck %s --check-prefix=MOVES
// RUN: mlc-compile %s --arch sm_80,sm_86,sm_89,sm_90,sm_100,sm_120 --fp16 --no-cache -o %t.plan --json %t.json --quiet
// RUN: FileCheck %s --check-prefix=CODE < %t.json
// CHECK: plan.program "main" on "sm_
// CHECK: plan.buffer "input"
// CHECK: plan.launch "k0_conv"({{.*}}batch
// CHECK-NEXT: plan.launch "k1_single"
// CHECK: plan.program "main" on "compute_80"
// MOVES: plan.launch "k0_move"
// MOVES: plan.launch "k1_conv"
// CODE-COUNT-7: "problem": "stem f16 1x30x20x64 7x7x3 stride 2x2 computed"
// CODE: "refused_kernels": []
func.func @main(%x: tensor<?x3x60x40xf32> {graph.name = "x", graph.dims = #graph.dims<["batch", 3, 60, 40]>}) -> (tensor<?x64x30x20xf32> {graph.name = "y"})
    attributes {graph.symbols = {batch = array<i64: 1, 0, 9223372036854775807, 1>}} {
  %w = graph.constant dense<0.5> : tensor<64x3x7x7xf32>
  %c = graph.conv %x, %w {channels_last = false, dilations = array<i64: 1, 1>, pads = array<i64: 3, 3, 3, 3>, strides = array<i64: 2, 2>} : (tensor<?x3x60x40xf32>, tensor<64x3x7x7xf32>) -> tensor<?x64x30x20xf32>
  %y = graph.relu %c : (tensor<?x64x30x20xf32>) -> tensor<?x64x30x20xf32>
  return %y : tensor<?x64x30x20xf32>
}

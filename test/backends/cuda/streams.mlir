// Branches that run beside each other: for targets whose launches can, not for the host; --streams 1 turns it off.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_90 --no-forward --stop-after plan -o %t.plan | FileCheck %s
// RUN: mlc-compile %s --arch sm_80 --fp16 --no-forward --stop-after plan -o %t.plan | FileCheck %s
// RUN: mlc-compile %s --arch sm_75 --stop-after plan -o %t.plan | FileCheck %s
// RUN: mlc-compile %s --arch sm_90 --no-forward --stop-after plan --streams 1 -o %t.plan | FileCheck %s --check-prefix=ONE
// RUN: mlc-compile %s --arch sm_90 --no-forward --stop-after plan -O 0 -o %t.plan | FileCheck %s --check-prefix=ONE
// RUN: mlc-compile %s --arch x86-64-v3 --stop-after plan -o %t.plan | FileCheck %s --check-prefix=ONE
// RUN: mlc-compile %s --arch sm_90 --no-forward --stop-after plan --explain-fusion -o %t.plan 2>&1 >/dev/null | FileCheck %s --check-prefix=WHY
// RUN: not mlc-compile %s --arch x86-64-v3 --streams 2 -o %t.plan 2>&1 | FileCheck %s --check-prefix=HOST
// CHECK: plan.program "main" on "sm_
// The text follows the expected time.
// CHECK-NOT: stream =
// CHECK: plan.launch {{.*}}label = "{{[^"]*}}left1"
// CHECK: plan.launch {{.*}}label = "{{[^"]*}}right"{{.*}} stream = 1 : i64
// CHECK-NOT: stream =
// CHECK: plan.launch {{.*}}label = "{{[^"]*}}left2"
// CHECK-NOT: stream =
// CHECK: plan.launch {{.*}}label = "{{[^"]*}}left3"
// ONE: plan.program
// ONE-NOT: stream =
// WHY: assign-streams: 1 kernels from 'right': stream 1, saves {{[0-9.]+}} us
// HOST: --streams is for CUDA targets, of which --arch names none
func.func @main(%x: tensor<64x64xf32> {graph.name = "x"}, %z: tensor<64x64xf32> {graph.name = "z"}) -> (tensor<64x64xf32> {graph.name = "y"}) {
  %w0 = graph.constant dense<0.5> : tensor<64x64xf32>
  %w1 = graph.constant dense<0.25> : tensor<64x64xf32>
  %l1 = graph.matmul %x, %w0 : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> loc("left1")
  %l2 = graph.cum_sum %l1 {axis = 1 : i64} : (tensor<64x64xf32>) -> tensor<64x64xf32> loc("left2")
  %l3 = graph.matmul %l2, %w1 : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32> loc("left3")
  %r = graph.softmax %z {axis = 1 : i64} : (tensor<64x64xf32>) -> tensor<64x64xf32> loc("right")
  %y = graph.mul %l3, %r : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}

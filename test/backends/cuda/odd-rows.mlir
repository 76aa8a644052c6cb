// Results of halves whose rows are no whole vectors, large and small, compile for every template of products.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_80,sm_90,sm_120 --fp16 --io fp16 --no-cache --no-forward -o %t.plan --json %t.json --quiet
// RUN: FileCheck %s < %t.json
// RUN: mlc-compile %s --arch sm_90 --bf16 --no-cache --no-forward -o %t.plan --json %t.json --quiet
// CHECK: sm_80
// CHECK: f16 1x4096x1001x768
// CHECK: sm_90a
// CHECK: f16 1x4096x1001x768
// CHECK-NEXT: "config": "tma=
// CHECK: f16 1x100x33x768
// CHECK: sm_120
func.func @main(%x: tensor<4096x768xf32> {graph.name = "x"}, %s: tensor<100x768xf32> {graph.name = "s"}) -> (tensor<4096x1001xf32> {graph.name = "y"}, tensor<100x33xf32> {graph.name = "z"}) {
  %w = graph.constant dense<0.5> : tensor<768x1001xf32>
  %v = graph.constant dense<0.5> : tensor<768x33xf32>
  %y = graph.matmul %x, %w : (tensor<4096x768xf32>, tensor<768x1001xf32>) -> tensor<4096x1001xf32>
  %z = graph.matmul %s, %v : (tensor<100x768xf32>, tensor<768x33xf32>) -> tensor<100x33xf32>
  return %y, %z : tensor<4096x1001xf32>, tensor<100x33xf32>
}

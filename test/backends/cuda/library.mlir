// --library=cublaslt: large products with an epilogue that cuBLASLt has become its launches, all else stays with our templates.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_90 --fp16 --io fp16 --library=cublaslt --streams 1 --stop-after plan --no-forward | FileCheck %s
// RUN: mlc-compile %s --arch sm_80 --library=cublaslt --streams 1 --stop-after plan --no-forward | FileCheck %s --check-prefix=FLOAT
// RUN: mlc-compile %s --arch sm_90 --fp16 --io fp16 --streams 1 --stop-after plan --no-forward | FileCheck %s --check-prefix=NONE
// The second candidate of what the rule leaves to the template is the library, of what it gives to the library the template's first.
// RUN: mlc-compile %s --arch sm_90 --fp16 --io fp16 --library=cublaslt --tuning none --tuning-candidate 1 --streams 1 --stop-after plan --no-forward | FileCheck %s --check-prefix=SECOND
// A measured choice stands before the rule, both ways, and is none without the option.
// RUN: printf 'sm_90a\tgemm f16 8x512x512x64 rows\tcublaslt\t3.0\nsm_90a\tgemm f16 1x512x4096x4096 rows\t128x128x32,warps=2x4x1,stages=5,split=1\t3.0\n' > %t.tsv
// RUN: mlc-compile %s --arch sm_90 --fp16 --io fp16 --library=cublaslt --tuning %t.tsv --streams 1 --stop-after plan --no-forward | FileCheck %s --check-prefix=TUNED
// RUN: mlc-compile %s --arch sm_90 --fp16 --io fp16 --tuning %t.tsv --streams 1 --stop-after plan --no-forward | FileCheck %s --check-prefix=NONE
// The plan asks for the feature, the forward path has the same launches.
// RUN: mlc-compile %s --arch sm_80 --fp16 --io fp16 --library=cublaslt -o %t.plan && mlc-inspect %t.plan --json | FileCheck %s --check-prefix=INSPECT
// RUN: mlc-inspect %t.plan | FileCheck %s --check-prefix=TEXT
// RUN: not mlc-compile %s --library=cublaslt -o %t.none 2>&1 | FileCheck %s --check-prefix=HOST
// RUN: not mlc-compile %s --arch sm_90 --library=cudnn -o %t.none 2>&1 | FileCheck %s --check-prefix=OTHER

// CHECK: plan.launch "[[GELU:k._cublaslt]]"({{.*}} scalars <[1, 512, 4096, 1024, 1024, 4096, 4096, 0, 0, 0, 0, 0]> grid <[1]>
// By erf, which the library's GELU is not.
// CHECK-NEXT: plan.launch "k1_gemm"
// CHECK-NEXT: plan.launch "[[RELU:k._cublaslt]]"({{.*}} scalars <[1, 512, 4096, 4096, 4096, 4096, 4096, 0, 0, 0, 0, 0]>
// Too small, at 134 million multiply-adds.
// CHECK-NEXT: plan.launch "k3_gemm"
// Odd rows are padded as for our templates; the step from row to row is that of the padded ones.
// CHECK-NEXT: plan.launch "[[ODD:k._cublaslt]]"({{.*}} scalars <[1, 512, 4001, 4096, 4096, 4032, 4001, 0, 0, 0, 0, 0]>
// Rows of a symbol's number.
// CHECK-NEXT: plan.launch "[[OPEN:k._cublaslt]]"({{.*}} scalars <[1, "n", 4096, 4096, 4096, 4096, 4096, 0, 0, 0, 0, 0]> grid <["min(1, 4096*n)"]>
// A residual is the library's third operand.
// CHECK-NEXT: plan.launch "[[SUM:k._cublaslt]]"({{.*}} scalars <[1, 512, 4096, 4096, 4096, 4096, 4096, 4096, 0, 0, 0, 0]>
// CHECK: // kernel "[[GELU]]": cuBLASLt, f16 x f16 + bias, gelu tanh -> f16, 33554432 bytes of workspace
// CHECK: // kernel "[[RELU]]": cuBLASLt, f16 x f16, relu -> f16, 33554432 bytes of workspace
// CHECK: // kernel "[[ODD]]": cuBLASLt, f16 x f16 -> f16
// CHECK: // kernel "[[OPEN]]": cuBLASLt, f16 x f16 -> f16
// CHECK: // kernel "[[SUM]]": cuBLASLt, f16 x f16 + addend + bias -> f16

// FLOAT: kernel "{{k._cublaslt}}": cuBLASLt, f32 x f32 + bias, gelu tanh -> f32, 4194304 bytes of workspace
// FLOAT: kernel "{{k._cublaslt}}": cuBLASLt, f32 x f32, relu -> f32

// NONE-NOT: cublaslt

// SECOND: plan.launch "k0_gemm"
// SECOND-NEXT: plan.launch "k1_gemm"
// SECOND-NEXT: plan.launch "k2_gemm"
// SECOND-NEXT: plan.launch "k3_cublaslt"
// SECOND: kernel "k3_cublaslt": cuBLASLt, f16 x f16 -> f16

// TUNED: plan.launch "k0_cublaslt"
// TUNED-NEXT: plan.launch "k1_gemm"
// TUNED-NEXT: plan.launch "k2_gemm"
// TUNED-NEXT: plan.launch "k3_cublaslt"

// INSPECT: "targets"
// INSPECT: "kind": "cublaslt"
// INSPECT: "library": {
// INSPECT-NEXT: "name": "cublaslt"
// INSPECT-NEXT: "dtype": "float16"
// INSPECT: "activation": "GeluTanh"
// INSPECT-NEXT: "workspace_bytes": 4194304
// INSPECT: "product": [
// INSPECT-NEXT: 1,
// INSPECT-NEXT: 512,
// INSPECT-NEXT: 4096,
// INSPECT-NEXT: 1024

// TEXT: target compute_80
// TEXT: 5 launches are products that cuBLASLt computes (libcublasLt.so.13 or .12)

// HOST: --library is for CUDA targets, of which --arch names none
// OTHER: --library: cudnn not in {cublaslt}
func.func @main(%x: tensor<512x1024xf32> {graph.name = "x"}, %q: tensor<8x512x64xf32> {graph.name = "q"}, %k: tensor<8x64x512xf32> {graph.name = "k"}, %o: tensor<?x4096xf32> {graph.name = "o", graph.dims = #graph.dims<["n", 4096]>})
    -> (tensor<512x4096xf32> {graph.name = "y"}, tensor<512x4096xf32> {graph.name = "z"}, tensor<512x4096xf32> {graph.name = "u"}, tensor<8x512x512xf32> {graph.name = "s"}, tensor<512x4001xf32> {graph.name = "v"},
        tensor<?x4096xf32> {graph.name = "r"}, tensor<512x4096xf32> {graph.name = "e"}) attributes {graph.symbols = {n = array<i64: 0, 512, 4096, 1>}} {
  %w = graph.constant dense<0.5> : tensor<1024x4096xf32>
  %b = graph.constant dense<0.25> : tensor<4096xf32>
  %w2 = graph.constant dense<0.5> : tensor<4096x4096xf32>
  %w3 = graph.constant dense<0.5> : tensor<4096x4001xf32>
  %w4 = graph.constant dense<0.125> : tensor<4096x4096xf32>
  %p = graph.matmul %x, %w : (tensor<512x1024xf32>, tensor<1024x4096xf32>) -> tensor<512x4096xf32>
  %a = graph.add %p, %b : (tensor<512x4096xf32>, tensor<4096xf32>) -> tensor<512x4096xf32>
  %y = graph.gelu %a {approximate = "tanh"} : (tensor<512x4096xf32>) -> tensor<512x4096xf32>
  %p2 = graph.matmul %y, %w2 : (tensor<512x4096xf32>, tensor<4096x4096xf32>) -> tensor<512x4096xf32>
  %a2 = graph.add %p2, %b : (tensor<512x4096xf32>, tensor<4096xf32>) -> tensor<512x4096xf32>
  %z = graph.gelu %a2 : (tensor<512x4096xf32>) -> tensor<512x4096xf32>
  %p3 = graph.matmul %z, %w2 : (tensor<512x4096xf32>, tensor<4096x4096xf32>) -> tensor<512x4096xf32>
  %u = graph.relu %p3 : (tensor<512x4096xf32>) -> tensor<512x4096xf32>
  %s = graph.matmul %q, %k : (tensor<8x512x64xf32>, tensor<8x64x512xf32>) -> tensor<8x512x512xf32>
  %v = graph.matmul %u, %w3 : (tensor<512x4096xf32>, tensor<4096x4001xf32>) -> tensor<512x4001xf32>
  %t = graph.transpose %w2 {perm = array<i64: 1, 0>} : (tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
  %r = graph.matmul %o, %t : (tensor<?x4096xf32>, tensor<4096x4096xf32>) -> tensor<?x4096xf32>
  %p4 = graph.matmul %y, %w4 : (tensor<512x4096xf32>, tensor<4096x4096xf32>) -> tensor<512x4096xf32>
  %a4 = graph.add %p4, %b : (tensor<512x4096xf32>, tensor<4096xf32>) -> tensor<512x4096xf32>
  %e = graph.add %a4, %u : (tensor<512x4096xf32>, tensor<512x4096xf32>) -> tensor<512x4096xf32>
  return %y, %z, %u, %s, %v, %r, %e : tensor<512x4096xf32>, tensor<512x4096xf32>, tensor<512x4096xf32>, tensor<8x512x512xf32>, tensor<512x4001xf32>, tensor<?x4096xf32>, tensor<512x4096xf32>
}

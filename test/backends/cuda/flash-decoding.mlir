// Attention of few queries shares the keys of a head among warps, on sm_90 also among blocks, and takes all heads that share their keys into one block; more queries are the other template's.
// REQUIRES: cuda
// RUN: mlc-compile %s --arch sm_80,sm_90 --fp16 --stop-after plan -o %t.none 2>&1 | FileCheck %s
// RUN: mlc-compile %s --arch sm_90 --stop-after plan -o %t.none 2>&1 | FileCheck %s --check-prefix=FLOAT
// RUN: mlc-compile %s --arch sm_90 --fp16 --keep-fp32 many --stop-after plan -o %t.none 2>&1 | FileCheck %s --check-prefix=KEPT
// RUN: mlc-compile %s --arch sm_80,sm_86,sm_89,sm_90,sm_100,sm_120 --fp16 --no-cache --quiet --json - -o %t.half.plan | FileCheck %s --check-prefix=CODE
// RUN: mlc-compile %s --arch sm_80,sm_90,sm_120 --no-cache --quiet --json - -o %t.float.plan | FileCheck %s --check-prefix=CODE
// RUN: mlc-compile %s --arch sm_80,sm_90 --bf16 --no-cache --quiet --json - -o %t.bf16.plan | FileCheck %s --check-prefix=CODE
// CHECK-DAG: k{{[0-9]+}}_attention": blocks of 512 threads, {{[0-9]+}} bytes of dynamic shared memory, clusters of 1
// CHECK-DAG: grid <[2]> {{.*}}label = "attention:grouped"
// CHECK-DAG: grid <[8]> {{.*}}label = "attention:few"
// CHECK-DAG: grid <[16]> {{.*}}label = "attention:many"
// CHECK: on "sm_90a"
// CHECK-DAG: k{{[0-9]+}}_attention": blocks of 128 threads, {{[0-9]+}} bytes of dynamic shared memory, clusters of 8
// CHECK-DAG: grid <[16]> {{.*}}label = "attention:grouped"
// CHECK-DAG: grid <[8]> {{.*}}label = "attention:few"
// CHECK-DAG: grid <[16]> {{.*}}label = "attention:many"
// f32 has the template of few queries alone.
// FLOAT-DAG: launch "k{{[0-9]+}}_attention"{{.*}} grid <[16]> {{.*}}label = "attention:grouped"
// FLOAT-DAG: launch "k{{[0-9]+}}_attention"{{.*}} grid <[8]> {{.*}}label = "attention:few"
// FLOAT-DAG: launch "k{{[0-9]+}}_gemm"{{.*}}label = "single:many"
// Many queries that are kept in f32 go through it too, in tiles of 16.
// KEPT-DAG: launch "[[MANY:k[0-9]+_attention]]"{{.*}} grid <[32]> {{.*}}label = "attention:many"
// KEPT-DAG: kernel "[[MANY]]": blocks of 256 threads
// Nothing spills.
// CODE: "refused_kernels": []
// CODE-NEXT: "warnings": []
func.func @main(%q: tensor<1x8x1x64xf32> {graph.name = "q"}, %k: tensor<1x2x512x64xf32> {graph.name = "k"}, %v: tensor<1x2x512x64xf32> {graph.name = "v"},
                %q1: tensor<2x4x16x128xf32> {graph.name = "q1"}, %k1: tensor<2x4x128x40xf32> {graph.name = "k1"}, %v1: tensor<2x4x40x128xf32> {graph.name = "v1"},
                %q2: tensor<2x8x17x64xf32> {graph.name = "q2"}, %k2: tensor<2x8x64x96xf32> {graph.name = "k2"}, %v2: tensor<2x8x96x64xf32> {graph.name = "v2"})
    -> (tensor<1x8x1x64xf32> {graph.name = "y"}, tensor<2x4x16x128xf32> {graph.name = "y1"}, tensor<2x8x17x64xf32> {graph.name = "y2"}) {
  %ka = graph.reshape %k {dims = #graph.dims<[1, 2, 1, 512, 64]>} : (tensor<1x2x512x64xf32>) -> tensor<1x2x1x512x64xf32>
  %kb = graph.expand %ka {dims = #graph.dims<[1, 2, 4, 512, 64]>} : (tensor<1x2x1x512x64xf32>) -> tensor<1x2x4x512x64xf32>
  %kc = graph.reshape %kb {dims = #graph.dims<[8, 512, 64]>} : (tensor<1x2x4x512x64xf32>) -> tensor<8x512x64xf32>
  %kd = graph.transpose %kc {perm = array<i64: 0, 2, 1>} : (tensor<8x512x64xf32>) -> tensor<8x64x512xf32>
  %ke = graph.reshape %kd {dims = #graph.dims<[1, 8, 64, 512]>} : (tensor<8x64x512xf32>) -> tensor<1x8x64x512xf32>
  %va = graph.reshape %v {dims = #graph.dims<[1, 2, 1, 512, 64]>} : (tensor<1x2x512x64xf32>) -> tensor<1x2x1x512x64xf32>
  %vb = graph.expand %va {dims = #graph.dims<[1, 2, 4, 512, 64]>} : (tensor<1x2x1x512x64xf32>) -> tensor<1x2x4x512x64xf32>
  %vc = graph.reshape %vb {dims = #graph.dims<[1, 8, 512, 64]>} : (tensor<1x2x4x512x64xf32>) -> tensor<1x8x512x64xf32>
  %s = graph.matmul %q, %ke : (tensor<1x8x1x64xf32>, tensor<1x8x64x512xf32>) -> tensor<1x8x1x512xf32>
  %p = graph.softmax %s {axis = 3 : i64} : (tensor<1x8x1x512xf32>) -> tensor<1x8x1x512xf32>
  %y = graph.matmul %p, %vc : (tensor<1x8x1x512xf32>, tensor<1x8x512x64xf32>) -> tensor<1x8x1x64xf32> loc("grouped")
  %s1 = graph.matmul %q1, %k1 : (tensor<2x4x16x128xf32>, tensor<2x4x128x40xf32>) -> tensor<2x4x16x40xf32>
  %p1 = graph.softmax %s1 {axis = 3 : i64} : (tensor<2x4x16x40xf32>) -> tensor<2x4x16x40xf32>
  %y1 = graph.matmul %p1, %v1 : (tensor<2x4x16x40xf32>, tensor<2x4x40x128xf32>) -> tensor<2x4x16x128xf32> loc("few")
  %s2 = graph.matmul %q2, %k2 : (tensor<2x8x17x64xf32>, tensor<2x8x64x96xf32>) -> tensor<2x8x17x96xf32>
  %p2 = graph.softmax %s2 {axis = 3 : i64} : (tensor<2x8x17x96xf32>) -> tensor<2x8x17x96xf32>
  %y2 = graph.matmul %p2, %v2 : (tensor<2x8x17x96xf32>, tensor<2x8x96x64xf32>) -> tensor<2x8x17x64xf32> loc("many")
  return %y, %y1, %y2 : tensor<1x8x1x64xf32>, tensor<2x4x16x128xf32>, tensor<2x8x17x64xf32>
}

// RUN: mlc-opt %s --split-input-file --fuse-regions=explain --form-regions --explain-fusion -o %t 2>&1 | FileCheck %s
// RUN: FileCheck %s --check-prefix=IR < %t

// Nothing is left of the notes.
// IR: graph.region
// IR-NOT: graph.declined

// A product that packs its rows twelve times takes no scale of them.
// CHECK: single '' -> single '', [64, 128] 32.8 kB: the product packs its rows more than once: through memory 4.3 us, computed 12 times 4.5 us
// CHECK: explain-fusion: 1 values go through memory between 2 kernels, 0.03 MB
func.func @wide_product(%x: tensor<64x128xf32>, %s: tensor<64x1xf32>) -> tensor<64x768xf32> {
  %w = graph.constant dense<1.0> : tensor<128x768xf32>
  %a = graph.mul %x, %s : (tensor<64x128xf32>, tensor<64x1xf32>) -> tensor<64x128xf32>
  %y = graph.matmul %a, %w : (tensor<64x128xf32>, tensor<128x768xf32>) -> tensor<64x768xf32>
  return %y : tensor<64x768xf32>
}

// -----

// The sum waits for both products: one of them goes through memory.
// CHECK: gemm{{.*}} -> gemm{{.*}}, [8, 8] 0.3 kB: its reader
func.func @two_branches(%x: tensor<8x8xf32>, %v: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %a = graph.matmul %x, %v : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = graph.relu %a : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %b = graph.matmul %r, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %y = graph.add %r, %b : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

// CHECK: rows{{.*}} -> rows{{.*}}, [4, 1] 0.0 kB: its reader's result has another shape than the rows
func.func @other_rows(%x: tensor<4x8xf32>, %z: tensor<4x16xf32>) -> (tensor<4x8xf32>, tensor<4x1xf32>) {
  %m = graph.reduce_max %x {axes = array<i64: 1>, keepdims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %d = graph.sub %x, %m : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %e = graph.sub %z, %m : (tensor<4x16xf32>, tensor<4x1xf32>) -> tensor<4x16xf32>
  %n = graph.reduce_max %e {axes = array<i64: 1>, keepdims = true} : (tensor<4x16xf32>) -> tensor<4x1xf32>
  return %d, %n : tensor<4x8xf32>, tensor<4x1xf32>
}

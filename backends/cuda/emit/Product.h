// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The product template (kernels/product.cuh) filled for a region of one matmul or convolution with its prologue and epilogue.
#ifndef MLC_BACKENDS_CUDA_EMIT_PRODUCT_H
#define MLC_BACKENDS_CUDA_EMIT_PRODUCT_H

#include "backends/cuda/emit/Templates.h"

namespace mlc::cuda {

/// How a product is cut into blocks.
struct ProductConfig {
  int64_t blockM = 64, blockN = 64, blockK = 32, warpsM = 2, warpsN = 2, warpsK = 1, stages = 3, split = 1;
  bool hopper = false; // by the template for sm_90a (kernels/hopper.cuh), which has no warps*
  bool alternate = false; // of that template: two warpgroups take turns at whole tiles
  bool oneTile = false;   // of that template: blocks do not stay for more than one, and may split its K

  /// As a tuning database spells it: "64x32x64,warps=2x2x1,stages=4,split=2", "tma=128x256x64,stages=4", "tma=128x128x64,stages=5,alternate", "tma=64x64x64,stages=4,split=2" (one tile).
  std::string str() const;
  int64_t threads() const { return hopper ? 128 * (warpgroups() + 1) : 32 * warpsM * warpsN * warpsK; }
  /// Those of the template for sm_90a that multiply.
  int64_t warpgroups() const { return alternate ? 2 : blockM / 64; }
  /// Columns of the tile that a warp of the template for sm_90a finishes at once.
  int64_t columns() const { return blockN > 128 ? 32 : 64; }
  /// Dynamic shared memory of a block.
  int64_t sharedBytes(int64_t elementBytes, bool rightRows) const;
};

/// What the choice depends on; sizes are assumed ones where symbols decide. M, N and K are those of the product that a convolution is.
struct ProductShape {
  int64_t batch, M, N, K, elementBytes;
  bool rightRows, vectors; // vectors: both operands come by cp.async
  bool boxes = false;      // both can be copied by tensor maps
  double epilogue = 6;     // instructions for an element of the result
};

/// The configurations that a target can run, the fastest by the cost model first; deterministic and never empty.
std::vector<ProductConfig> rankProducts(const ProductShape &shape, const CudaTarget &target);

/// Fails, with nothing emitted, when the region is no product that the template takes. A candidate of `refused` comes only, as Kernel::isOnly, when there is no other.
mlir::FailureOr<Kernel> emitProduct(TemplateContext context);

} // namespace mlc::cuda

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which regions cuBLASLt can compute, and which of them it is to (mlc-compile --library=cublaslt).
#ifndef MLC_BACKENDS_CUDA_CHOOSE_LIBRARY_H
#define MLC_BACKENDS_CUDA_CHOOSE_LIBRARY_H

#include "backends/Backend.h"
#include "backends/Tuning.h"
#include "backends/cuda/CudaTarget.h"

namespace mlc::cuda {

struct ProductShape;

/// How a tuning database spells the library, as a configuration of a product.
inline constexpr const char *kLibraryConfig = "cublaslt";

/// A region as one product of the library.
struct LibraryMatch {
  LibraryProduct product;
  std::vector<DimExpr> scalars; // of its launch (plan.fbs, Product)
  DimExpr grid = 1;
  mlir::BlockArgument bias; // null when it has none
  bool biasIsWide = false;  // the bias is f32 and the result is not, which the library does not take (cuda-narrow-biases)
};

/// One matmul whose operands are the region's, at most moved by what steps can say, and of which a value of the result's dims and type (added), bias, ReLU or GELU in its tanh form make the only result, rounded once. Else nothing, and in `why` (may be null) the reason.
std::optional<LibraryMatch> matchLibraryProduct(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements, std::string *why = nullptr);

/// The analytic rule: whether the library is expected to be faster than our templates.
bool isForLibrary(const ProductShape &shape);

/// Whether a product goes to the library, by a measured choice (kLibraryConfig) where there is one, else by the rule; the library is the first candidate when the rule says so, else the second. `candidate`: which of the
/// template's own configurations is to be taken otherwise.
struct LibraryChoice {
  bool isTaken;
  unsigned candidate;
};
LibraryChoice chooseLibrary(const ProductShape &shape, llvm::StringRef problem, const CudaTarget &target, const Tuning &tuning, llvm::function_ref<bool(llvm::StringRef)> isKnown);

/// The kernel without code that stands for the product.
Kernel libraryKernel(LibraryMatch match, llvm::StringRef problem, const CudaTarget &target);

} // namespace mlc::cuda

#endif

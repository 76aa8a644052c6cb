// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Our declarations of cuBLASLt's types and constants beside those of cublasLt.h, where there is
// one.
#include "runtime/cuda/cublaslt_types.h"

#include <gtest/gtest.h>

#if __has_include(<cublasLt.h>) && __has_include(<cuda_runtime_api.h>)
#include <cublasLt.h>
#define MLC_HAS_CUBLASLT_H 1
#endif

namespace {

namespace ours = mlc::runtime::cuda;

TEST(CublasLtTypes, AgreeWithCublasLtH) {
#ifndef MLC_HAS_CUBLASLT_H
  GTEST_SKIP() << "no cublasLt.h";
#else
#define SAME_VALUE(name) \
  static_assert(static_cast<int>(ours::name) == static_cast<int>(::name), #name)
  static_assert(sizeof(ours::cublasLtMatmulAlgo_t) == sizeof(::cublasLtMatmulAlgo_t));
  static_assert(sizeof(ours::cublasLtMatmulHeuristicResult_t) ==
                sizeof(::cublasLtMatmulHeuristicResult_t));
  static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, workspaceSize) ==
                offsetof(::cublasLtMatmulHeuristicResult_t, workspaceSize));
  static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, state) ==
                offsetof(::cublasLtMatmulHeuristicResult_t, state));
  SAME_VALUE(CUBLAS_STATUS_NOT_INITIALIZED);
  SAME_VALUE(CUBLAS_STATUS_ALLOC_FAILED);
  SAME_VALUE(CUBLAS_STATUS_INVALID_VALUE);
  SAME_VALUE(CUBLAS_STATUS_ARCH_MISMATCH);
  SAME_VALUE(CUBLAS_STATUS_MAPPING_ERROR);
  SAME_VALUE(CUBLAS_STATUS_EXECUTION_FAILED);
  SAME_VALUE(CUBLAS_STATUS_INTERNAL_ERROR);
  SAME_VALUE(CUBLAS_STATUS_NOT_SUPPORTED);
  SAME_VALUE(CUDA_R_32F);
  SAME_VALUE(CUDA_R_16F);
  SAME_VALUE(CUDA_R_16BF);
  SAME_VALUE(CUBLAS_COMPUTE_32F);
  SAME_VALUE(CUBLAS_OP_N);
  SAME_VALUE(CUBLAS_OP_T);
  SAME_VALUE(CUBLASLT_EPILOGUE_DEFAULT);
  SAME_VALUE(CUBLASLT_EPILOGUE_RELU);
  SAME_VALUE(CUBLASLT_EPILOGUE_BIAS);
  SAME_VALUE(CUBLASLT_EPILOGUE_GELU);
  static_assert(::CUBLASLT_EPILOGUE_GELU_BIAS ==
                (ours::CUBLASLT_EPILOGUE_GELU | ours::CUBLASLT_EPILOGUE_BIAS));
  static_assert(::CUBLASLT_EPILOGUE_RELU_BIAS ==
                (ours::CUBLASLT_EPILOGUE_RELU | ours::CUBLASLT_EPILOGUE_BIAS));
  SAME_VALUE(CUBLASLT_MATMUL_DESC_TRANSA);
  SAME_VALUE(CUBLASLT_MATMUL_DESC_TRANSB);
  SAME_VALUE(CUBLASLT_MATMUL_DESC_EPILOGUE);
  SAME_VALUE(CUBLASLT_MATMUL_DESC_BIAS_POINTER);
  SAME_VALUE(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
  SAME_VALUE(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
  SAME_VALUE(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
  SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
  SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES);
  SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES);
  SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
#endif
}

}  // namespace

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Our declarations of the driver's types and constants beside those of cuda.h, where there is one.
#include "runtime/cuda/driver_types.h"

#include <gtest/gtest.h>

// Behind ours: it has macros of the same names.
#if __has_include(<cuda.h>)
#include <cuda.h>
#if CUDA_VERSION >= 12000
#define MLC_HAS_CUDA_H 1
#endif
#endif

namespace {

namespace ours = mlc::runtime::cuda;

TEST(CudaDriverTypes, AgreeWithCudaH) {
#ifndef MLC_HAS_CUDA_H
  GTEST_SKIP() << "no cuda.h of CUDA 12 or later";
#else
#define SAME_FIELD(type, theirs, field) \
  static_assert(offsetof(ours::type, field) == offsetof(theirs, field), #type "." #field)
#define SAME_SIZE(type, theirs) static_assert(sizeof(ours::type) == sizeof(theirs), #type)
#define SAME_VALUE(name) \
  static_assert(static_cast<int>(ours::name) == static_cast<int>(::name), #name)
  SAME_SIZE(CUlaunchConfig, ::CUlaunchConfig);
  SAME_FIELD(CUlaunchConfig, ::CUlaunchConfig, hStream);
  SAME_FIELD(CUlaunchConfig, ::CUlaunchConfig, attrs);
  SAME_FIELD(CUlaunchConfig, ::CUlaunchConfig, numAttrs);
  SAME_SIZE(CUlaunchAttribute, ::CUlaunchAttribute);
  SAME_FIELD(CUlaunchAttribute, ::CUlaunchAttribute, value);
  SAME_SIZE(CUDA_KERNEL_NODE_PARAMS, ::CUDA_KERNEL_NODE_PARAMS_v2);
  SAME_FIELD(CUDA_KERNEL_NODE_PARAMS, ::CUDA_KERNEL_NODE_PARAMS_v2, kernelParams);
  SAME_FIELD(CUDA_KERNEL_NODE_PARAMS, ::CUDA_KERNEL_NODE_PARAMS_v2, ctx);
  SAME_SIZE(CUDA_MEMCPY3D, ::CUDA_MEMCPY3D_v2);
  SAME_FIELD(CUDA_MEMCPY3D, ::CUDA_MEMCPY3D_v2, srcDevice);
  SAME_FIELD(CUDA_MEMCPY3D, ::CUDA_MEMCPY3D_v2, dstDevice);
  SAME_FIELD(CUDA_MEMCPY3D, ::CUDA_MEMCPY3D_v2, WidthInBytes);
  SAME_SIZE(CUmemAllocationProp, ::CUmemAllocationProp_v1);
  SAME_FIELD(CUmemAllocationProp, ::CUmemAllocationProp_v1, location);
  SAME_SIZE(CUmemAccessDesc, ::CUmemAccessDesc_v1);
  SAME_VALUE(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  SAME_VALUE(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  SAME_VALUE(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  SAME_VALUE(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  SAME_VALUE(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  SAME_VALUE(CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED);
  SAME_VALUE(CU_JIT_INFO_LOG_BUFFER);
  SAME_VALUE(CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES);
  SAME_VALUE(CU_JIT_ERROR_LOG_BUFFER);
  SAME_VALUE(CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
  SAME_VALUE(CU_STREAM_NON_BLOCKING);
  SAME_VALUE(CU_EVENT_DISABLE_TIMING);
  SAME_VALUE(CU_STREAM_WAIT_VALUE_GEQ);
  SAME_VALUE(CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION);
  SAME_VALUE(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
  SAME_VALUE(CU_MEMORYTYPE_HOST);
  SAME_VALUE(CU_MEMORYTYPE_DEVICE);
  SAME_VALUE(CU_MEM_ALLOCATION_TYPE_PINNED);
  SAME_VALUE(CU_MEM_LOCATION_TYPE_DEVICE);
  SAME_VALUE(CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
  SAME_VALUE(CU_MEM_ALLOC_GRANULARITY_RECOMMENDED);
  SAME_VALUE(CUDA_ERROR_OUT_OF_MEMORY);
  SAME_VALUE(CUDA_ERROR_INVALID_IMAGE);
  SAME_VALUE(CUDA_ERROR_NO_BINARY_FOR_GPU);
  SAME_VALUE(CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
  SAME_VALUE(CUDA_ERROR_INVALID_PTX);
  SAME_VALUE(CUDA_ERROR_NOT_FOUND);
  SAME_VALUE(CUDA_ERROR_NOT_READY);
  SAME_VALUE(CUDA_ERROR_ILLEGAL_ADDRESS);
  SAME_VALUE(CUDA_ERROR_LAUNCH_FAILED);
  SAME_VALUE(CUDA_ERROR_NOT_SUPPORTED);
  SAME_VALUE(CUDA_ERROR_NVLINK_UNCORRECTABLE);
  SAME_VALUE(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
#endif
}

}  // namespace

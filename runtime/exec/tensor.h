// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_RUNTIME_EXEC_TENSOR_H
#define MLC_RUNTIME_EXEC_TENSOR_H

#include <vector>

#include "runtime/host/device.h"

struct mlc_tensor : mlc::runtime::RefCounted<mlc_tensor> {
  ~mlc_tensor() {
    if (release_fn) release_fn(release_user, data);
  }

  mlc::runtime::Ref<mlc_device> device;  // of owned memory; outlives it
  mlc::runtime::DeviceMemory memory;     // empty when borrowed
  mlc_dtype_t dtype = MLC_DTYPE_UNDEFINED;
  std::vector<int64_t> dims;
  void* data = nullptr;
  size_t size_bytes = 0;
  mlc_release_fn release_fn = nullptr;
  void* release_user = nullptr;
};

namespace mlc::runtime {

// Bytes of a tensor. DTYPE_MISMATCH, OUT_OF_RANGE.
Result<uint64_t> TensorSizeBytes(int32_t dtype, const int64_t* dims, uint32_t rank);

// A tensor with memory of the device's allocator.
Result<Ref<mlc_tensor>> MakeTensor(mlc_device& device, int32_t dtype, const int64_t* dims,
                                   uint32_t rank);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_TENSOR_H

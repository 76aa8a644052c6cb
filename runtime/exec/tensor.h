// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_RUNTIME_EXEC_TENSOR_H
#define MLC_RUNTIME_EXEC_TENSOR_H

#include <vector>

#include "runtime/exec/device.h"

struct mlc_tensor : mlc::runtime::RefCounted<mlc_tensor> {
  ~mlc_tensor() {
    if (release_fn) release_fn(release_user, data);
  }

  mlc::runtime::Ref<mlc_device> device;  // of owned or device memory; outlives it
  mlc::runtime::DeviceMemory memory;     // empty when borrowed
  mlc_dtype_t dtype = MLC_DTYPE_UNDEFINED;
  std::vector<int64_t> dims;
  void* data = nullptr;
  mlc_device* gpu = nullptr;  // the device whose memory it is in, null for host memory
  size_t size_bytes = 0;
  mlc_release_fn release_fn = nullptr;
  void* release_user = nullptr;
};

namespace mlc::runtime {

// Bytes of a tensor. DTYPE_MISMATCH, OUT_OF_RANGE.
Result<uint64_t> TensorSizeBytes(int32_t dtype, const int64_t* dims, uint32_t rank);

// Where a tensor's memory is: the device's own, or host memory that its copies are fast from.
enum class Place { kDevice, kHost };

// A tensor with memory of the device's allocators.
Result<Ref<mlc_tensor>> MakeTensor(mlc_device& device, int32_t dtype, const int64_t* dims,
                                   uint32_t rank, Place place = Place::kDevice);

// Copies all elements between host memory and devices, to the end. SHAPE_MISMATCH, DTYPE_MISMATCH,
// UNSUPPORTED: from one GPU to another.
Status CopyTensor(const mlc_tensor& from, mlc_tensor& to);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_TENSOR_H

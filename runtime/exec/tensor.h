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
  // False for memory that the host can read and write, pinned or not.
  bool on_device() const { return device && device->kind != MLC_DEVICE_HOST && !is_host; }

  mlc::runtime::Ref<mlc_device> device;  // of owned memory and of any on a device; outlives it
  mlc::runtime::DeviceMemory memory;     // empty when borrowed
  bool is_host = false;                  // of a device's host_memory()
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

// A tensor with memory of the device, or of the host as the device likes it.
enum class Place { Device, Host };
Result<Ref<mlc_tensor>> MakeTensor(mlc_device& device, Place place, int32_t dtype,
                                   const int64_t* dims, uint32_t rank);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_TENSOR_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/api/options.h"
#include "runtime/exec/tensor.h"

using namespace mlc::runtime;

namespace {

Status WrapTensor(mlc_dtype_t dtype, uint32_t rank, const int64_t* dims, void* data,
                  size_t size_bytes, mlc_release_fn release_fn, void* user,
                  mlc_tensor_t** out_tensor) {
  MLC_TRY_ASSIGN(const uint64_t needed, TensorSizeBytes(dtype, dims, rank));
  if (size_bytes < needed || (!data && needed > 0))
    return Error(MLC_STATUS_SHAPE_MISMATCH, "the tensor's dims need %llu bytes but %zu are given",
                 static_cast<unsigned long long>(needed), data ? size_bytes : 0);
  auto* tensor = new mlc_tensor;
  tensor->dtype = dtype;
  tensor->dims.assign(dims, dims + rank);
  tensor->data = data;
  tensor->size_bytes = needed;
  tensor->release_fn = release_fn;
  tensor->release_user = user;
  *out_tensor = tensor;
  return Ok();
}

}  // namespace

mlc_status_t* mlc_tensor_create(mlc_device_t* device, mlc_dtype_t dtype, uint32_t rank,
                                const int64_t* dims, mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(device);
  MLC_REQUIRE(dims || rank == 0);
  auto tensor = MakeTensor(*device, dtype, dims, rank);
  if (!tensor.ok()) return tensor.TakeStatus().Release();
  *out_tensor = tensor->Detach();
  return nullptr;
}

mlc_status_t* mlc_tensor_create_host(mlc_device_t* device, mlc_dtype_t dtype, uint32_t rank,
                                     const int64_t* dims, mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(device);
  MLC_REQUIRE(dims || rank == 0);
  auto tensor = MakeTensor(*device, dtype, dims, rank, Place::kHost);
  if (!tensor.ok()) return tensor.TakeStatus().Release();
  *out_tensor = tensor->Detach();
  return nullptr;
}

mlc_status_t* mlc_tensor_wrap_device(mlc_device_t* device, mlc_dtype_t dtype, uint32_t rank,
                                     const int64_t* dims, void* data, size_t size_bytes,
                                     mlc_release_fn release_fn, void* user,
                                     mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(device);
  MLC_REQUIRE(dims || rank == 0);
  if (!device->cuda)
    return Error(MLC_STATUS_INVALID_ARGUMENT,
                 "mlc_tensor_wrap_device: the device is the host; use mlc_tensor_wrap")
        .Release();
  Status status = WrapTensor(dtype, rank, dims, data, size_bytes, release_fn, user, out_tensor);
  if (!status.ok()) return status.Release();
  (*out_tensor)->device = Ref<mlc_device>::Share(device);
  (*out_tensor)->gpu = device;
  return nullptr;
}

mlc_status_t* mlc_tensor_copy(const mlc_tensor_t* from, mlc_tensor_t* to) {
  MLC_REQUIRE(from);
  MLC_REQUIRE(to);
  return CopyTensor(*from, *to).Release();
}

int mlc_tensor_is_host(const mlc_tensor_t* tensor) { return tensor->gpu == nullptr; }

mlc_status_t* mlc_tensor_wrap(mlc_dtype_t dtype, uint32_t rank, const int64_t* dims, void* data,
                              size_t size_bytes, mlc_release_fn release_fn, void* user,
                              mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(dims || rank == 0);
  return WrapTensor(dtype, rank, dims, data, size_bytes, release_fn, user, out_tensor).Release();
}

void mlc_tensor_retain(mlc_tensor_t* tensor) {
  if (tensor) tensor->Retain();
}

void mlc_tensor_release(mlc_tensor_t* tensor) {
  if (tensor) tensor->Release();
}

mlc_dtype_t mlc_tensor_dtype(const mlc_tensor_t* tensor) { return tensor->dtype; }

uint32_t mlc_tensor_rank(const mlc_tensor_t* tensor) {
  return static_cast<uint32_t>(tensor->dims.size());
}

const int64_t* mlc_tensor_dims(const mlc_tensor_t* tensor) { return tensor->dims.data(); }

void* mlc_tensor_data(const mlc_tensor_t* tensor) { return tensor->data; }

size_t mlc_tensor_size_bytes(const mlc_tensor_t* tensor) { return tensor->size_bytes; }

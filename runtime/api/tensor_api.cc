// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/api/options.h"
#include "runtime/exec/tensor.h"

using namespace mlc::runtime;

namespace {

Status WrapTensor(mlc_device_t* device, mlc_dtype_t dtype, uint32_t rank, const int64_t* dims,
                  void* data, size_t size_bytes, mlc_release_fn release_fn, void* user,
                  mlc_tensor_t** out_tensor) {
  MLC_TRY_ASSIGN(const uint64_t needed, TensorSizeBytes(dtype, dims, rank));
  if (size_bytes < needed || (!data && needed > 0))
    return Error(MLC_STATUS_SHAPE_MISMATCH, "the tensor's dims need %llu bytes but %zu are given",
                 static_cast<unsigned long long>(needed), data ? size_bytes : 0);
  auto* tensor = new mlc_tensor;
  tensor->device = Ref<mlc_device>::Share(device);
  tensor->dtype = dtype;
  tensor->dims.assign(dims, dims + rank);
  tensor->data = data;
  tensor->size_bytes = needed;
  tensor->release_fn = release_fn;
  tensor->release_user = user;
  *out_tensor = tensor;
  return Ok();
}

mlc_status_t* CreateTensor(mlc_device_t* device, Place place, mlc_dtype_t dtype, uint32_t rank,
                           const int64_t* dims, mlc_tensor_t** out_tensor) {
  auto tensor = MakeTensor(*device, place, dtype, dims, rank);
  if (!tensor.ok()) return tensor.TakeStatus().Release();
  *out_tensor = tensor->Detach();
  return nullptr;
}

Status CopyTensor(mlc_tensor_t& dst, const mlc_tensor_t& src) {
  if (dst.dtype != src.dtype)
    return Error(MLC_STATUS_DTYPE_MISMATCH, "cannot copy %s to %s", mlc_dtype_name(src.dtype),
                 mlc_dtype_name(dst.dtype));
  if (dst.dims != src.dims)
    return Error(MLC_STATUS_SHAPE_MISMATCH,
                 "cannot copy between tensors of different dims (%zu and %zu bytes)",
                 src.size_bytes, dst.size_bytes);
  if (dst.on_device() && src.on_device() && dst.device.get() != src.device.get())
    return Error(MLC_STATUS_INVALID_ARGUMENT, "cannot copy from %s to %s: go through the host",
                 src.device->name.c_str(), dst.device->name.c_str());
  if (dst.on_device()) return dst.device->Copy(dst, src);
  if (src.on_device()) return src.device->Copy(dst, src);
  if (dst.size_bytes > 0) std::memmove(dst.data, src.data, dst.size_bytes);
  return Ok();
}

}  // namespace

mlc_status_t* mlc_tensor_create(mlc_device_t* device, mlc_dtype_t dtype, uint32_t rank,
                                const int64_t* dims, mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(device);
  MLC_REQUIRE(dims || rank == 0);
  return CreateTensor(device, Place::Device, dtype, rank, dims, out_tensor);
}

mlc_status_t* mlc_tensor_create_host(mlc_device_t* device, mlc_dtype_t dtype, uint32_t rank,
                                     const int64_t* dims, mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(device);
  MLC_REQUIRE(dims || rank == 0);
  return CreateTensor(device, Place::Host, dtype, rank, dims, out_tensor);
}

mlc_status_t* mlc_tensor_wrap(mlc_dtype_t dtype, uint32_t rank, const int64_t* dims, void* data,
                              size_t size_bytes, mlc_release_fn release_fn, void* user,
                              mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(dims || rank == 0);
  return WrapTensor(nullptr, dtype, rank, dims, data, size_bytes, release_fn, user, out_tensor)
      .Release();
}

mlc_status_t* mlc_tensor_wrap_device(mlc_device_t* device, mlc_dtype_t dtype, uint32_t rank,
                                     const int64_t* dims, void* data, size_t size_bytes,
                                     mlc_release_fn release_fn, void* user,
                                     mlc_tensor_t** out_tensor) {
  MLC_REQUIRE(out_tensor);
  *out_tensor = nullptr;
  MLC_REQUIRE(device);
  MLC_REQUIRE(dims || rank == 0);
  return WrapTensor(device, dtype, rank, dims, data, size_bytes, release_fn, user, out_tensor)
      .Release();
}

mlc_status_t* mlc_tensor_copy(mlc_tensor_t* dst, const mlc_tensor_t* src) {
  MLC_REQUIRE(dst);
  MLC_REQUIRE(src);
  return CopyTensor(*dst, *src).Release();
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

int mlc_tensor_on_device(const mlc_tensor_t* tensor) { return tensor->on_device(); }

size_t mlc_tensor_size_bytes(const mlc_tensor_t* tensor) { return tensor->size_bytes; }

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/tensor.h"

#include <cstring>

#include "runtime/base/dtype.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {

Result<uint64_t> TensorSizeBytes(int32_t dtype, const int64_t* dims, uint32_t rank) {
  int64_t size_bytes = 0;
  if (!DenseSizeBytes(dtype, 0, &size_bytes))
    return Error(MLC_STATUS_DTYPE_MISMATCH, "dtype %d is none of a tensor's", dtype);
  if (rank > kMaxRank || !DenseSizeBytes(dtype, dims, rank, &size_bytes))
    return Error(MLC_STATUS_OUT_OF_RANGE,
                 "a tensor of rank %u has a negative dim, overflows or has more than %u dims", rank,
                 kMaxRank);
  return static_cast<uint64_t>(size_bytes);
}

Result<Ref<mlc_tensor>> MakeTensor(mlc_device& device, int32_t dtype, const int64_t* dims,
                                   uint32_t rank, Place place) {
  MLC_TRY_ASSIGN(const uint64_t size_bytes, TensorSizeBytes(dtype, dims, rank));
  Ref<mlc_tensor> tensor = Ref<mlc_tensor>::Adopt(new mlc_tensor);
  CachingAllocator& allocator =
      place == Place::kHost ? device.host_memory() : device.allocator;
  MLC_TRY_ASSIGN(tensor->memory, DeviceMemory::Allocate(allocator, size_bytes));
  if (place == Place::kDevice && device.cuda) tensor->gpu = &device;
  tensor->device = Ref<mlc_device>::Share(&device);
  tensor->dtype = static_cast<mlc_dtype_t>(dtype);
  tensor->dims.assign(dims, dims + rank);
  tensor->data = tensor->memory.data();
  tensor->size_bytes = size_bytes;
  return tensor;
}

Status CopyTensor(const mlc_tensor& from, mlc_tensor& to) {
  if (from.dtype != to.dtype)
    return Error(MLC_STATUS_DTYPE_MISMATCH, "a %s tensor cannot be copied to a %s one",
                 mlc_dtype_name(from.dtype), mlc_dtype_name(to.dtype));
  if (from.dims != to.dims)
    return Error(MLC_STATUS_SHAPE_MISMATCH, "the tensors to copy have different dims");
  if (from.size_bytes == 0) return Ok();
  mlc_device* gpu = from.gpu ? from.gpu : to.gpu;
  if (!gpu) {
    std::memmove(to.data, from.data, from.size_bytes);
    return Ok();
  }
  if (from.gpu && to.gpu && from.gpu != to.gpu)
    return Error(MLC_STATUS_UNSUPPORTED, "tensors of two devices (%s, %s) are copied by way of the host",
                 from.gpu->name.c_str(), to.gpu->name.c_str());
  MLC_TRY(gpu->cuda->MakeCurrent());
  const Driver& driver = gpu->cuda->driver();
  const auto source = reinterpret_cast<CUdeviceptr>(from.data);
  const auto target = reinterpret_cast<CUdeviceptr>(to.data);
  if (!from.gpu)
    MLC_CUDA(driver, MemcpyHtoDAsync(target, from.data, from.size_bytes, nullptr));
  else if (!to.gpu)
    MLC_CUDA(driver, MemcpyDtoHAsync(to.data, source, from.size_bytes, nullptr));
  else
    MLC_CUDA(driver, MemcpyDtoDAsync(target, source, from.size_bytes, nullptr));
  MLC_CUDA(driver, StreamSynchronize(nullptr));
  return Ok();
}

}  // namespace mlc::runtime

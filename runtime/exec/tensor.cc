// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/tensor.h"

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

Result<Ref<mlc_tensor>> MakeTensor(mlc_device& device, Place place, int32_t dtype,
                                   const int64_t* dims, uint32_t rank) {
  MLC_TRY_ASSIGN(const uint64_t size_bytes, TensorSizeBytes(dtype, dims, rank));
  Ref<mlc_tensor> tensor = Ref<mlc_tensor>::Adopt(new mlc_tensor);
  Allocator& allocator = place == Place::Host ? device.host_memory() : device.memory();
  MLC_TRY_ASSIGN(tensor->memory, DeviceMemory::Allocate(allocator, size_bytes));
  tensor->device = Ref<mlc_device>::Share(&device);
  tensor->is_host = place == Place::Host;
  tensor->dtype = static_cast<mlc_dtype_t>(dtype);
  tensor->dims.assign(dims, dims + rank);
  tensor->data = tensor->memory.data();
  tensor->size_bytes = size_bytes;
  return tensor;
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Tensor maps of the simulated driver: what the real one refuses is refused, the address is the first word.
#include <cstring>

#include "test/runtime/cuda/sim_api.h"

using namespace mlc::runtime::cuda;

namespace {

constexpr uint32_t kRowBytes = 128, kMostOfABox = 256;

// The rules of the CUDA driver API's page on cuTensorMapEncodeTiled for the one kind that is used.
bool IsValid(CUtensorMap* map, uint32_t rank, void* address, const uint64_t* dims,
             const uint64_t* strides, int swizzle) {
  bool valid = reinterpret_cast<uintptr_t>(map) % 64 == 0 && rank >= 1 && rank <= 5 &&
               reinterpret_cast<uintptr_t>(address) % 16 == 0 &&
               swizzle == CU_TENSOR_MAP_SWIZZLE_128B;
  for (uint32_t i = 0; valid && i < rank; ++i) valid = dims[i] >= 1 && dims[i] <= 1ull << 32;
  for (uint32_t i = 0; valid && i + 1 < rank; ++i)
    valid = strides[i] % 16 == 0 && strides[i] < 1ull << 40;
  return valid;
}

void Fill(CUtensorMap* map, void* address, uint32_t rank, const uint64_t* dims) {
  std::memset(map, 0, sizeof(*map));
  map->opaque[0] = reinterpret_cast<uintptr_t>(address);
  std::memcpy(map->opaque + 1, dims, rank * sizeof(*dims));
}

}  // namespace

SIM_API cuTensorMapEncodeTiled(CUtensorMap* map, int, uint32_t rank, void* address,
                               const uint64_t* dims, const uint64_t* strides, const uint32_t* box,
                               const uint32_t* steps, int, int swizzle, int, int) {
  ENTER(cuTensorMapEncodeTiled);
  bool valid = IsValid(map, rank, address, dims, strides, swizzle) && box[0] * 2 <= kRowBytes;
  for (uint32_t i = 0; valid && i < rank; ++i)
    valid = box[i] >= 1 && box[i] <= kMostOfABox && steps[i] >= 1 && steps[i] <= 8;
  if (!valid) return CUDA_ERROR_INVALID_VALUE;
  Fill(map, address, rank, dims);
  return CUDA_SUCCESS;
}

SIM_API cuTensorMapEncodeIm2col(CUtensorMap* map, int, uint32_t rank, void* address,
                                const uint64_t* dims, const uint64_t* strides, const int* lower,
                                const int* upper, uint32_t channels, uint32_t pixels,
                                const uint32_t* steps, int, int swizzle, int, int) {
  ENTER(cuTensorMapEncodeIm2col);
  bool valid = rank == 4 && IsValid(map, rank, address, dims, strides, swizzle) &&
               channels * 2 <= kRowBytes && channels >= 1 && pixels >= 1 && pixels <= 1024;
  for (uint32_t i = 0; valid && i < 2; ++i)
    valid = lower[i] >= -128 && lower[i] <= 127 && upper[i] >= -128 && upper[i] <= 127;
  for (uint32_t i = 0; valid && i < rank; ++i) valid = steps[i] >= 1 && steps[i] <= 8;
  if (!valid) return CUDA_ERROR_INVALID_VALUE;
  Fill(map, address, rank, dims);
  return CUDA_SUCCESS;
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/tensor_maps.h"

#include <array>

#include "runtime/plan/access.h"

namespace mlc::runtime::cuda {
namespace {

constexpr uint32_t kMaxRank = 5;

using Sizes = std::array<uint64_t, kMaxRank>;
using Numbers = std::array<uint32_t, kMaxRank>;

}  // namespace

Status EncodeTensorMap(const Context& context, const Step& step, const plan::TensorMap& map,
                       CUtensorMap* out) {
  void* const address = step.buffers[map.buffer()];
  const uint32_t rank = Count(map.dims());
  Sizes dims{}, strides{};
  Numbers box{}, steps{};
  for (uint32_t i = 0; i < rank; ++i) {
    dims[i] = static_cast<uint64_t>(step.scalars[map.dims()->Get(i)]);
    steps[i] = Count(map.steps()) ? map.steps()->Get(i) : 1;
    if (i < Count(map.box())) box[i] = map.box()->Get(i);
    if (i + 1 < rank) strides[i] = static_cast<uint64_t>(step.scalars[map.strides()->Get(i)]);
  }
  const auto type =
      map.is_bf16() ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  if (Count(map.lower()) == 0) {
    MLC_CU(context, cuTensorMapEncodeTiled, out, type, rank, address, dims.data(), strides.data(),
           box.data(), steps.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
           CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    return Ok();
  }
  const std::array<int, 2> lower = {map.lower()->Get(0), map.lower()->Get(1)};
  const std::array<int, 2> upper = {map.upper()->Get(0), map.upper()->Get(1)};
  MLC_CU(context, cuTensorMapEncodeIm2col, out, type, rank, address, dims.data(), strides.data(),
         lower.data(), upper.data(), box[0], box[1], steps.data(), CU_TENSOR_MAP_INTERLEAVE_NONE,
         CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
         CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return Ok();
}

}  // namespace mlc::runtime::cuda

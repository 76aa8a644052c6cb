// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/base/dtype.h"

#include "runtime/base/checked_math.h"

const char* mlc_dtype_name(mlc_dtype_t dtype) {
  switch (dtype) {
#define MLC_DTYPE(NAME, name, number, bits) \
  case MLC_DTYPE_##NAME:                    \
    return name;
#include "mlc/dtypes.def"
#undef MLC_DTYPE
    default:
      return "undefined";
  }
}

size_t mlc_dtype_bits(mlc_dtype_t dtype) {
  switch (dtype) {
#define MLC_DTYPE(NAME, name, number, bits) \
  case MLC_DTYPE_##NAME:                    \
    return bits;
#include "mlc/dtypes.def"
#undef MLC_DTYPE
    default:
      return 0;
  }
}

namespace mlc::runtime {

bool DenseSizeBytes(int32_t dtype, const int64_t* dims, size_t rank, int64_t* out_bytes) {
  int64_t elems = 1;
  bool empty = false;
  for (size_t i = 0; i < rank; ++i) {
    if (dims[i] < 0) return false;
    empty |= dims[i] == 0;
  }
  for (size_t i = 0; i < rank && !empty; ++i)
    if (!CheckedMul(elems, dims[i], &elems)) return false;
  return DenseSizeBytes(dtype, empty ? 0 : elems, out_bytes);
}

bool DenseSizeBytes(int32_t dtype, int64_t elems, int64_t* out_bytes) {
  if (dtype < 0) return false;
  auto bits = static_cast<int64_t>(mlc_dtype_bits(static_cast<mlc_dtype_t>(dtype)));
  int64_t total = 0;
  if (bits == 0 || elems < 0 || !CheckedMul(elems, bits, &total) ||
      !CheckedAdd<int64_t>(total, 7, &total))
    return false;
  *out_bytes = total / 8;
  return true;
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Sizes of dense tensors by element type.
#ifndef MLC_RUNTIME_BASE_DTYPE_H
#define MLC_RUNTIME_BASE_DTYPE_H

#include "mlc/runtime.h"

namespace mlc::runtime {

// Bytes of a dense tensor, sub-byte types packed. False when a dim is negative, the size overflows
// or the dtype has no fixed size.
[[nodiscard]] bool DenseSizeBytes(int32_t dtype, const int64_t* dims, size_t rank,
                                  int64_t* out_bytes);
[[nodiscard]] bool DenseSizeBytes(int32_t dtype, int64_t elems, int64_t* out_bytes);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_BASE_DTYPE_H

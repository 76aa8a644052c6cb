// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Integer arithmetic that reports overflow: false leaves *out unspecified.
#ifndef MLC_RUNTIME_BASE_CHECKED_MATH_H
#define MLC_RUNTIME_BASE_CHECKED_MATH_H

#include <cstdint>

namespace mlc::runtime {

template <typename T>
[[nodiscard]] bool CheckedAdd(T a, T b, T* out) {
  return !__builtin_add_overflow(a, b, out);
}

template <typename T>
[[nodiscard]] bool CheckedMul(T a, T b, T* out) {
  return !__builtin_mul_overflow(a, b, out);
}

// Rounds up to a multiple of `alignment`, a power of two.
template <typename T>
[[nodiscard]] bool CheckedAlignUp(T value, T alignment, T* out) {
  if (!CheckedAdd<T>(value, alignment - 1, out)) return false;
  *out &= ~(alignment - 1);
  return true;
}

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_BASE_CHECKED_MATH_H

/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * Compiled once per level (LEVEL = v2, v3) with the flags of the bitcode.
 */
#include "test/backends/host/math_kernels.h"

#define MLC_MATH_EXPORT static inline __attribute__((always_inline))
#include "backends/host/support/math.c"

#define LOOP(name, type, vector, suffix, n, call)                                                    \
  static void loop_##name##_##suffix(const type *a, const type *b, type *out, long count) {          \
    typedef vector loose __attribute__((aligned(4)));                                                \
    (void)b;                                                                                         \
    for (long i = 0; i < count; i += n) *(loose *)(out + i) = mlc_##name##_##suffix call;            \
  }
#define X(vector) (*(const vector *)(a + i))
#define Y(vector) (*(const vector *)(b + i))
typedef f32x4 lf32x4 __attribute__((aligned(4)));
typedef f32x8 lf32x8 __attribute__((aligned(4)));
typedef f32x16 lf32x16 __attribute__((aligned(4)));

#define LOOPS1(name)                                  \
  LOOP(name, float, float, f32, 1, (a[i]))            \
  LOOP(name, double, double, f64, 1, (a[i]))          \
  LOOP(name, float, f32x4, f32x4, 4, (X(lf32x4)))     \
  LOOP(name, float, f32x8, f32x8, 8, (X(lf32x8)))     \
  LOOP(name, float, f32x16, f32x16, 16, (X(lf32x16)))
#define LOOPS2(name)                                               \
  LOOP(name, float, float, f32, 1, (a[i], b[i]))                   \
  LOOP(name, double, double, f64, 1, (a[i], b[i]))                 \
  LOOP(name, float, f32x4, f32x4, 4, (X(lf32x4), Y(lf32x4)))       \
  LOOP(name, float, f32x8, f32x8, 8, (X(lf32x8), Y(lf32x8)))       \
  LOOP(name, float, f32x16, f32x16, 16, (X(lf32x16), Y(lf32x16)))

#undef MLC_MATH
#define MLC_MATH(name, operands, ulp32) LOOPS##operands(name)
#include "backends/host/support/math_functions.def"

#undef MLC_MATH
#define MLC_MATH(name, operands, ulp32) \
  {#name, operands, ulp32, {loop_##name##_f32, loop_##name##_f32x4, loop_##name##_f32x8, loop_##name##_f32x16}, loop_##name##_f64},
__attribute__((visibility("default"))) const mlc_math_row PASTE(mlc_math_rows_, LEVEL)[] = {
#include "backends/host/support/math_functions.def"
};
#undef MLC_MATH
#define MLC_MATH(name, operands, ulp32) +1
__attribute__((weak)) const int mlc_math_row_count = 0
#include "backends/host/support/math_functions.def"
    ;

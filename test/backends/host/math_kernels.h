/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The host math functions as loops over arrays, one table per x86-64 level. `count` is a multiple of 16; b is read by functions of two operands only.
 */
#ifndef MLC_TEST_BACKENDS_HOST_MATH_KERNELS_H
#define MLC_TEST_BACKENDS_HOST_MATH_KERNELS_H

typedef void (*mlc_math_loop_f32)(const float *a, const float *b, float *out, long count);
typedef void (*mlc_math_loop_f64)(const double *a, const double *b, double *out, long count);

typedef struct mlc_math_row {
  const char *name;
  int operands;
  double ulp32;
  mlc_math_loop_f32 f32[4]; /* widths 1, 4, 8, 16 */
  mlc_math_loop_f64 f64;
} mlc_math_row;

#ifdef __cplusplus
extern "C" {
#endif
extern const mlc_math_row mlc_math_rows_v2[], mlc_math_rows_v3[];
extern const int mlc_math_row_count;
#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The math functions of compiled kernels, which may call no libm: libm's results differ between machines, these do not.
 * Clang vector extensions only; always_inline and free of branches, except that sin, cos and tan beyond 2^17 and fmod with large quotients go lane by
 * lane. `a * b + c` contracts to an FMA when the function they are inlined into has it; nothing relies on whether it does.
 * The module is stored as bitcode without target features (embed.cmake), so its functions inline into kernels of every x86-64 level.
 */
#include "math_coefficients.h"

#pragma STDC FP_CONTRACT ON

typedef int i32;
typedef long i64; /* the type that clang gives to comparisons of double vectors */
typedef unsigned long u64;
typedef unsigned __int128 u128;

#define INLINE static inline __attribute__((always_inline))
#ifndef MLC_MATH_EXPORT /* a test that includes this file may want its copies private */
#define MLC_MATH_EXPORT __attribute__((always_inline))
#endif
#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define INF __builtin_inff()
#define NAN_F __builtin_nanf("")
#define LENGTH(a) ((int)(sizeof(a) / sizeof(*(a))))

#include "fmod_exact.inc.c"

/* Bits of 2/pi after the binary point, behind 64 zero bits. */
static const u64 kTwoOverPi[] = {
    0, 0xa2f9836e4e441529ull, 0xfc2757d1f534ddc0ull, 0xdb6295993c439041ull, 0xfe5163abdebbc561ull, 0xb7246e3a424dd2e0ull, 0x06492eea09d1921cull,
    0xfe1deb1cb129a73eull, 0xe88235f52ebb4484ull, 0xe99c7026b45f7e41ull, 0x3991d639835339f4ull, 0x9c845f8bbdf9283bull, 0x1ff897ffde05980full,
    0xef2f118b5a0a6d1full, 0x6d367ecf27cb09b7ull, 0x4f463f669e5fea2dull, 0x7527bac7ebe5f17bull, 0x3d0739f78a5292eaull, 0x6bfb5fb11f8d5d08ull,
    0x56033046fc7b6babull};

INLINE u64 two_over_pi_bits(int start) { /* 64 bits from bit `start` of the table */
  int word = start >> 6, shift = start & 63;
  u64 high = kTwoOverPi[word] << shift;
  return shift ? high | kTwoOverPi[word + 1] >> (64 - shift) : high;
}

/* x - q pi/2 in [-pi/4, pi/4] for finite |x| >= 2^17; q mod 4 goes to *out_quadrant. Payne and Hanek 1983: the 53-bit significand times those 192 bits
 * of 2/pi that decide the two integer bits and the fraction. */
static __attribute__((noinline)) double reduce_large(double x, i64 *out_quadrant) {
  u64 bits = bits_of_f64(x);
  int exponent = (int)(bits >> 52 & 0x7ff) - 1075; /* |x| = m 2^exponent */
  u64 m = (bits & 0xfffffffffffffull) | 0x10000000000000ull;
  int start = exponent - 1 + 63; /* the first bit whose product with m 2^exponent is below 4 */
  u128 low = (u128)two_over_pi_bits(start + 128) * m;
  u128 middle = (u128)two_over_pi_bits(start + 64) * m + (u64)(low >> 64);
  u64 high = two_over_pi_bits(start) * m + (u64)(middle >> 64);
  u128 fraction = (u128)(high << 2 | (u64)middle >> 62) << 64 | ((u64)middle << 2 | (u64)low >> 62);
  u64 quadrant = high >> 62;
  int negative = (int)(fraction >> 127);
  if (negative) {
    quadrant += 1;
    fraction = -fraction;
  }
  double r = (double)(u64)(fraction >> 64) * 0x1p-64 + (double)(u64)fraction * 0x1p-128;
  r *= 0x1.921fb54442d18p+0;
  if (negative != (int)(bits >> 63)) r = -r;
  *out_quadrant = (i64)(bits >> 63 ? 0 - quadrant : quadrant) & 3;
  return r;
}

#define N 1
#include "math_f64.inc.c"
#include "math_f32.inc.c"
#undef N
#define N 4
#include "math_f64.inc.c"
#include "math_f32.inc.c"
#undef N
#define N 8
#include "math_f64.inc.c"
#include "math_f32.inc.c"
#undef N
#define N 16
#include "math_f64.inc.c"
#include "math_f32.inc.c"
#undef N

#define VECTOR1(name, n) \
  MLC_MATH_EXPORT f32x##n mlc_##name##_f32x##n(f32x##n x) { return name##_f32x##n(x); }
#define VECTOR2(name, n) \
  MLC_MATH_EXPORT f32x##n mlc_##name##_f32x##n(f32x##n x, f32x##n y) { return name##_f32x##n(x, y); }
#define FORMS1(name)                                                              \
  MLC_MATH_EXPORT float mlc_##name##_f32(float x) { return name##_f32x1(x)[0]; }  \
  MLC_MATH_EXPORT double mlc_##name##_f64(double x) { return name##_f64x1(x)[0]; } \
  VECTOR1(name, 4) VECTOR1(name, 8) VECTOR1(name, 16)
#define FORMS2(name)                                                                           \
  MLC_MATH_EXPORT float mlc_##name##_f32(float x, float y) { return name##_f32x1(x, y)[0]; }   \
  MLC_MATH_EXPORT double mlc_##name##_f64(double x, double y) { return name##_f64x1(x, y)[0]; } \
  VECTOR2(name, 4) VECTOR2(name, 8) VECTOR2(name, 16)
#define MLC_MATH(name, operands, ulp32) FORMS##operands(name)
#include "math_functions.def"

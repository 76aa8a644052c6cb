/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * What LLVM's x86-64 code generator calls by name: memory blocks, exact remainders, 16-bit float conversions below F16C, fma below FMA,
 * fmin and fmax of 16-bit floats, powi.
 * Linked into every host image; depends on nothing. Compiled for x86-64-v2 with -ffreestanding -fno-builtin, so no function here becomes a call to itself.
 */
#include <stddef.h>
#include <stdint.h>

typedef long i64;
typedef unsigned long u64;
typedef unsigned __int128 u128;
#define INLINE static inline __attribute__((always_inline))
typedef float block __attribute__((ext_vector_type(4), aligned(1), may_alias));

/* ---- memory ---- */

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  char *d = to;
  const char *s = from;
  for (; bytes >= 64; bytes -= 64, d += 64, s += 64) {
    block a = ((const block *)s)[0], b = ((const block *)s)[1], c = ((const block *)s)[2], e = ((const block *)s)[3];
    ((block *)d)[0] = a, ((block *)d)[1] = b, ((block *)d)[2] = c, ((block *)d)[3] = e;
  }
  for (; bytes >= 16; bytes -= 16, d += 16, s += 16) *(block *)d = *(const block *)s;
  for (; bytes; --bytes) *d++ = *s++;
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  char *d = to;
  const char *s = from;
  if ((u64)d - (u64)s >= bytes) { /* forwards reads each byte before it is written over */
    for (; bytes >= 16; bytes -= 16, d += 16, s += 16) *(block *)d = *(const block *)s;
    for (; bytes; --bytes) *d++ = *s++;
  } else {
    for (; bytes >= 16; bytes -= 16) *(block *)(d + bytes - 16) = *(const block *)(s + bytes - 16);
    for (; bytes; --bytes) d[bytes - 1] = s[bytes - 1];
  }
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  typedef unsigned char fill __attribute__((ext_vector_type(16), aligned(1), may_alias));
  unsigned char *d = to;
  fill v = (unsigned char)value;
  for (; bytes >= 64; bytes -= 64, d += 64) ((fill *)d)[0] = v, ((fill *)d)[1] = v, ((fill *)d)[2] = v, ((fill *)d)[3] = v;
  for (; bytes >= 16; bytes -= 16, d += 16) *(fill *)d = v;
  for (; bytes; --bytes) *d++ = (unsigned char)value;
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const unsigned char *x = a, *y = b;
  for (; bytes; --bytes, ++x, ++y)
    if (*x != *y) return *x - *y;
  return 0;
}
int bcmp(const void *a, const void *b, size_t bytes) { return memcmp(a, b, bytes); }

/* ---- exact arithmetic ---- */

#include "fmod_exact.inc.c"

double fmod(double x, double y) {
  if (!(x - x == 0.0) || !(y == y) || y == 0.0) return (x * y) / (x * y);
  return fmod_exact(x, y);
}
float fmodf(float x, float y) { return (float)fmod(x, y); }

/* The product is exact in f64; the sum is rounded to odd there, so that the second rounding to f32 is the only one that counts. */
float fmaf(float x, float y, float z) {
  double p = (double)x * y, c = z, s = p + c;
  double bv = s - p, error = (p - (s - bv)) + (c - bv);
  union { double d; u64 u; } v = {s};
  if (error != 0.0 && error == error && !(v.u & 1)) v.u += (error > 0.0) == (s > 0.0) ? 1 : -1;
  return (float)v.d;
}

INLINE int leading_zeros(u128 x) { return x >> 64 ? __builtin_clzl((u64)(x >> 64)) : 64 + __builtin_clzl((u64)x); }

/* |x| = m 2^e with bit 125 of m set; x is finite and not 0. */
INLINE u128 normalised(double x, int *out_e) {
  u64 bits = bits_of_f64(x);
  int e = (int)(bits >> 52 & 0x7ff);
  u64 m = (bits & 0xfffffffffffffull) | (u64)(e > 0) << 52;
  int shift = leading_zeros(m) - 2;
  *out_e = (e > 0 ? e : 1) - 1075 - shift;
  return (u128)m << shift;
}

/* Exact in 128-bit integers, rounded once. */
double fma(double x, double y, double z) {
  if (!(x - x == 0.0) || !(y - y == 0.0) || x == 0.0 || y == 0.0) return x * y + z;
  if (!(z - z == 0.0)) return z; /* x * y might overflow to the other infinity */
  int ex, ey, ez;
  u128 mx = normalised(x, &ex), my = normalised(y, &ey);
  u128 p = (mx >> 73) * (my >> 73); /* 53 bits each: 105 or 106 bits */
  int ep = ex + 73 + ey + 73, shift = leading_zeros(p) - 2;
  p <<= shift, ep -= shift;
  u64 sign = (bits_of_f64(x) ^ bits_of_f64(y)) >> 63 << 63;
  if (z != 0.0) {
    u128 c = normalised(z, &ez);
    u64 sign_z = bits_of_f64(z) >> 63 << 63;
    if (ez > ep || (ez == ep && c > p)) { /* p becomes the larger one */
      u128 m = p;
      int e = ep;
      u64 s = sign;
      p = c, ep = ez, sign = sign_z;
      c = m, ez = e, sign_z = s;
    }
    int d = ep - ez;
    u128 dropped = d == 0 ? 0 : d > 127 ? c : c << (128 - d);
    c = (d > 127 ? 0 : c >> d) | (dropped != 0); /* the lowest bit stands for all that were shifted out */
    p = sign == sign_z ? p + c : p - c;
    if (p == 0) return 0.0;
    shift = leading_zeros(p) - 2;
    p = shift < 0 ? p >> 1 | (p & 1) : p << shift;
    ep -= shift;
  }
  int e = ep + 125 + 1023, drop = 73; /* biased exponent of bit 125; bits below the 53 of a double */
  if (e < 1) drop += 1 - e, e = 1;
  if (drop > 127) return f64_of_bits(sign);
  u64 kept = (u64)(p >> drop);
  u128 rest = p & (((u128)1 << drop) - 1), half = (u128)1 << (drop - 1);
  kept += rest > half || (rest == half && (kept & 1));
  if (e >= 2047) return f64_of_bits(sign | 0x7ff0000000000000ull);
  return f64_of_bits(sign | (((u64)(e - 1) << 52) + kept)); /* the leading one, or a carry, adds to the exponent, up to infinity */
}

float fminf(float x, float y) { return y != y || x < y ? x : y; } /* of a number and NaN: the number */
float fmaxf(float x, float y) { return y != y || x > y ? x : y; }

double __powidf2(double x, int n) {
  double r = 1.0;
  for (unsigned k = n < 0 ? 0u - (unsigned)n : (unsigned)n; k; k >>= 1, x *= x)
    if (k & 1) r *= x;
  return n < 0 ? 1.0 / r : r;
}
float __powisf2(float x, int n) { return (float)__powidf2(x, n); }

/* ---- 16-bit floats: half is 1-5-10 bits, bfloat16 the upper half of an f32; all round to nearest even ---- */

typedef union { _Float16 h; uint16_t u; } half_bits;
typedef union { __bf16 h; uint16_t u; } bf16_bits;
typedef union { float f; uint32_t u; } f32_bits;
typedef union { double d; u64 u; } f64_bits;

/* The f64 bits x as a small float with `mantissa` stored bits and `exponent` exponent bits. */
INLINE uint16_t narrow(u64 x, int mantissa, int exponent) {
  const int bias = (1 << (exponent - 1)) - 1, top = (1 << exponent) - 1;
  uint16_t sign = (uint16_t)(x >> 63 << 15);
  u64 fraction = x & 0xfffffffffffffull;
  int e = (int)(x >> 52 & 0x7ff);
  if (e == 0x7ff) return (uint16_t)(sign | top << mantissa | (fraction ? 1 << (mantissa - 1) | fraction >> (52 - mantissa) : 0));
  e = e - 1023 + bias;
  if (e >= top) return (uint16_t)(sign | top << mantissa);
  int drop = 52 - mantissa;
  u64 significand = fraction | 0x10000000000000ull;
  if (e <= 0) { /* denormal: the leading one becomes a stored bit */
    drop += 1 - e;
    e = 0;
    if (drop > 54) return sign;
  } else {
    significand = fraction;
  }
  u64 kept = significand >> drop, rest = significand & ((1ull << drop) - 1), half = 1ull << (drop - 1);
  kept += rest > half || (rest == half && (kept & 1));
  return (uint16_t)(sign | (((u64)e << mantissa) + kept)); /* a carry moves into the exponent, up to infinity */
}

_Float16 __truncdfhf2(double x) { return ((half_bits){.u = narrow(((f64_bits){x}).u, 10, 5)}).h; }
_Float16 __truncsfhf2(float x) { return __truncdfhf2((double)x); } /* f32 to f64 is exact */
__bf16 __truncdfbf2(double x) { return ((bf16_bits){.u = narrow(((f64_bits){x}).u, 7, 8)}).h; }
__bf16 __truncsfbf2(float x) {
  uint32_t u = ((f32_bits){x}).u;
  uint16_t r = x == x ? (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16) : (uint16_t)(u >> 16 | 0x40);
  return ((bf16_bits){.u = r}).h;
}

float __extendhfsf2(_Float16 h) {
  uint32_t u = ((half_bits){h}).u, sign = u >> 15 << 31, rest = u & 0x7fff;
  if (rest >= 0x7c00) return ((f32_bits){.u = sign | 0x7f800000 | (rest & 0x3ff) << 13 | (rest > 0x7c00 ? 0x400000 : 0)}).f;
  f32_bits v = {.u = rest << 13};
  v.f *= 0x1p112f; /* exact, and right for denormals */
  v.u |= sign;
  return v.f;
}
float __gnu_h2f_ieee(_Float16 h) { return __extendhfsf2(h); }
_Float16 __gnu_f2h_ieee(float x) { return __truncsfhf2(x); }
float __extendbfsf2(__bf16 h) { return ((f32_bits){.u = (uint32_t)((bf16_bits){h}).u << 16}).f; }

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What printed scalar regions are written in (emit/CppPrinter.cpp): element types, vectors, conversions, math. Compiles by NVRTC without any header of the toolkit, and with
// MLC_HOST_SCALAR as plain C++ for tests.
#ifdef MLC_HOST_SCALAR
#include <cmath>
#include <cstdint>
#include <cstring>
#define DEVICE static inline
#define MEMBER static inline
#else
#define DEVICE static __device__ __forceinline__
#define DEVICE_MEMBER __device__ __forceinline__
#define MEMBER static __device__ __forceinline__
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#endif

struct half_t { uint16_t bits; };
struct bf16_t { uint16_t bits; };

template <typename T, int N> struct alignas(sizeof(T) * N > 16 ? 16 : sizeof(T) * N) Pack { T v[N]; };

template <typename To, typename From> DEVICE To bitcast(From x) {
  static_assert(sizeof(To) == sizeof(From), "bitcast keeps the size");
  To y;
  memcpy(&y, &x, sizeof y);
  return y;
}

#ifdef MLC_HOST_SCALAR
DEVICE float half_to_float(uint16_t bits) { _Float16 h; memcpy(&h, &bits, 2); return (float)h; }
DEVICE uint16_t float_to_half(float x) { _Float16 h = (_Float16)x; uint16_t bits; memcpy(&bits, &h, 2); return bits; }
#else
DEVICE float half_to_float(uint16_t bits) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(bits)); return y; }
DEVICE uint16_t float_to_half(float x) { uint16_t y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }
#endif
// Round to nearest even; NaN stays NaN.
DEVICE uint16_t float_to_bf16(float x) {
  uint32_t bits = bitcast<uint32_t>(x);
  if (x != x) return 0x7fff;
  return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

template <typename To> struct Convert;
template <> struct Convert<float> {
  MEMBER float from(half_t x) { return half_to_float(x.bits); }
  MEMBER float from(bf16_t x) { return bitcast<float>((uint32_t)x.bits << 16); }
  MEMBER float from(float x) { return x; }
  MEMBER float from(double x) { return (float)x; }
};
template <> struct Convert<double> {
  MEMBER double from(float x) { return x; }
  MEMBER double from(half_t x) { return half_to_float(x.bits); }
  MEMBER double from(bf16_t x) { return bitcast<float>((uint32_t)x.bits << 16); }
};
template <> struct Convert<half_t> {
  MEMBER half_t from(float x) { return half_t{float_to_half(x)}; }
  MEMBER half_t from(double x) { return half_t{float_to_half((float)x)}; }
  MEMBER half_t from(half_t x) { return x; }
};
template <> struct Convert<bf16_t> {
  MEMBER bf16_t from(float x) { return bf16_t{float_to_bf16(x)}; }
  MEMBER bf16_t from(double x) { return bf16_t{float_to_bf16((float)x)}; }
  MEMBER bf16_t from(bf16_t x) { return x; }
};
template <typename To, typename From> DEVICE To convert(From x) { return Convert<To>::from(x); }

template <typename To, typename From> struct FromInt { MEMBER To from(From x) { return (To)x; } };
template <typename From> struct FromInt<half_t, From> { MEMBER half_t from(From x) { return convert<half_t>((float)x); } };
template <typename From> struct FromInt<bf16_t, From> { MEMBER bf16_t from(From x) { return convert<bf16_t>((float)x); } };
template <typename To, typename From> DEVICE To from_int(From x) { return FromInt<To, From>::from(x); }
template <typename To, typename From> DEVICE To to_int(From x) { return (To)x; }

// NaN when either is NaN, as ONNX wants.
template <typename T> DEVICE T maximum(T x, T y) { return x != x ? x : y != y ? y : x > y ? x : y; }
template <typename T> DEVICE T minimum(T x, T y) { return x != x ? x : y != y ? y : x < y ? x : y; }
#ifndef MLC_HOST_SCALAR
DEVICE float maximum(float x, float y) { float z; asm("max.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y)); return z; }
DEVICE float minimum(float x, float y) { float z; asm("min.NaN.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y)); return z; }
#endif

template <typename T> DEVICE T divide(T x, T y) { return x / y; }

#define MLC_MATH1(name, f32, f64) \
  DEVICE float math_##name(float x) { return f32(x); } \
  DEVICE double math_##name(double x) { return f64(x); }
MLC_MATH1(exp, expf, exp)
MLC_MATH1(exp2, exp2f, exp2)
MLC_MATH1(expm1, expm1f, expm1)
MLC_MATH1(log, logf, log)
MLC_MATH1(log1p, log1pf, log1p)
MLC_MATH1(sqrt, sqrtf, sqrt)
MLC_MATH1(tanh, tanhf, tanh)
MLC_MATH1(erf, erff, erf)
MLC_MATH1(sin, sinf, sin)
MLC_MATH1(cos, cosf, cos)
MLC_MATH1(tan, tanf, tan)
MLC_MATH1(asin, asinf, asin)
MLC_MATH1(acos, acosf, acos)
MLC_MATH1(atan, atanf, atan)
MLC_MATH1(sinh, sinhf, sinh)
MLC_MATH1(cosh, coshf, cosh)
MLC_MATH1(asinh, asinhf, asinh)
MLC_MATH1(acosh, acoshf, acosh)
MLC_MATH1(atanh, atanhf, atanh)
MLC_MATH1(abs, fabsf, fabs)
MLC_MATH1(floor, floorf, floor)
MLC_MATH1(ceil, ceilf, ceil)
MLC_MATH1(round, rintf, rint)
MLC_MATH1(trunc, truncf, trunc)
DEVICE float math_rsqrt(float x) { return 1.0f / sqrtf(x); }
DEVICE double math_rsqrt(double x) { return 1.0 / sqrt(x); }
DEVICE float math_pow(float x, float y) { return powf(x, y); }
DEVICE double math_pow(double x, double y) { return pow(x, y); }
DEVICE float math_mod(float x, float y) { return fmodf(x, y); }
DEVICE double math_mod(double x, double y) { return fmod(x, y); }
DEVICE float math_copysign(float x, float y) { return copysignf(x, y); }
DEVICE double math_copysign(double x, double y) { return copysign(x, y); }
DEVICE float math_fma(float x, float y, float z) { return fmaf(x, y, z); }
DEVICE double math_fma(double x, double y, double z) { return fma(x, y, z); }

/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * f32 functions over vectors of N lanes. exp*, log*, tanh, sigmoid and erf work in f32; sin and cos reduce in f64; the others convert to f64 and back,
 * which costs about four times as much and rounds correctly almost always. Error bounds: math_functions.def.
 * Sources: Cody and Waite 1980 (argument reduction), fit.py (coefficients).
 */
#define FN(name) PASTE(name##_f32x, N)
#define D(name) PASTE(name##_f64x, N)
#define FV PASTE(f32x, N)
#define IV PASTE(i32x, N)

typedef float FV __attribute__((ext_vector_type(N)));
typedef i32 IV __attribute__((ext_vector_type(N)));

INLINE FV FN(abs)(FV x) { return (FV)((IV)x & 0x7fffffff); }
INLINE FV FN(copysign)(FV x, FV s) { return (FV)(((IV)x & 0x7fffffff) | ((IV)s & ~0x7fffffff)); }
INLINE FV FN(floor)(FV x) { return __builtin_elementwise_floor(x); }
INLINE FV FN(ceil)(FV x) { return __builtin_elementwise_ceil(x); }
INLINE FV FN(trunc)(FV x) { return __builtin_elementwise_trunc(x); }
INLINE FV FN(roundeven)(FV x) { return __builtin_elementwise_roundeven(x); }

INLINE FV FN(poly)(const float *c, int n, FV t) {
  FV r = c[n - 1];
#pragma unroll
  for (int k = n - 2; k >= 0; --k) r = r * t + c[k];
  return r;
}
#define POLY(list, t)                 \
  ({                                  \
    static const float c_[] = {list}; \
    FN(poly)(c_, LENGTH(c_), t);      \
  })

/* Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the sum. */
#define MAGIC 0x1.8p+23f
INLINE IV FN(int_of_magic)(FV t) { return (IV)t - 0x4b400000; }
INLINE FV FN(clamp)(FV x, float low, float high) { /* keeps NaN; one min and one max instruction */
  x = high < x ? (FV)high : x;
  return low > x ? (FV)low : x;
}

/* expm1(r) for |r| <= ln2 / 2 of the reduced argument r = x - n ln2. */
INLINE FV FN(exp_reduce)(FV x, IV *out_n) {
  FV t = x * 0x1.715476p+0f + MAGIC;
  FV n = t - MAGIC;
  *out_n = FN(int_of_magic)(t);
  FV r = x - n * 0x1.62e4p-1f;
  r = r - n * 0x1.7f7d1cp-20f;
  return r + r * (r * POLY(EXP_F, r));
}
/* v 2^n in two steps, so that results overflow and become denormal as they should; |n| < 254. */
INLINE FV FN(scale)(FV v, IV n) {
  IV half = n >> 1;
  v *= (FV)((half + 127) << 23);
  return v * (FV)((n - half + 127) << 23);
}
INLINE FV FN(exp)(FV x) {
  IV n;
  FV p = FN(exp_reduce)(FN(clamp)(x, -104.0f, 89.0f), &n);
  return FN(scale)(1.0f + p, n);
}
INLINE FV FN(exp2)(FV x) {
  x = FN(clamp)(x, -151.0f, 129.0f);
  FV t = x + MAGIC;
  FV r = x - (t - MAGIC);
  return FN(scale)(1.0f + r * POLY(EXP2_F, r), FN(int_of_magic)(t));
}
INLINE FV FN(expm1)(FV x) {
  IV n;
  FV p = FN(exp_reduce)(FN(clamp)(x, -20.0f, 89.0f), &n);
  FV s = (FV)((n + 126) << 23); /* 2^(n-1), since 2^n may overflow where the result does not */
  FV y = 2.0f * (s * p + (s - 0.5f));
  y = FN(abs)(x) < 0x1p-25f ? x : y;
  return FN(copysign)(y, x);
}
INLINE FV FN(sigmoid)(FV x) { /* 1 / (1 + exp(-x)) with |n| <= 127, so that 2^n takes one step; below -88.37 it stays at 4e-39 */
  IV n;
  FV p = FN(exp_reduce)(FN(clamp)(-x, -87.0f, 88.37f), &n);
  FV s = (FV)((n + 127) << 23);
  return 1.0f / (1.0f + (s + s * p));
}

/* f of x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for positive finite x. */
INLINE FV FN(log_split)(FV x, IV *out_e) {
  IV tiny = x < 0x1p-126f;
  x = tiny ? x * 0x1p23f : x;
  IV e = ((IV)x - 0x3f3504f3) >> 23;
  *out_e = e - (tiny & 23);
  return (FV)((IV)x - (e << 23)) - 1.0f;
}
INLINE FV FN(log_poly)(FV f) { /* log(1 + f) */
  FV z = f * f;
  return f + (f * (z * POLY(LOG_F, f)) - 0.5f * z);
}
INLINE FV FN(log_parts)(FV x, FV *out_e) {
  IV e;
  FV f = FN(log_split)(x, &e);
  *out_e = __builtin_convertvector(e, FV);
  return FN(log_poly)(f);
}
INLINE FV FN(log_special)(FV x, FV y) { /* y where 0 < x < inf */
  y = x < INF ? y : x;
  return x > 0.0f ? y : (x == 0.0f ? (FV)-INF : (FV)NAN_F);
}
INLINE FV FN(log)(FV x) {
  FV e, l = FN(log_parts)(x, &e);
  return FN(log_special)(x, e * 0x1.62e4p-1f + (l + e * 0x1.7f7d1cp-20f));
}
INLINE FV FN(log2)(FV x) {
  FV e, l = FN(log_parts)(x, &e);
  return FN(log_special)(x, e + (l * 0x1.715476p+0f + l * 0x1.4ae0cp-26f));
}
INLINE FV FN(log10)(FV x) {
  FV e, l = FN(log_parts)(x, &e);
  l = l * 0x1.bcb7b2p-2f + e * 0x1.3509f8p-18f;
  return FN(log_special)(x, e * 0x1.344p-2f + l);
}
INLINE FV FN(log1p)(FV x) {
  FV u = 1.0f + x;
  FV c = x >= 1.0f ? 1.0f - (u - x) : x - (u - 1.0f); /* what rounding 1 + x lost */
  IV n;
  FV f = FN(log_split)(u, &n);
  f += x < 0x1p25f ? c * (FV)((127 - n) << 23) : 0.0f;
  FV e = __builtin_convertvector(n, FV);
  FV y = FN(log_special)(u, e * 0x1.62e4p-1f + (FN(log_poly)(f) + e * 0x1.7f7d1cp-20f));
  return FN(abs)(x) < 0x1p-25f ? x : y;
}

/* x P(x^2)/Q(x^2), with x clamped where the result rounds to 1. Errors above 3 ulp occur only just below 1. */
INLINE FV FN(tanh)(FV x) {
  x = FN(clamp)(x, -9.02f, 9.02f);
  FV z = x * x;
  return FN(clamp)(x * POLY(TANH_F_P, z) / POLY(TANH_F_Q, z), -1.0f, 1.0f);
}
INLINE FV FN(erf)(FV x) {
  x = FN(clamp)(x, -3.93f, 3.93f);
  FV z = x * x;
  return FN(clamp)(x * POLY(ERF_F_P, z) / POLY(ERF_F_Q, z), -1.0f, 1.0f);
}

INLINE FV FN(sin_of_quadrant)(PASTE(f64x, N) reduced, PASTE(i64x, N) quadrant) {
  FV r = __builtin_convertvector(reduced, FV);
  IV q = __builtin_convertvector(quadrant, IV);
  FV z = r * r;
  FV s = r + r * (z * POLY(SIN_F, z));
  FV c = 1.0f - (0.5f * z - z * (z * POLY(COS_F, z)));
  FV y = (q & 1) != 0 ? c : s;
  return (FV)((IV)y ^ ((q & 2) << 30));
}
INLINE FV FN(sin)(FV x) {
  PASTE(i64x, N) q;
  PASTE(f64x, N) r = D(trig_reduce)(__builtin_convertvector(x, PASTE(f64x, N)), &q);
  return FN(sin_of_quadrant)(r, q);
}
INLINE FV FN(cos)(FV x) {
  PASTE(i64x, N) q;
  PASTE(f64x, N) r = D(trig_reduce)(__builtin_convertvector(x, PASTE(f64x, N)), &q);
  return FN(sin_of_quadrant)(r, q + 1);
}

#define THROUGH_F64(name) \
  INLINE FV FN(name)(FV x) { return __builtin_convertvector(D(name)(__builtin_convertvector(x, PASTE(f64x, N))), FV); }
THROUGH_F64(tan)
THROUGH_F64(asin)
THROUGH_F64(acos)
THROUGH_F64(atan)
THROUGH_F64(sinh)
THROUGH_F64(cosh)
THROUGH_F64(asinh)
THROUGH_F64(acosh)
THROUGH_F64(atanh)
THROUGH_F64(erfc)
THROUGH_F64(cbrt)
#undef THROUGH_F64

INLINE FV FN(atan2)(FV y, FV x) {
  return __builtin_convertvector(D(atan2)(__builtin_convertvector(y, PASTE(f64x, N)), __builtin_convertvector(x, PASTE(f64x, N))), FV);
}
INLINE FV FN(pow)(FV x, FV y) {
  return __builtin_convertvector(D(pow)(__builtin_convertvector(x, PASTE(f64x, N)), __builtin_convertvector(y, PASTE(f64x, N))), FV);
}

/* Exact: in f64, x - q y is exact while the quotient q has at most 29 bits; lanes with larger ones take fmod_exact. */
INLINE FV FN(fmod)(FV x, FV y) {
  typedef PASTE(f64x, N) DV;
  DV a = D(abs)(__builtin_convertvector(x, DV)), b = D(abs)(__builtin_convertvector(y, DV));
  DV q = D(trunc)(a / b);
  DV r = a - q * b;
  r = r < 0.0 ? r + b : r;
  r = r >= b ? r - b : r;
  r = a < b ? a : r; /* also b = inf */
  PASTE(i64x, N) valid = (a < INF) & (b > 0.0), large = valid & (q >= 0x1p29);
  if (__builtin_expect(__builtin_reduce_or(large) != 0, 0))
    for (int lane = 0; lane < N; ++lane)
      if (large[lane]) r[lane] = fmod_exact(a[lane], b[lane]);
  return FN(copysign)(__builtin_convertvector(valid ? r : (DV)NAN_F, FV), x);
}

#undef MAGIC
#undef POLY
#undef FN
#undef D
#undef FV
#undef IV
#undef DV
#undef LV
#undef UV

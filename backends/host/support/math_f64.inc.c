/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * f64 functions over vectors of N lanes; also the cores of those f32 functions that are not hot. Relative error about 1e-15, pow 1e-13.
 * Sources: Cody and Waite 1980 (argument reduction, tanh, asin, sinh), Payne and Hanek 1983, Shepherd and Laframboise 1981 (erfc), fit.py (coefficients).
 */
#define FN(name) PASTE(name##_f64x, N)
#define DV PASTE(f64x, N)
#define LV PASTE(i64x, N)
#define UV PASTE(u64x, N)

typedef double DV __attribute__((ext_vector_type(N)));
typedef i64 LV __attribute__((ext_vector_type(N)));
typedef u64 UV __attribute__((ext_vector_type(N)));

INLINE DV FN(abs)(DV x) { return (DV)((LV)x & 0x7fffffffffffffffl); }
INLINE DV FN(copysign)(DV x, DV s) { return (DV)(((LV)x & 0x7fffffffffffffffl) | ((LV)s & ~0x7fffffffffffffffl)); }
INLINE DV FN(sqrt)(DV x) { return __builtin_elementwise_sqrt(x); }
INLINE DV FN(floor)(DV x) { return __builtin_elementwise_floor(x); }
INLINE DV FN(ceil)(DV x) { return __builtin_elementwise_ceil(x); }
INLINE DV FN(trunc)(DV x) { return __builtin_elementwise_trunc(x); }
INLINE DV FN(roundeven)(DV x) { return __builtin_elementwise_roundeven(x); }

INLINE DV FN(poly)(const double *c, int n, DV t) {
  DV r = c[n - 1];
#pragma unroll
  for (int k = n - 2; k >= 0; --k) r = r * t + c[k];
  return r;
}
#define POLY(list, t)                            \
  ({                                             \
    static const double c_[] = {list};           \
    FN(poly)(c_, LENGTH(c_), t);                 \
  })

/* Adding 1.5 * 2^52 leaves the nearest integer in the low bits of the sum. */
#define MAGIC 0x1.8p+52
INLINE LV FN(int_of_magic)(DV t) { return (LV)t - 0x4338000000000000l; }
INLINE DV FN(from_int)(LV n) { return (DV)(n + 0x4338000000000000l) - MAGIC; }

/* expm1(r) for |r| <= ln2 / 2 of the reduced argument r = x - n ln2. */
INLINE DV FN(exp_reduce)(DV x, LV *out_n) {
  DV t = x * 0x1.71547652b82fep+0 + MAGIC;
  DV n = t - MAGIC;
  *out_n = FN(int_of_magic)(t);
  DV r = x - n * 0x1.62e42fefa2000p-1;
  r = r - n * 0x1.9ef35793c7673p-41;
  return r + r * (r * POLY(EXP_D, r));
}
/* v 2^n in two steps, so that results overflow and become denormal as they should; |n| < 2046. */
INLINE DV FN(scale)(DV v, LV n) {
  LV half = (LV)((UV)(n + 4096) >> 1) - 2048;
  v *= (DV)((half + 1023) << 52);
  return v * (DV)((n - half + 1023) << 52);
}
INLINE DV FN(clamp)(DV x, double low, double high) { /* keeps NaN */
  x = x > high ? (DV)high : x;
  return x < low ? (DV)low : x;
}
INLINE DV FN(exp)(DV x) {
  LV n;
  DV p = FN(exp_reduce)(FN(clamp)(x, -746.0, 710.0), &n);
  return FN(scale)(1.0 + p, n);
}
INLINE DV FN(exp2)(DV x) {
  x = FN(clamp)(x, -1076.0, 1025.0);
  DV t = x + MAGIC;
  DV r = (x - (t - MAGIC)) * 0x1.62e42fefa39efp-1;
  return FN(scale)(1.0 + (r + r * (r * POLY(EXP_D, r))), FN(int_of_magic)(t));
}
INLINE DV FN(expm1)(DV x) {
  LV n;
  DV p = FN(exp_reduce)(FN(clamp)(x, -40.0, 710.0), &n);
  DV s = (DV)((n + 1022) << 52); /* 2^(n-1), since 2^n may overflow where the result does not */
  DV y = 2.0 * (s * p + (s - 0.5));
  y = FN(abs)(x) < 0x1p-54 ? x : y;
  return FN(copysign)(y, x);
}

/* f of x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for positive finite x. */
INLINE DV FN(log_split)(DV x, LV *out_e) {
  LV tiny = x < 0x1p-1022;
  x = tiny ? x * 0x1p54 : x;
  LV i = (LV)x - 0x3fe6a09e667f3bcdl;
  LV e = (LV)((UV)(i + (1024l << 52)) >> 52) - 1024;
  *out_e = e - (tiny & 54);
  return (DV)((LV)x - (e << 52)) - 1.0;
}
INLINE DV FN(log_poly)(DV f) { /* log(1 + f) = 2 s + 2 s^3/3 + ... with s = f / (2 + f) */
  DV s = f / (2.0 + f);
  DV z = s * s;
  return 2.0 * s + s * (z * POLY(LOG_D, z));
}
INLINE DV FN(log_parts)(DV x, DV *out_e) {
  LV e;
  DV f = FN(log_split)(x, &e);
  *out_e = FN(from_int)(e);
  return FN(log_poly)(f);
}
INLINE DV FN(log_special)(DV x, DV y) { /* y where 0 < x < inf */
  y = x < INF ? y : x;
  return x > 0.0 ? y : (x == 0.0 ? (DV)-INF : (DV)NAN_F);
}
INLINE DV FN(log)(DV x) {
  DV e, l = FN(log_parts)(x, &e);
  return FN(log_special)(x, e * 0x1.62e42fefa2000p-1 + (l + e * 0x1.9ef35793c7673p-41));
}
INLINE DV FN(log2)(DV x) {
  DV e, l = FN(log_parts)(x, &e);
  return FN(log_special)(x, l * 0x1.71547652b82fep+0 + e);
}
INLINE DV FN(log10)(DV x) {
  DV e, l = FN(log_parts)(x, &e);
  l = l * 0x1.bcb7b1526e50ep-2 + e * 0x1.9fef311f12b36p-42;
  return FN(log_special)(x, e * 0x1.34413509f6000p-2 + l);
}
INLINE DV FN(log1p)(DV x) {
  DV u = 1.0 + x;
  DV c = x >= 1.0 ? 1.0 - (u - x) : x - (u - 1.0); /* what rounding 1 + x lost */
  LV n;
  DV f = FN(log_split)(u, &n);
  f += x < 0x1p54 ? c * (DV)((1023 - n) << 52) : 0.0;
  DV e = FN(from_int)(n);
  DV y = FN(log_special)(u, e * 0x1.62e42fefa2000p-1 + (FN(log_poly)(f) + e * 0x1.9ef35793c7673p-41));
  return FN(abs)(x) < 0x1p-54 ? x : y;
}

/* x - q pi/2 in about [-pi/4, pi/4], three parts of pi/2 of which two multiply exactly; the bits of q go to *out_q. */
INLINE DV FN(trig_reduce)(DV x, LV *out_q) {
  DV t = x * 0x1.45f306dc9c883p-1 + MAGIC;
  DV n = t - MAGIC;
  LV q = FN(int_of_magic)(t);
  DV r = x - n * 0x1.921fb544p+0;
  r = r - n * 0x1.0b4611a6p-34;
  r = r - n * 0x1.3198a2e037073p-69;
  LV large = !(FN(abs)(x) < 0x1p17);
  if (__builtin_expect(__builtin_reduce_or(large) != 0, 0)) {
    for (int lane = 0; lane < N; ++lane) {
      i64 quadrant = 0;
      double v = x[lane];
      if (!large[lane]) continue;
      r[lane] = v - v == 0.0 ? reduce_large(v, &quadrant) : v - v;
      q[lane] = quadrant;
    }
  }
  *out_q = q;
  return r;
}
INLINE DV FN(sin_poly)(DV r, DV z) { return r + r * (z * POLY(SIN_D, z)); }
INLINE DV FN(cos_poly)(DV z) { return 1.0 - (0.5 * z - z * (z * POLY(COS_D, z))); }
INLINE DV FN(sin_of_quadrant)(DV r, LV q) {
  DV z = r * r;
  DV y = (q & 1) != 0 ? FN(cos_poly)(z) : FN(sin_poly)(r, z);
  return (DV)((LV)y ^ ((q & 2) << 62));
}
INLINE DV FN(sin)(DV x) {
  LV q;
  DV r = FN(trig_reduce)(x, &q);
  return FN(sin_of_quadrant)(r, q);
}
INLINE DV FN(cos)(DV x) {
  LV q;
  DV r = FN(trig_reduce)(x, &q);
  return FN(sin_of_quadrant)(r, q + 1);
}
INLINE DV FN(tan)(DV x) {
  LV q;
  DV r = FN(trig_reduce)(x, &q), z = r * r;
  DV s = FN(sin_poly)(r, z), c = FN(cos_poly)(z);
  LV odd = (q & 1) != 0;
  return (odd ? -c : s) / (odd ? s : c);
}

/* The angle of (x, y): the smaller over the larger coordinate, turned back by pi/4 above tan(pi/8), then unfolded by octants. */
INLINE DV FN(atan2)(DV y, DV x) {
  DV ax = FN(abs)(x), ay = FN(abs)(y);
  LV steep = ay > ax;
  DV a = steep ? ax : ay, b = steep ? ay : ax;
  DV scale = b > 0x1p1000 ? (DV)0x1p-60 : (b < 0x1p-900 ? (DV)0x1p60 : (DV)1.0);
  a *= scale, b *= scale;
  LV turned = a > 0x1.a827999fcef34p-2 * b;
  DV u = (turned ? a - b : a) / (turned ? a + b : b);
  u = b == 0.0 ? (DV)0.0 : u;
  u = a == INF ? (DV)0.0 : u; /* both infinite; `turned` holds the rest */
  turned |= a == INF;
  DV z = u * u;
  DV r = u + u * (z * POLY(ATAN_D, z));
  r = turned ? 0x1.921fb54442d18p-1 + (r + 0x1.1a62633145c07p-55) : r;
  r = steep ? 0x1.921fb54442d18p+0 - (r - 0x1.1a62633145c07p-54) : r;
  r = (LV)x < 0 ? 0x1.921fb54442d18p+1 - (r - 0x1.1a62633145c07p-53) : r;
  r = FN(copysign)(r, y);
  return x == x && y == y ? r : x + y;
}
INLINE DV FN(atan)(DV x) { return FN(atan2)(x, 1.0); }
INLINE DV FN(asin)(DV x) { return FN(atan2)(x, FN(sqrt)((1.0 - x) * (1.0 + x))); }
INLINE DV FN(acos)(DV x) { return FN(atan2)(FN(sqrt)((1.0 - x) * (1.0 + x)), x); }

INLINE DV FN(sinh)(DV x) {
  DV a = FN(abs)(x), t = FN(expm1)(a), h = FN(exp)(0.5 * a);
  DV y = a > 22.0 ? 0.5 * h * h : 0.5 * (t + t / (t + 1.0));
  return FN(copysign)(y, x);
}
INLINE DV FN(cosh)(DV x) {
  DV h = FN(exp)(0.5 * FN(abs)(x)), e = h * h;
  return 0.5 * h * h + (0.5 / e);
}
INLINE DV FN(tanh)(DV x) {
  DV a = FN(abs)(x), t = FN(expm1)(2.0 * (a > 22.0 ? (DV)22.0 : a));
  return FN(copysign)(t / (t + 2.0), x);
}
INLINE DV FN(sigmoid)(DV x) {
  DV e = FN(exp)(-FN(abs)(x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}
INLINE DV FN(asinh)(DV x) {
  DV a = FN(abs)(x), s = a * a;
  LV large = a > 0x1p60;
  DV y = FN(log1p)(large ? a : a + s / (1.0 + FN(sqrt)(s + 1.0)));
  return FN(copysign)(large ? y + 0x1.62e42fefa39efp-1 : y, x);
}
INLINE DV FN(acosh)(DV x) {
  LV large = x > 0x1p60;
  DV t = x - 1.0;
  DV y = FN(log1p)(large ? x : t + FN(sqrt)(t * t + 2.0 * t));
  y = large ? y + 0x1.62e42fefa39efp-1 : y;
  return x < 1.0 ? (DV)NAN_F : y;
}
INLINE DV FN(atanh)(DV x) {
  DV a = FN(abs)(x);
  DV y = 0.5 * FN(log1p)(2.0 * (a / (1.0 - a)));
  return FN(copysign)(a > 1.0 ? (DV)NAN_F : y, x);
}

INLINE DV FN(erf_small)(DV x) { /* |x| <= 1 */
  DV z = x * x;
  return x * POLY(ERF_D, z);
}
/* exp(-a^2) P((a-4)/(a+4)) / (1 + 2a) for a >= 0.9; a^2 is split so that its rounding does not grow through exp. */
INLINE DV FN(erfc_large)(DV a) {
  a = a > 28.0 ? (DV)28.0 : a;
  DV h = (DV)((LV)a & ~0x7ffffffl);
  DV d = (a - h) * (a + h);
  DV e = FN(exp)(-h * h) * (1.0 - (d - d * (0.5 * d)));
  DV y = (a - 4.0) / (a + 4.0);
  return e * POLY(ERFC_D, y) / (1.0 + 2.0 * a);
}
INLINE DV FN(erf)(DV x) {
  DV a = FN(abs)(x);
  return a < 1.0 ? FN(erf_small)(x) : FN(copysign)(1.0 - FN(erfc_large)(a), x);
}
INLINE DV FN(erfc)(DV x) {
  DV a = FN(abs)(x), y = FN(erfc_large)(a);
  y = x < 0.0 ? 2.0 - y : y;
  return a < 0.95 ? 1.0 - FN(erf_small)(x) : y;
}

/* exp(log(a) / 3), then one Newton step. */
INLINE DV FN(cbrt)(DV x) {
  DV a = FN(abs)(x);
  DV y = FN(exp)(FN(log)(a) * 0x1.5555555555555p-2);
  y = y - (y - a / (y * y)) * 0x1.5555555555555p-2;
  return a > 0.0 && a < INF ? FN(copysign)(y, x) : x;
}

/* exp(y log|x|) and the special cases of C's Annex F. */
INLINE DV FN(pow)(DV x, DV y) {
  DV a = FN(abs)(x), half = 0.5 * y;
  LV whole = FN(floor)(y) == y, odd = whole & (FN(floor)(half) != half);
  DV r = FN(exp)(y * FN(log)(a));
  r = a == 1.0 ? (DV)1.0 : r;
  r = ((x < 0.0) & ~whole & (a < INF)) ? (DV)NAN_F : r;
  r = (DV)((LV)r ^ (odd & (LV)x & ~0x7fffffffffffffffl));
  r = x == x && y == y ? r : x + y;
  return ((x == 1.0) | (y == 0.0)) ? (DV)1.0 : r;
}

INLINE DV FN(fmod)(DV x, DV y) {
  DV r = NAN_F;
  for (int lane = 0; lane < N; ++lane)
    if (x[lane] - x[lane] == 0.0 && y[lane] == y[lane] && y[lane] != 0.0) r[lane] = fmod_exact(x[lane], y[lane]);
  return r;
}

#undef MAGIC
#undef POLY
#undef FN

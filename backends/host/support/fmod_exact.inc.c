/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * The exact floating-point remainder, shared by math.c and libcalls.c (which define i64, u64 and INLINE).
 */
INLINE double f64_of_bits(u64 bits) {
  union { u64 u; double d; } v = {bits};
  return v.d;
}
INLINE u64 bits_of_f64(double x) {
  union { double d; u64 u; } v = {x};
  return v.u;
}

/* The exact remainder of x / y for finite x and y != 0, with the sign of x: long division, 11 quotient bits a step. */
static __attribute__((noinline)) double fmod_exact(double x, double y) {
  u64 a = bits_of_f64(x) & ~0ull >> 1, b = bits_of_f64(y) & ~0ull >> 1, sign = bits_of_f64(x) >> 63 << 63;
  if (a < b) return x;
  int ea = (int)(a >> 52), eb = (int)(b >> 52);
  u64 ma = (a & 0xfffffffffffffull) | (u64)(ea > 0) << 52, mb = (b & 0xfffffffffffffull) | (u64)(eb > 0) << 52;
  ea += ea == 0;
  eb += eb == 0;
  ma %= mb;
  for (int left = ea - eb; left > 0 && ma != 0;) {
    int step = left < 11 ? left : 11;
    ma = (ma << step) % mb;
    left -= step;
  }
  if (ma == 0) return f64_of_bits(sign);
  int shift = __builtin_clzll(ma) - 11; /* ma 2^(eb - 1075), normalised */
  if (shift >= eb) return f64_of_bits(sign | ma << (eb - 1));
  return f64_of_bits(sign | ((ma << shift) + ((u64)(eb - shift - 1) << 52)));
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Functions of f32 that stand in front of those of scalar.h in kernels whose results are all halves: some 1e-6 away from the right value, in a third of the instructions. An epilogue with erff takes longer than its product.

DEVICE double math_exp(double x) { return ::math_exp(x); }
DEVICE float math_exp(float x) { return __expf(x); }

DEVICE double math_erf(double x) { return ::math_erf(x); }
// At most 1.5e-7 away: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
DEVICE float math_erf(float x) {
  const float a = fabsf(x), t = __fdividef(1.0f, fmaf(0.3275911f, a, 1.0f));
  const float sum = t * fmaf(t, fmaf(t, fmaf(t, fmaf(t, 1.061405429f, -1.453152027f), 1.421413741f), -0.284496736f), 0.254829592f);
  return copysignf(fmaf(-sum, __expf(-a * a), 1.0f), x);
}

template <typename T> DEVICE T divide(T x, T y) { return x / y; }
DEVICE float divide(float x, float y) { return __fdividef(x, y); }

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Functions of f32 that stand in front of those of scalar.h in kernels whose results are all halves: nearer to the right value than the results' own rounding, in a fraction of the instructions. An epilogue with erff takes longer than its product.

DEVICE double math_exp(double x) { return ::math_exp(x); }
DEVICE float math_exp(float x) { return __expf(x); }

DEVICE double math_erf(double x) { return ::math_erf(x); }
// At most 2.6e-5 away, by multiplications alone: x times a minimax polynomial of x^2 on [-3.1, 3.1], fitted by least squares with reweighting.
DEVICE float math_erf(float x) {
  const float a = minimum(maximum(x, -3.1f), 3.1f), t = fmaf(a * a, 0.20811655f, -1.0f);
  float sum = 0.009348378f;
  sum = fmaf(sum, t, -0.023198005f);
  sum = fmaf(sum, t, 0.027935881f);
  sum = fmaf(sum, t, -0.042791665f);
  sum = fmaf(sum, t, 0.07649244f);
  sum = fmaf(sum, t, -0.11389118f);
  sum = fmaf(sum, t, 0.1563142f);
  sum = fmaf(sum, t, -0.22293596f);
  sum = fmaf(sum, t, 0.45531085f);
  return a * sum;
}

template <typename T> DEVICE T divide(T x, T y) { return x / y; }
DEVICE float divide(float x, float y) { return __fdividef(x, y); }

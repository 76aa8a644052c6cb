// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Rows of a softmax whose keys come in parts: the maximum and the sum of a row over the four lanes that share it in mma's accumulators, and what a maximum stands for in exponents.
// Source: Milakov and Gimelshein 2018, Online normalizer calculation for softmax.

DEVICE float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffff, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffff, x, 2));
}
DEVICE float quad_sum(float x) {
  x += __shfl_xor_sync(0xffffffff, x, 1);
  return x + __shfl_xor_sync(0xffffffff, x, 2);
}
DEVICE float no_logit() { return -__int_as_float(0x7f800000); } // minus infinity
// What a row's exponents are taken relative to: its maximum, and 0 for a row of -inf so far, where exp(-inf) = 0.
DEVICE float exponent_base(float largest) { return largest > no_logit() ? largest : 0; }

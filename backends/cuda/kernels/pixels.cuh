// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the templates of windows share: shared memory filled through registers, and vectors of channels that leave through the epilogue.

// The block's `kCount` vectors through registers, four of a thread under way at a time.
template <int kCount, int kThreads, typename Vector, typename Get> DEVICE void bring_computed(Vector *to, Get get) {
  constexpr int kAtOnce = 4;
  for (unsigned first = threadIdx.x; first < kCount; first += kThreads * kAtOnce) {
    Vector values[kAtOnce];
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j)
      if (first + j * kThreads < kCount) values[j] = get(first + j * kThreads);
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j)
      if (first + j * kThreads < kCount) to[first + j * kThreads] = values[j];
  }
}

// Neighbouring channels of several pixels through the epilogue: what it reads for all of them is on its way before the first is stored. Pixels outside of the result are left out.
template <typename C, int kCount, int kWidth>
DEVICE void store_pixels(const Params &p, int64_t image, const int (&y)[kCount], const int (&x)[kCount], int c, const Pack<float, kWidth> (&sums)[kCount], int size_p, int size_q) {
  if constexpr (C::kByVectors) {
    Pack<typename C::Result, kWidth> values[kCount];
#pragma unroll
    for (int i = 0; i < kCount; ++i) values[i] = resultVector(p, image, y[i] < size_p ? y[i] : size_p - 1, x[i] < size_q ? x[i] : size_q - 1, c, sums[i]);
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      if (y[i] < size_p && x[i] < size_q) writeVector(p, image, y[i], x[i], c, values[i]);
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      if (y[i] < size_p && x[i] < size_q) storeVector(p, image, y[i], x[i], c, sums[i]);
  }
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What templates share that fill shared memory through registers.

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

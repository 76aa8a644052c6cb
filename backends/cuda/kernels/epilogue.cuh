// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How the templates of products hand accumulators to the epilogue's holes (product.cuh names them).

// Position of an epilogue's element; divisions of small numbers are several times cheaper.
template <typename C> DEVICE int64_t position(int64_t first, int offset) {
  const int64_t at = first + offset;
  if constexpr (C::kNarrow) __builtin_assume(at >= 0 && at <= 0x7fffffff);
  return at;
}

// Several vectors of accumulators through the epilogue, side by side: what it reads for all of them is on its way before the first is stored. m and n are those of each; vectors outside of the result are left out.
template <typename C, int kCount> DEVICE void finish_vectors(const Params &p, int64_t b, const int64_t (&m)[kCount], const int64_t (&n)[kCount], const Pack<float, C::kStoreWidth> (&acc)[kCount], int64_t size_m, int64_t size_n) {
  if constexpr (C::kByVectors) {
    Pack<typename C::Result, C::kStoreWidth> values[kCount];
#pragma unroll
    for (int i = 0; i < kCount; ++i) values[i] = resultVector(p, b, m[i] < size_m ? m[i] : size_m - 1, n[i] < size_n ? n[i] : size_n - C::kStoreWidth, acc[i]);
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      if (m[i] < size_m && n[i] < size_n) writeVector(p, b, m[i], n[i], values[i]);
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      if (m[i] < size_m && n[i] < size_n) storeVector(p, b, m[i], n[i], acc[i]);
  }
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How the templates of products hand accumulators to the epilogue's holes (product.cuh names them). T: of a template's tile kThreads, kOutStride and what of it a block finishes when kSplit blocks share its K, kReceivedRows and kReceivedElems.

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

// One element of a finished tile, as store_tile adds it up.
template <typename C, typename T> DEVICE float tile_element(const float *out, const float *received, int rank, int row, int column) {
  const float *mine = out + (rank * T::kReceivedRows + row) * T::kOutStride + column;
  if constexpr (C::kSplit == 1) return *mine;
  float sum = 0;
#pragma unroll
  for (int s = 0; s < C::kSplit; ++s) sum += *(s == rank ? mine : received + s * T::kReceivedElems + row * T::kOutStride + column);
  return sum;
}

// The same rows for results that are stored one by one (an odd N): a thread's four columns lie a quarter of the tile apart, so that neighbouring threads store neighbours.
template <typename C, typename T> DEVICE void store_elements(const Params &p, const float *out, const float *received, int rank, int64_t b, int64_t m0, int64_t n0, int64_t size_m, int64_t size_n) {
  constexpr int kPerRow = C::kBlockN / 4;
  const int first = rank * T::kReceivedRows;
  for (int i = threadIdx.x; i < T::kReceivedRows * kPerRow; i += T::kThreads) {
    const int row = i / kPerRow;
    const int64_t m = position<C>(m0, first + row);
    if (m >= size_m) continue;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int column = i % kPerRow + j * kPerRow;
      const int64_t n = position<C>(n0, column);
      if (n < size_n) storeOne(p, b, m, n, tile_element<C, T>(out, received, rank, row, column));
    }
  }
}

// The tile's rows that this block finishes: all, or the split's part number `rank`, to which the others' parts in `received` are added (in the order of their ranks, so that all runs agree).
template <typename C, typename T> DEVICE void store_tile(const Params &p, const float *out, const float *received, int rank, int64_t b, int64_t m0, int64_t n0, int64_t size_m, int64_t size_n) {
  constexpr int kWidth = C::kStoreWidth, kPerRow = C::kBlockN / kWidth, kVectors = T::kReceivedRows * kPerRow, kEach = (kVectors + T::kThreads - 1) / T::kThreads, kTogether = kEach < 4 ? kEach : 4;
  const int first = rank * T::kReceivedRows;
  for (int start = threadIdx.x; start < kVectors; start += kTogether * T::kThreads) {
    int64_t m[kTogether], n[kTogether];
    Pack<float, kWidth> acc[kTogether];
#pragma unroll
    for (int i = 0; i < kTogether; ++i) {
      const int vector = start + i * T::kThreads;
      const bool has = kVectors % (kTogether * T::kThreads) == 0 || vector < kVectors;
      const int row = has ? vector / kPerRow : 0, column = has ? vector % kPerRow * kWidth : 0;
      m[i] = has ? position<C>(m0, first + row) : size_m;
      n[i] = position<C>(n0, column);
#pragma unroll
      for (int j = 0; j < kWidth; j += 4) {
        const float *mine = out + (first + row) * T::kOutStride + column + j;
        float4 v = *(const float4 *)mine;
        if constexpr (C::kSplit > 1) {
          v = make_float4(0, 0, 0, 0);
#pragma unroll
          for (int s = 0; s < C::kSplit; ++s) {
            const float4 part = *(const float4 *)(s == rank ? mine : received + s * T::kReceivedElems + row * T::kOutStride + column + j);
            v.x += part.x, v.y += part.y, v.z += part.z, v.w += part.w;
          }
        }
        acc[i].v[j] = v.x, acc[i].v[j + 1] = v.y, acc[i].v[j + 2] = v.z, acc[i].v[j + 3] = v.w;
      }
    }
    finish_vectors<C>(p, b, m, n, acc, size_m, size_n);
  }
}

template <typename C, typename T> DEVICE void finish_tile(const Params &p, const float *out, const float *received, int rank, int64_t b, int64_t m0, int64_t n0, int64_t size_m, int64_t size_n) {
  if constexpr (C::kStoreWidth > 1)
    store_tile<C, T>(p, out, received, rank, b, m0, n0, size_m, size_n);
  else
    store_elements<C, T>(p, out, received, rank, b, m0, n0, size_m, size_n);
}

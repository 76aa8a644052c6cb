// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Attention: y[b, m, :] = sum_n softmax_n(logits(b, m, n, q[b, m, :] . k[b, n, :])) v[b, n, :], f16 or bf16 with f32 sums. One block has kBlockM queries of one batch entry and head; it passes over the
// keys once, kBlockN at a time, with the row's maximum and sum carried along, so that scores never reach memory. Keys and values come through two stages of shared memory (cp.async where 16 bytes lie together
// and are aligned, else element by element); rows are padded by 16 bytes against bank conflicts. Grid: batch x tiles of queries.
// Source: Dao 2023, FlashAttention-2; Milakov and Gimelshein 2018 (online softmax).
//
// Holes: sizeM, sizeN (p); queryElement or queryAddress(p, b, m, d), keyElement or keyAddress(p, b, n, d), valueElement or valueAddress(p, b, n, d); logit(p, b, m, n, score);
// storePair(p, b, m, d, Pack<float, 2>).
// Configuration: struct Config with Element, kBlockM (16 per warp), kBlockN, kD and kDv (multiples of 16), kQueryVector, kKeyVector, kValueVector, kGuarded.

template <typename C> struct AttentionTile {
  typedef typename C::Element Element;
  static constexpr int kThreads = C::kBlockM * 2;
  static constexpr int kKeyStride = C::kD + 8, kValueStride = C::kDv + 8;
  static constexpr int kKeyElems = C::kBlockN * kKeyStride, kValueElems = C::kBlockN * kValueStride, kQueryElems = C::kBlockM * kKeyStride;
  static constexpr int kSharedBytes = (kQueryElems + 2 * (kKeyElems + kValueElems)) * 2;
};

template <typename C, int kRows, int kColumns, bool kVector, typename Address, typename ElementAt>
DEVICE void load_rows(typename C::Element *to, int stride, int64_t first, int64_t limit, const void *any, Address address, ElementAt element) {
  constexpr int kPerRow = kColumns / 8, kChunks = kRows * kPerRow;
#pragma unroll
  for (int i = 0; i < (kChunks + AttentionTile<C>::kThreads - 1) / AttentionTile<C>::kThreads; ++i) {
    const int chunk = threadIdx.x + i * AttentionTile<C>::kThreads;
    if (kChunks % AttentionTile<C>::kThreads && chunk >= kChunks) break;
    const int row = chunk / kPerRow, column = chunk % kPerRow * 8;
    const bool valid = first + row < limit;
    typename C::Element *at = to + row * stride + column;
    if constexpr (kVector) {
      cp_async16(at, valid ? address(first + row, column) : any, valid);
    } else {
      Pack<typename C::Element, 8> values;
#pragma unroll
      for (int j = 0; j < 8; ++j) values.v[j] = valid ? element(first + row, column + j) : typename C::Element{};
      *(Pack<typename C::Element, 8> *)at = values;
    }
  }
}

template <typename C> DEVICE void attention(const Params &p, char *shared) {
  typedef AttentionTile<C> T;
  typedef typename C::Element Element;
  const int64_t size_m = sizeM(p), size_n = sizeN(p);
  const uint32_t tiles = (uint32_t)((size_m + C::kBlockM - 1) / C::kBlockM);
  const int64_t b = blockIdx.x / tiles, m0 = (int64_t)(blockIdx.x % tiles) * C::kBlockM;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  Element *queries = (Element *)shared, *stages = queries + T::kQueryElems;

  wait_for_launches();
  start_dependents();
  load_rows<C, C::kBlockM, C::kD, C::kQueryVector>(queries, T::kKeyStride, m0, size_m, p.b0, [&](int64_t m, int d) { return queryAddress(p, b, m, d); },
                                                   [&](int64_t m, int d) { return queryElement(p, b, m, d); });
  auto load = [&](int64_t n0, int stage) {
    Element *keys = stages + stage * (T::kKeyElems + T::kValueElems), *values = keys + T::kKeyElems;
    load_rows<C, C::kBlockN, C::kD, C::kKeyVector>(keys, T::kKeyStride, n0, size_n, p.b0, [&](int64_t n, int d) { return keyAddress(p, b, n, d); },
                                                   [&](int64_t n, int d) { return keyElement(p, b, n, d); });
    load_rows<C, C::kBlockN, C::kDv, C::kValueVector>(values, T::kValueStride, n0, size_n, p.b0, [&](int64_t n, int d) { return valueAddress(p, b, n, d); },
                                                      [&](int64_t n, int d) { return valueElement(p, b, n, d); });
    cp_async_commit();
  };
  load(0, 0);

  float out[C::kDv / 8][4] = {}, largest[2], sum[2] = {0, 0};
  largest[0] = largest[1] = no_logit();
  const int64_t row = m0 + warp * 16 + lane / 4;
  int stage = 0;
  for (int64_t n0 = 0; n0 < size_n; n0 += C::kBlockN, stage ^= 1) {
    cp_async_wait<0>();
    __syncthreads(); // this stage is here, the other one is free
    if (n0 + C::kBlockN < size_n) load(n0 + C::kBlockN, stage ^ 1);
    const Element *keys = stages + stage * (T::kKeyElems + T::kValueElems), *values = keys + T::kKeyElems;
    float scores[C::kBlockN / 8][4] = {};
#pragma unroll
    for (int d = 0; d < C::kD; d += 16) {
      uint32_t a[4];
      ldmatrix4(a, queries + (warp * 16 + lane % 16) * T::kKeyStride + d + lane / 16 * 8);
#pragma unroll
      for (int j = 0; j < C::kBlockN / 8; j += 2) {
        uint32_t k[4];
        ldmatrix4(k, keys + (j * 8 + lane % 8 + lane / 16 * 8) * T::kKeyStride + d + lane / 8 % 2 * 8);
        mma16816(Element{}, scores[j], a, k[0], k[1]);
        mma16816(Element{}, scores[j + 1], a, k[2], k[3]);
      }
    }
    float high[2] = {largest[0], largest[1]};
#pragma unroll
    for (int j = 0; j < C::kBlockN / 8; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int64_t m = row + i / 2 * 8, n = n0 + j * 8 + lane % 4 * 2 + i % 2;
        float &s = scores[j][i];
        s = n < size_n && m < size_m ? logit(p, b, m, n, s) : no_logit();
        high[i / 2] = fmaxf(high[i / 2], s);
      }
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      high[r] = quad_max(high[r]);
      const float base = exponent_base(high[r]);
      const float scale = __expf(largest[r] - base);
      largest[r] = high[r];
      float part = 0;
#pragma unroll
      for (int j = 0; j < C::kBlockN / 8; ++j)
#pragma unroll
        for (int i = 2 * r; i < 2 * r + 2; ++i) part += scores[j][i] = __expf(scores[j][i] - base);
      sum[r] = sum[r] * scale + quad_sum(part);
#pragma unroll
      for (int j = 0; j < C::kDv / 8; ++j) out[j][2 * r] *= scale, out[j][2 * r + 1] *= scale;
    }
#pragma unroll
    for (int j = 0; j < C::kBlockN / 16; ++j) {
      const uint32_t a[4] = {pack_pair(Element{}, scores[2 * j][0], scores[2 * j][1]), pack_pair(Element{}, scores[2 * j][2], scores[2 * j][3]),
                             pack_pair(Element{}, scores[2 * j + 1][0], scores[2 * j + 1][1]), pack_pair(Element{}, scores[2 * j + 1][2], scores[2 * j + 1][3])};
#pragma unroll
      for (int d = 0; d < C::kDv / 8; d += 2) {
        uint32_t v[4];
        ldmatrix4_trans(v, values + (j * 16 + lane % 16) * T::kValueStride + d * 8 + lane / 16 * 8);
        mma16816(Element{}, out[d], a, v[0], v[1]);
        mma16816(Element{}, out[d + 1], a, v[2], v[3]);
      }
    }
  }
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int64_t m = row + r * 8;
    if (m >= size_m) continue;
    const bool counts = !C::kGuarded || sum[r] > 0; // else no logit was finite, or one was NaN
    const float inverse = 1 / sum[r];
#pragma unroll
    for (int j = 0; j < C::kDv / 8; ++j) {
      Pack<float, 2> pair;
      pair.v[0] = counts ? out[j][2 * r] * inverse : 0;
      pair.v[1] = counts ? out[j][2 * r + 1] * inverse : 0;
      storePair(p, b, m, j * 8 + lane % 4 * 2, pair);
    }
  }
}

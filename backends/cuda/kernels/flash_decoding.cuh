// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Attention of few queries (decoding): y[b, m, :] = sum_n softmax_n(logits(b, m, n, q[b, m, :] . k[b, n, :])) v[b, n, :], f16, bf16 or f32 with f32 sums (f32 as three products of TF32). What it costs is reading keys and values, so these are read once, by as
// many warps as there are keys for: the kGroup query heads of one head of keys are rows of one tile of 16, and each step of 16 keys (8 of f32 when heads are long) is one warp's, of the kWarps warps of a block and the kSplit blocks of a cluster (sm_90)
// in turn. A warp reads 16-byte vectors into registers just where mma.sync wants them (which of its 16 columns of K a number of a head is does not matter, as long as q and k agree, nor which column of a tile a number of
// the result is), the keys and values of its next step while it computes, and keeps maximum, sum and result of its own keys. Warps add up through shared memory; blocks are sent their part of the columns by
// bulk copies between shared memories. All orders are fixed, so runs agree bit by bit. A warp without keys has a sum of 0.
// Grid: batch x heads of keys x tiles of 16 rows x kSplit, the last fastest. Right at any number of queries; more than some tiles read keys and values again. Shared memory: DecodeTile.
// Sources: Dao, Haziza, Massa, Sizov 2023, Flash-Decoding for long-context inference; Dao 2023, FlashAttention-2.
//
// Holes: sizeM, sizeN (p); queryPack(p, b, m, d), keyPack and valuePack(p, b, n, d), 16 bytes of elements; logit(p, b, m, n, score); storePair(p, b, m, d, Pack<float, 2>). b counts heads of queries.
// Configuration: struct Config with Element, kD and kDv (multiples of 16), kGroup, kRows (of the tile that may count, 4 to 16), kWarps, kSplit, kGuarded.

// Parts of a result are [kRows][columns] sums, then [kRows] maxima, then [kRows] sums of exponentials.
template <typename C> struct DecodeTile {
  typedef typename C::Element Element;
  static constexpr bool kIsFloat = sizeof(Element) == 4;
  static constexpr int kVector = 16 / sizeof(Element);
  typedef Pack<Element, kVector> Vector;
  static constexpr int kTiles = kIsFloat && (C::kD > 64 || C::kDv > 64) ? 1 : 2; // of 8 keys, of a step
  static constexpr int kThreads = 32 * C::kWarps, kKeys = 8 * kTiles;
  static constexpr int kKeyPart = 4 * kVector, kValuePart = 8 * kVector; // numbers of a row that lanes read together
  static constexpr int kKeyPacks = (C::kD + kKeyPart - 1) / kKeyPart, kValuePacks = (C::kDv + kValuePart - 1) / kValuePart;
  static constexpr int kHalves = C::kRows > 8 ? 2 : 1;                                  // rows of a lane
  static constexpr int kColumns = C::kDv / C::kSplit;                                   // that each block of the cluster finishes
  static constexpr int kWarpElems = C::kRows * (C::kDv + 2), kBlockElems = C::kRows * (kColumns + 2);
  static constexpr int kSent = C::kWarps * kWarpElems, kReceived = kSent + C::kSplit * kBlockElems, kEnd = kReceived + C::kSplit * kBlockElems;
  static constexpr int kSharedBytes = C::kSplit > 1 ? kEnd * 4 + 16 : kSent * 4;
  static_assert(C::kRows % 4 == 0, "parts are whole 16 bytes");
  static_assert(C::kDv % (2 * C::kSplit) == 0, "a block finishes whole pairs of columns");
};

// Of two columns of a row: the sums of all parts relative to one maximum.
struct Merged {
  float largest, sum, x, y;
};
template <int kRows, int kColumns, int kParts> DEVICE Merged merge_parts(const float *parts, int row, int column) {
  constexpr int kPart = kRows * (kColumns + 2);
  Merged all = {no_logit(), 0, 0, 0};
#pragma unroll
  for (int i = 0; i < kParts; ++i) all.largest = fmaxf(all.largest, parts[i * kPart + kRows * kColumns + row]);
  const float base = exponent_base(all.largest);
#pragma unroll
  for (int i = 0; i < kParts; ++i) {
    const float *part = parts + i * kPart, scale = __expf(part[kRows * kColumns + row] - base);
    const float2 pair = *(const float2 *)(part + row * kColumns + column);
    all.sum += scale * part[kRows * (kColumns + 1) + row];
    all.x += scale * pair.x, all.y += scale * pair.y;
  }
  return all;
}

// sums (16 x 8) += a . b, the words that lanes hold of both: two halves each (16 numbers in all), or one float (8).
template <typename T> DEVICE void multiply_words(T, float (&sums)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) { mma16816(T{}, sums, a, b0, b1); }
DEVICE void multiply_words(float, float (&sums)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  uint32_t high[4], low[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) high[i] = tf32_high(a[i]), low[i] = tf32_low(a[i]);
  const uint32_t high0 = tf32_high(b0), high1 = tf32_high(b1);
  mma1688(sums, low, high0, high1);
  mma1688(sums, high, tf32_low(b0), tf32_low(b1));
  mma1688(sums, high, high0, high1);
}

// What one warp has found of its keys.
template <typename C> struct WarpRows {
  typedef DecodeTile<C> T;
  float out[T::kValuePacks * T::kVector][4], largest[2], sum[2];

  DEVICE_MEMBER void store(float *part) const {
    const int lane = threadIdx.x % 32;
#pragma unroll
    for (int r = 0; r < T::kHalves; ++r) {
      const int row = lane / 4 + r * 8;
      if (row >= C::kRows) continue;
#pragma unroll
      for (int c = 0; c < T::kValuePacks; ++c)
#pragma unroll
        for (int i = 0; i < 2; ++i) { // columns 2 (lane % 4) and the next of kVector tiles are so many neighbours each
          const int d = c * T::kValuePart + (lane % 4 * 2 + i) * T::kVector, at = 2 * r + i;
          if (d >= C::kDv) continue;
#pragma unroll
          for (int j = 0; j < T::kVector; j += 4) {
            const auto &tiles = out + c * T::kVector + j;
            *(float4 *)(part + row * C::kDv + d + j) = make_float4(tiles[0][at], tiles[1][at], tiles[2][at], tiles[3][at]);
          }
        }
      if (lane % 4 == 0) part[C::kRows * C::kDv + row] = largest[r], part[C::kRows * (C::kDv + 1) + row] = sum[r];
    }
  }
};

// Rows of a tile: heads of the group, and their queries.
template <typename C> struct DecodeRows {
  int64_t b[2], m[2];
  bool valid[2];
  DEVICE_MEMBER DecodeRows(int64_t head, uint32_t first, int64_t size_m) {
#pragma unroll
    for (int r = 0; r < DecodeTile<C>::kHalves; ++r) {
      const uint32_t row = first + threadIdx.x % 32 / 4 + r * 8, queries = (uint32_t)size_m;
      valid[r] = row < C::kGroup * queries;
      const uint32_t of = valid[r] ? row : 0;
      b[r] = head + of / queries;
      m[r] = of % queries;
    }
  }
};

// out += probabilities . values. Lanes hold probabilities of keys 2 (lane % 4) and the next of each tile, and those keys' values: numbers lane / 4 of all tiles of columns.
template <typename C> DEVICE void add_values(WarpRows<C> &of, const float (&scores)[DecodeTile<C>::kTiles][4], const Pack<uint32_t, 4> (&values)[2 * DecodeTile<C>::kTiles][DecodeTile<C>::kValuePacks]) {
  typedef DecodeTile<C> T;
  typedef typename C::Element Element;
  constexpr bool kBoth = T::kHalves > 1;
  if constexpr (T::kIsFloat) {
#pragma unroll
    for (int i = 0; i < T::kTiles; ++i) {
      const uint32_t a[4] = {bitcast<uint32_t>(scores[i][0]), kBoth ? bitcast<uint32_t>(scores[i][2]) : 0, bitcast<uint32_t>(scores[i][1]), kBoth ? bitcast<uint32_t>(scores[i][3]) : 0};
#pragma unroll
      for (int c = 0; c < T::kValuePacks; ++c)
#pragma unroll
        for (int w = 0; w < 4; ++w) multiply_words(Element{}, of.out[c * 4 + w], a, values[2 * i][c].v[w], values[2 * i + 1][c].v[w]);
    }
  } else {
    const uint32_t a[4] = {pack_pair(Element{}, scores[0][0], scores[0][1]), kBoth ? pack_pair(Element{}, scores[0][2], scores[0][3]) : 0, pack_pair(Element{}, scores[1][0], scores[1][1]),
                           kBoth ? pack_pair(Element{}, scores[1][2], scores[1][3]) : 0};
#pragma unroll
    for (int c = 0; c < T::kValuePacks; ++c)
#pragma unroll
      for (int w = 0; w < 4; ++w) { // numbers 2 w and 2 w + 1 of each vector, of two keys each
        const uint32_t v[4] = {values[0][c].v[w], values[1][c].v[w], values[2][c].v[w], values[3][c].v[w]};
        multiply_words(Element{}, of.out[c * 8 + 2 * w], a, (v[0] & 0xffff) | v[1] << 16, (v[2] & 0xffff) | v[3] << 16);
        multiply_words(Element{}, of.out[c * 8 + 2 * w + 1], a, v[0] >> 16 | (v[1] & 0xffff0000), v[2] >> 16 | (v[3] & 0xffff0000));
      }
  }
}

template <typename C> DEVICE void attend(const Params &p, const DecodeRows<C> &rows, int64_t head, int64_t n0, int64_t size_n, WarpRows<C> &of) {
  typedef DecodeTile<C> T;
  typedef typename C::Element Element;
  typedef typename T::Vector Vector;
  typedef Pack<uint32_t, 4> Words;
  constexpr int64_t kStep = (int64_t)T::kKeys * C::kWarps * C::kSplit;
  const int lane = threadIdx.x % 32, quad = lane / 4, place = lane % 4;

  Words keys[T::kTiles][T::kKeyPacks], values[2 * T::kTiles][T::kValuePacks], queries[2][T::kKeyPacks] = {};
  auto load_keys = [&](int64_t first) { // key quad of each tile, 16 bytes of each part
#pragma unroll
    for (int i = 0; i < T::kTiles; ++i)
#pragma unroll
      for (int c = 0; c < T::kKeyPacks; ++c) {
        const int64_t n = first + i * 8 + quad;
        const int d = c * T::kKeyPart + place * T::kVector;
        keys[i][c] = n < size_n && d < C::kD ? bitcast<Words>((Vector)keyPack(p, head, n, d)) : Words{};
      }
  };
  auto load_values = [&](int64_t first) { // the keys whose probabilities this lane holds, 16 bytes of each part
#pragma unroll
    for (int i = 0; i < 2 * T::kTiles; ++i)
#pragma unroll
      for (int c = 0; c < T::kValuePacks; ++c) {
        const int64_t n = first + i / 2 * 8 + place * 2 + i % 2;
        const int d = c * T::kValuePart + quad * T::kVector;
        values[i][c] = n < size_n && d < C::kDv ? bitcast<Words>((Vector)valuePack(p, head, n, d)) : Words{};
      }
  };
  auto logit_at = [&](int64_t first, int r, int i, float score) { // of the score scores[i / 2][2 * r + i % 2]
    const int64_t n = first + i / 2 * 8 + place * 2 + i % 2;
    return logit(p, rows.b[r], rows.m[r], n < size_n ? n : size_n - 1, score);
  };
#pragma unroll
  for (int r = 0; r < T::kHalves; ++r)
#pragma unroll
    for (int c = 0; c < T::kKeyPacks; ++c)
      if (rows.valid[r] && c * T::kKeyPart + place * T::kVector < C::kD) queries[r][c] = bitcast<Words>((Vector)queryPack(p, rows.b[r], rows.m[r], c * T::kKeyPart + place * T::kVector));
  load_keys(n0);
  load_values(n0);
#pragma unroll
  for (int i = 0; i < 2 * T::kKeyPacks * 4; ++i) start_here(queries[i / 4 % 2][i / 8].v[i % 4]);

  for (; n0 < size_n; n0 += kStep) {
    float scores[T::kTiles][4] = {};
#pragma unroll
    for (int i = 0; i < 2 * T::kTiles * T::kHalves; ++i) start_here(bitcast<uint32_t>(logit_at(n0, i / (2 * T::kTiles), i % (2 * T::kTiles), 0))); // a mask's elements come beside the keys
#pragma unroll
    for (int c = 0; c < T::kKeyPacks; ++c)
#pragma unroll
      for (int w = 0; w < 4; w += 2) {
        const uint32_t a[4] = {queries[0][c].v[w], queries[1][c].v[w], queries[0][c].v[w + 1], queries[1][c].v[w + 1]};
#pragma unroll
        for (int i = 0; i < T::kTiles; ++i) multiply_words(Element{}, scores[i], a, keys[i][c].v[w], keys[i][c].v[w + 1]);
      }
    load_keys(n0 + kStep);
#pragma unroll
    for (int r = 0; r < T::kHalves; ++r) {
      float high = of.largest[r];
#pragma unroll
      for (int i = 0; i < 2 * T::kTiles; ++i) {
        const int64_t n = n0 + i / 2 * 8 + place * 2 + i % 2;
        float &s = scores[i / 2][2 * r + i % 2];
        s = n < size_n ? logit_at(n0, r, i, s) : no_logit();
        high = fmaxf(high, s);
      }
      high = quad_max(high);
      const float base = exponent_base(high), scale = __expf(of.largest[r] - base);
      of.largest[r] = high;
      float part = 0;
#pragma unroll
      for (int i = 0; i < 2 * T::kTiles; ++i) {
        float &s = scores[i / 2][2 * r + i % 2];
        part += s = __expf(s - base);
      }
      of.sum[r] = of.sum[r] * scale + quad_sum(part);
#pragma unroll
      for (int j = 0; j < T::kValuePacks * T::kVector; ++j) of.out[j][2 * r] *= scale, of.out[j][2 * r + 1] *= scale;
    }
    add_values<C>(of, scores, values);
    load_values(n0 + kStep);
  }
}

// Finishes kColumns columns from `first_column` on, of parts in shared memory.
template <typename C, int kColumns, int kParts> DEVICE void store_rows(const Params &p, const float *parts, int64_t head, uint32_t first, int64_t size_m, int first_column) {
  constexpr int kPairs = kColumns / 2;
  for (int i = threadIdx.x; i < C::kRows * kPairs; i += DecodeTile<C>::kThreads) {
    const int row = i / kPairs, column = i % kPairs * 2;
    const uint32_t queries = (uint32_t)size_m, of = first + row;
    if (of >= C::kGroup * queries) continue;
    const Merged all = merge_parts<C::kRows, kColumns, kParts>(parts, row, column);
    const bool counts = !C::kGuarded || all.sum > 0; // else no logit was finite, or one was NaN
    const float inverse = 1 / all.sum;
    Pack<float, 2> pair;
    pair.v[0] = counts ? all.x * inverse : 0;
    pair.v[1] = counts ? all.y * inverse : 0;
    storePair(p, head + of / queries, of % queries, first_column + column, pair);
  }
}

template <typename C> DEVICE void flash_decoding(const Params &p, char *shared) {
  typedef DecodeTile<C> T;
  const int64_t size_m = sizeM(p), size_n = sizeN(p);
  const uint32_t tiles = (uint32_t)((C::kGroup * size_m + 15) / 16), tile = blockIdx.x / C::kSplit, first = tile % tiles * 16;
  const int64_t head = (int64_t)(tile / tiles) * C::kGroup;
  float *parts = (float *)shared;
  const PartExchange<C::kSplit, T::kBlockElems * 4> exchange((uint64_t *)(shared + T::kSharedBytes - 16));
  const uint32_t rank = exchange.rank;
  const uint32_t warp = threadIdx.x / 32;
  const DecodeRows<C> rows(head, first, size_m);
  WarpRows<C> mine = {{}, {no_logit(), no_logit()}, {0, 0}};

  wait_for_launches();
  start_dependents();
  attend<C>(p, rows, head, (int64_t)(rank * C::kWarps + warp) * T::kKeys, size_n, mine);
  mine.store(parts + warp * T::kWarpElems);
  __syncthreads();
  if constexpr (C::kSplit == 1) {
    store_rows<C, C::kDv, C::kWarps>(p, parts, head, first, size_m, 0);
  } else {
    float *sent = parts + T::kSent, *received = parts + T::kReceived;
    for (int i = threadIdx.x; i < C::kRows * C::kDv / 2; i += T::kThreads) {
      const int row = i / (C::kDv / 2), d = i % (C::kDv / 2) * 2, to = d / T::kColumns, column = d % T::kColumns;
      const Merged all = merge_parts<C::kRows, C::kDv, C::kWarps>(parts, row, d);
      float *part = (to == (int)rank ? received : sent) + to * T::kBlockElems;
      *(float2 *)(part + row * T::kColumns + column) = make_float2(all.x, all.y);
      if (column == 0) part[C::kRows * T::kColumns + row] = all.largest, part[C::kRows * (T::kColumns + 1) + row] = all.sum;
    }
    exchange.swap((char *)received, (const char *)sent);
    store_rows<C, T::kColumns, C::kSplit>(p, received, head, first, size_m, rank * T::kColumns);
    exchange.end();
  }
}

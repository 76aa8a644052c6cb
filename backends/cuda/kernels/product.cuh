// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Products: y[b, m, n] = epilogue(sum_k left[b, m, k] right[b, k, n]), where left may be the windows of a channels-last convolution (k = (r, s, c)), which are never written to memory.
// f16 and bf16 by mma.sync with f32 accumulators, f32 by FMA. One block makes a kBlockM x kBlockN tile: operands come through kStages stages of shared memory (cp.async where 16 bytes lie together and are
// aligned, element by element otherwise), rows padded by 16 bytes so that ldmatrix and 16-byte reads meet no bank twice. kWarpsK groups of warps share the K of each stage, and add their parts in shared memory.
// The tile goes through shared memory to the epilogue, so that every store and every operand of the epilogue is a whole vector. kSplit blocks of a cluster share the K of one tile (sm_90): each finishes
// 1 / kSplit of its rows, and is sent the others' parts of them by bulk copies between shared memories, which costs no barrier.
// Grid: batch x tiles of M x tiles of N x kSplit, the last fastest. Source of the structure: CUTLASS's documentation, "Efficient GEMM in CUDA".
//
// Holes: sizeM, sizeN, sizeK (p); leftAddress(p, b, m, k), or leftPack (16 bytes computed together) or leftElement, for convolutions windowAddress(p, image, h, w, c), windowPack or windowElement; rightAddress(p, b, k, n) or rightElement;
// storeVector(p, b, m, n, Pack<float, kStoreWidth>), storeOne(p, b, m, n, float); of one result (kByVectors) resultVector(p, b, m, n, Pack<float, kStoreWidth>) and writeVector(p, b, m, n, Pack<Result, kStoreWidth>).
// Configuration: struct Config with Element, kBlockM, kBlockN, kBlockK, kWarpsM, kWarpsN, kWarpsK, kStages, kSplit, kLeftVector (by address), kLeftPack, kLeftTail (K ends inside of a vector), kLeftLinear (addresses are sums of what m and k give), kRightVector, kRightLinear, kRightRows (right's n lie together in memory, else its k), kRightConstant (weights), kNarrow (positions are below 2^31), kStoreWidth,
// and for convolutions kIsConv, kC, kR, kS, kStride*, kDilation*, kPad*, with sizeH, sizeW, sizeP, sizeQ.

template <typename C> struct Tile {
  typedef typename C::Element Element;
  static constexpr bool kIsFloat = sizeof(Element) == 4;
  static constexpr int kThreads = 32 * C::kWarpsM * C::kWarpsN * C::kWarpsK;
  static constexpr int kChunk = 16 / sizeof(Element);
  static constexpr int kLeftStride = C::kBlockK + kChunk;
  static constexpr int kRightStride = (C::kRightRows ? C::kBlockN : C::kBlockK) + kChunk;
  static constexpr int kLeftElems = C::kBlockM * kLeftStride;
  static constexpr int kRightElems = (C::kRightRows ? C::kBlockK : C::kBlockN) * kRightStride;
  static constexpr int kStageElems = kLeftElems + kRightElems;
  static constexpr int kOutStride = C::kBlockN + 4;
  static constexpr int kOutElems = C::kBlockM * kOutStride, kParts = C::kWarpsK > 2 ? C::kWarpsK - 1 : 1; // finished tile, or parts of it
  static constexpr int kWorkBytes = kStageElems * C::kStages * (int)sizeof(Element) > kParts * kOutElems * 4 ? kStageElems * C::kStages * (int)sizeof(Element) : kParts * kOutElems * 4;
  // Of a split: what the others of the cluster send, and the barrier that counts it. Nothing else may lie there, since nobody knows how far they are.
  static constexpr int kReceivedRows = C::kBlockM / C::kSplit, kReceivedElems = kReceivedRows * kOutStride;
  static constexpr int kSharedBytes = kWorkBytes + (C::kSplit > 1 ? kOutElems * 4 + 16 : 0);
  static constexpr int kLeftChunks = C::kBlockM * C::kBlockK / kChunk, kRightChunks = C::kBlockN * C::kBlockK / kChunk;
  static constexpr int kLeftSteps = (kLeftChunks + kThreads - 1) / kThreads, kRightSteps = (kRightChunks + kThreads - 1) / kThreads;
};

// What a thread brings of `left`: the same 16 bytes of K of some rows.
template <typename C> struct Left {
  typedef Tile<C> T;
  typedef typename C::Element Element;
  static constexpr int kPerRow = C::kBlockK / T::kChunk, kRowsApart = T::kThreads / kPerRow;
  static_assert(T::kThreads % kPerRow == 0, "a thread's rows have one column");
  struct Row {
    int64_t m, image;
    int h, w; // the window's corner
    bool valid;
    const char *base; // address of its k = 0, which for a window may lie outside of the image
  };
  Row rows[T::kLeftSteps];
  Pack<Element, T::kChunk> values[C::kLeftVector ? 1 : T::kLeftSteps];
  int column;
  Element *to;
  int64_t b;

  DEVICE_MEMBER bool has(int i) const { return T::kLeftChunks % T::kThreads == 0 || threadIdx.x + i * T::kThreads < T::kLeftChunks; }

  DEVICE_MEMBER void begin(const Params &p, int64_t batch, int64_t m0, int64_t size_m) {
    b = batch;
    column = threadIdx.x % kPerRow * T::kChunk;
#pragma unroll
    for (int i = 0; i < T::kLeftSteps; ++i) {
      Row &row = rows[i];
      row.m = m0 + threadIdx.x / kPerRow + i * kRowsApart;
      row.valid = row.m < size_m && has(i);
      if (!row.valid) row.m = 0;
      if constexpr (C::kNarrow) __builtin_assume(row.m >= 0 && row.m <= 0x7fffffff);
      if constexpr (C::kIsConv) {
        const uint32_t q = (uint32_t)sizeQ(p), pq = (uint32_t)sizeP(p) * q, m = (uint32_t)row.m;
        const uint32_t image = m / pq, rest = m - image * pq, y = rest / q, x = rest - y * q;
        row.image = image;
        row.h = (int)y * C::kStrideH - C::kPadH;
        row.w = (int)x * C::kStrideW - C::kPadW;
        if constexpr (C::kLeftVector && C::kLeftLinear) row.base = windowAddress(p, row.image, row.h, row.w, 0);
      } else {
        if constexpr (C::kLeftVector && C::kLeftLinear) row.base = leftAddress(p, b, row.m, 0);
      }
    }
  }

  // Starts to bring the part at k0 to a stage; what takes computation comes to registers first, and is put there by finish.
  DEVICE_MEMBER void start(const Params &p, Element *stage, int64_t k0, int64_t size_k) {
    to = stage + threadIdx.x / kPerRow * T::kLeftStride + column;
    const int k = (int)k0 + column;
    if constexpr (C::kLeftVector) {
      Window window = window_of(k);
      int64_t offset = 0;
      if constexpr (C::kLeftLinear && C::kIsConv)
        offset = windowAddress(p, 0, window.h, window.w, window.c) - windowAddress(p, 0, 0, 0, 0);
      else if constexpr (C::kLeftLinear)
        offset = leftAddress(p, b, 0, k) - leftAddress(p, b, 0, 0);
#pragma unroll
      for (int i = 0; i < T::kLeftSteps; ++i) {
        if (!has(i)) break;
        const Row &row = rows[i];
        const bool valid = k < size_k && inside(p, row, window);
        const char *from = p.b0;
        if constexpr (C::kLeftLinear) {
          if (valid) from = row.base + offset;
        } else if constexpr (C::kIsConv) {
          if (valid) from = windowAddress(p, row.image, row.h + window.h, row.w + window.w, window.c);
        } else {
          if (valid) from = leftAddress(p, b, row.m, k);
        }
        Element *at = to + i * kRowsApart * T::kLeftStride;
        if constexpr (C::kLeftTail) // what lies behind a row is no number, perhaps
          cp_async16_part(at, from, !valid ? 0 : size_k - k < T::kChunk ? (int)(size_k - k) * (int)sizeof(Element) : 16);
        else
          cp_async16(at, from, valid);
      }
    } else {
#pragma unroll
      for (int i = 0; i < T::kLeftSteps; ++i) {
        values[i] = Pack<Element, T::kChunk>{};
        if (!has(i)) break;
        const Row &row = rows[i];
        if constexpr (C::kLeftPack) {
          const Window window = window_of(k);
          if (k < size_k && inside(p, row, window)) {
            if constexpr (C::kIsConv) values[i] = windowPack(p, row.image, row.h + window.h, row.w + window.w, window.c);
            else values[i] = leftPack(p, b, row.m, k);
          }
        } else {
#pragma unroll
          for (int j = 0; j < T::kChunk; ++j) {
            const Window window = window_of(k + j);
            if (k + j < size_k && inside(p, row, window)) {
              if constexpr (C::kIsConv) values[i].v[j] = windowElement(p, row.image, row.h + window.h, row.w + window.w, window.c);
              else values[i].v[j] = leftElement(p, b, row.m, k + j);
            }
          }
        }
      }
    }
  }
  DEVICE_MEMBER void finish() {
    if constexpr (!C::kLeftVector)
#pragma unroll
      for (int i = 0; i < T::kLeftSteps; ++i)
        if (has(i)) *(Pack<Element, T::kChunk> *)(to + i * kRowsApart * T::kLeftStride) = values[i];
  }

private:
  // Place of element k in a window.
  struct Window {
    int h, w, c;
  };
  static DEVICE_MEMBER Window window_of(int k) {
    if constexpr (!C::kIsConv) return {0, 0, 0};
    else if constexpr (C::kR * C::kS == 1) return {0, 0, k};
    else {
      const int rs = (int)((unsigned)k / C::kC), r = rs / C::kS;
      return {r * C::kDilationH, (rs - r * C::kS) * C::kDilationW, k - rs * C::kC};
    }
  }
  static DEVICE_MEMBER bool inside(const Params &p, const Row &row, const Window &window) {
    if constexpr (C::kIsConv)
      if constexpr (C::kR * C::kS > 1 || C::kPadH > 0 || C::kPadW > 0) // else every window lies inside of the image
        return row.valid && (unsigned)(row.h + window.h) < (unsigned)sizeH(p) && (unsigned)(row.w + window.w) < (unsigned)sizeW(p);
    return row.valid;
  }
};

// The same of `right`: along n (kRightRows) or along k.
template <typename C> struct Right {
  typedef Tile<C> T;
  typedef typename C::Element Element;
  static constexpr int kPerRow = (C::kRightRows ? C::kBlockN : C::kBlockK) / T::kChunk, kRowsApart = T::kThreads / kPerRow;
  static_assert(T::kThreads % kPerRow == 0, "a thread's rows have one column");
  const char *base[C::kRightVector && C::kRightLinear ? T::kRightSteps : 1];
  int row, column;
  int64_t b, n0;

  DEVICE_MEMBER void begin(const Params &p, int64_t batch, int64_t first, int64_t size_n) {
    b = batch;
    n0 = first;
    row = threadIdx.x / kPerRow;
    column = threadIdx.x % kPerRow * T::kChunk;
    if constexpr (C::kRightVector && C::kRightLinear)
#pragma unroll
      for (int i = 0; i < T::kRightSteps; ++i) {
        const int64_t n = n_of(i);
        base[i] = rightAddress(p, b, k_of(i), n < size_n ? n : 0);
      }
  }
  DEVICE_MEMBER void start(const Params &p, Element *stage, int64_t k0, int64_t size_n, int64_t size_k) const {
    const int64_t offset = C::kRightVector && C::kRightLinear ? rightAddress(p, b, k0, 0) - rightAddress(p, b, 0, 0) : 0;
#pragma unroll
    for (int i = 0; i < T::kRightSteps; ++i) {
      if (T::kRightChunks % T::kThreads && threadIdx.x + i * T::kThreads >= T::kRightChunks) break;
      Element *at = stage + (row + i * kRowsApart) * T::kRightStride + column;
      const int64_t n = n_of(i), k = k0 + k_of(i);
      if constexpr (C::kRightVector) {
        const bool valid = n < size_n && k < size_k;
        const char *from = p.b0;
        if constexpr (C::kRightLinear) {
          if (valid) from = base[i] + offset;
        } else {
          if (valid) from = rightAddress(p, b, k, n);
        }
        cp_async16(at, from, valid);
      } else {
        Pack<Element, T::kChunk> values;
#pragma unroll
        for (int j = 0; j < T::kChunk; ++j) {
          const int64_t nj = n + (C::kRightRows ? j : 0), kj = k + (C::kRightRows ? 0 : j);
          values.v[j] = Element{};
          if (nj < size_n && kj < size_k) values.v[j] = rightElement(p, b, kj, nj);
        }
        *(Pack<Element, T::kChunk> *)at = values;
      }
    }
  }

private:
  DEVICE_MEMBER int64_t n_of(int i) const { return n0 + (C::kRightRows ? column : row + i * kRowsApart); }
  DEVICE_MEMBER int k_of(int i) const { return C::kRightRows ? row + i * kRowsApart : column; }
};

// Accumulators of one warp's part of the tile, by mma.sync.
template <typename C, bool kIsFloat = Tile<C>::kIsFloat> struct Accumulators {
  typedef Tile<C> T;
  static constexpr int kRows = C::kBlockM / C::kWarpsM / 16, kColumns = C::kBlockN / C::kWarpsN / 8;
  static_assert(kRows > 0 && kColumns % 2 == 0, "a warp has whole pairs of tiles");
  static constexpr int kWarps = C::kWarpsM * C::kWarpsN, kGroupK = C::kBlockK / C::kWarpsK;
  static_assert(kGroupK % 16 == 0, "a group of warps has whole tiles of K");
  float c[kRows][kColumns][4];

  static DEVICE_MEMBER int group() { return threadIdx.x / (32 * kWarps); }
  DEVICE_MEMBER void clear() {
#pragma unroll
    for (int i = 0; i < kRows * kColumns * 4; ++i) (&c[0][0][0])[i] = 0;
  }
  DEVICE_MEMBER void multiply(const typename C::Element *left, const typename C::Element *right) {
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % kWarps;
    const int row = warp / C::kWarpsN * kRows * 16, column = warp % C::kWarpsN * kColumns * 8, first = group() * kGroupK;
#pragma unroll
    for (int i = 0; i < kGroupK; i += 16) {
      const int k = first + i;
      uint32_t a[kRows][4];
#pragma unroll
      for (int i = 0; i < kRows; ++i) ldmatrix4(a[i], left + (row + i * 16 + lane % 16) * T::kLeftStride + k + lane / 16 * 8);
#pragma unroll
      for (int j = 0; j < kColumns; j += 2) {
        uint32_t b[4];
        if constexpr (C::kRightRows)
          ldmatrix4_trans(b, right + (k + lane % 16) * T::kRightStride + column + j * 8 + lane / 16 * 8);
        else
          ldmatrix4(b, right + (column + j * 8 + lane % 8 + lane / 16 * 8) * T::kRightStride + k + lane / 8 % 2 * 8);
#pragma unroll
        for (int i = 0; i < kRows; ++i) {
          mma16816(typename C::Element{}, c[i][j], a[i], b[0], b[1]);
          mma16816(typename C::Element{}, c[i][j + 1], a[i], b[2], b[3]);
        }
      }
    }
  }
  /// visit(pair's place in a tile, its two accumulators).
  template <typename Visit> DEVICE_MEMBER void each_pair(Visit visit) {
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32 % kWarps;
    const int row = warp / C::kWarpsN * kRows * 16 + lane / 4, column = warp % C::kWarpsN * kColumns * 8 + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < kRows; ++i)
#pragma unroll
      for (int j = 0; j < kColumns; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half) visit((row + i * 16 + half * 8) * T::kOutStride + column + j * 8, c[i][j] + 2 * half);
  }
  // All threads come here; afterwards, behind a barrier, `out` is the tile.
  DEVICE_MEMBER void store(float *out) {
    if constexpr (C::kWarpsK > 1) {
      if (group() > 0) each_pair([&](int at, float *v) { *(float2 *)(out + (group() - 1) * T::kOutElems + at) = make_float2(v[0], v[1]); });
      __syncthreads();
      if (group() > 0) return;
#pragma unroll
      for (int g = 0; g < C::kWarpsK - 1; ++g)
        each_pair([&](int at, float *v) {
          const float2 part = *(const float2 *)(out + g * T::kOutElems + at);
          v[0] += part.x, v[1] += part.y;
        });
    }
    each_pair([&](int at, float *v) { *(float2 *)(out + at) = make_float2(v[0], v[1]); });
  }
};

// The same in f32 by FMA: a thread has every kDown-th row and every 16th column.
template <typename C> struct Accumulators<C, true> {
  typedef Tile<C> T;
  static_assert(C::kWarpsK == 1, "the loop over K is one thread's");
  static constexpr int kDown = T::kThreads / 16, kRows = C::kBlockM / kDown, kColumns = C::kBlockN / 16;
  float c[kRows][kColumns];

  DEVICE_MEMBER void clear() {
#pragma unroll
    for (int i = 0; i < kRows * kColumns; ++i) (&c[0][0])[i] = 0;
  }
  DEVICE_MEMBER void multiply(const float *left, const float *right) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
    float part[kRows][kColumns] = {}; // sums of sums: the rounding of a long K grows with its parts only
#pragma unroll
    for (int k = 0; k < C::kBlockK; k += 4) {
      float4 a[kRows];
#pragma unroll
      for (int i = 0; i < kRows; ++i) a[i] = *(const float4 *)(left + (ty + i * kDown) * T::kLeftStride + k);
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        float4 b;
        if constexpr (C::kRightRows) {
          const float *at = right + k * T::kRightStride + tx + j * 16;
          b = make_float4(at[0], at[T::kRightStride], at[2 * T::kRightStride], at[3 * T::kRightStride]);
        } else {
          b = *(const float4 *)(right + (tx + j * 16) * T::kRightStride + k);
        }
#pragma unroll
        for (int i = 0; i < kRows; ++i) part[i][j] = fmaf(a[i].w, b.w, fmaf(a[i].z, b.z, fmaf(a[i].y, b.y, fmaf(a[i].x, b.x, part[i][j]))));
      }
    }
#pragma unroll
    for (int i = 0; i < kRows * kColumns; ++i) (&c[0][0])[i] += (&part[0][0])[i];
  }
  DEVICE_MEMBER void store(float *out) {
    const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
#pragma unroll
    for (int i = 0; i < kRows; ++i)
#pragma unroll
      for (int j = 0; j < kColumns; ++j) out[(ty + i * kDown) * T::kOutStride + tx + j * 16] = c[i][j];
  }
};

template <typename C> DEVICE void product(const Params &p, char *shared) {
  typedef Tile<C> T;
  typedef typename C::Element Element;
  const int64_t size_m = sizeM(p), size_n = sizeN(p), size_k = sizeK(p);
  const uint32_t tiles_m = (uint32_t)((size_m + C::kBlockM - 1) / C::kBlockM), tiles_n = (uint32_t)((size_n + C::kBlockN - 1) / C::kBlockN);
  float *received = (float *)(shared + T::kWorkBytes);
  const PartExchange<C::kSplit, T::kReceivedElems * 4> exchange((uint64_t *)(shared + T::kSharedBytes - 16));
  const uint32_t tile = blockIdx.x / C::kSplit;
  const uint32_t tile_n = tile % tiles_n, rest = tile / tiles_n, tile_m = rest % tiles_m;
  const int64_t b = rest / tiles_m, m0 = (int64_t)tile_m * C::kBlockM, n0 = (int64_t)tile_n * C::kBlockN;
  const int steps = (int)((size_k + C::kBlockK - 1) / C::kBlockK), per_split = (steps + C::kSplit - 1) / C::kSplit;
  const int begin = (int)exchange.rank * per_split, end = begin + per_split < steps ? begin + per_split : steps;

  Element *stages = (Element *)shared;
  Left<C> left;
  Right<C> right;
  left.begin(p, b, m0, size_m);
  right.begin(p, b, n0, size_n);
  auto stage_of = [&](int step) { return stages + (step - begin) % C::kStages * T::kStageElems; };
  auto bring_right = [&](int step) {
    if (step < end) right.start(p, stage_of(step) + T::kLeftElems, (int64_t)step * C::kBlockK, size_n, size_k);
  };
  // Weights need not wait for the launches before: their way from memory is the longest of a small product.
  if constexpr (C::kRightConstant)
#pragma unroll
    for (int s = 0; s < C::kStages - 1; ++s) bring_right(begin + s);
  wait_for_launches();
#pragma unroll
  for (int s = 0; s < C::kStages - 1; ++s) {
    if (begin + s < end) {
      left.start(p, stage_of(begin + s), (int64_t)(begin + s) * C::kBlockK, size_k);
      left.finish();
    }
    if constexpr (!C::kRightConstant) bring_right(begin + s);
    cp_async_commit();
  }
  Accumulators<C> acc;
  acc.clear();
  for (int step = begin; step < end; ++step) {
    cp_async_wait<C::kStages - 2>();
    __syncthreads(); // the stage has arrived for all, and the one before it is free
    const int next = step + C::kStages - 1;
    if (next < end) left.start(p, stage_of(next), (int64_t)next * C::kBlockK, size_k);
    bring_right(next);
    cp_async_commit();
    const Element *stage = stage_of(step);
    acc.multiply(stage, stage + T::kLeftElems);
    if (next < end) left.finish();
  }
  cp_async_wait<0>();
  __syncthreads();
  float *out = (float *)shared;
  acc.store(out);
  exchange.swap((char *)received, (const char *)out);
  start_dependents(); // now that this block needs little: started earlier they would take its place
  finish_tile<C, T>(p, out, received, exchange.rank, b, m0, n0, size_m, size_n);
  exchange.end();
}

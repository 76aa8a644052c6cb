// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Products for sm_90a: y[m, n] = epilogue(sum_k left[m, k] right[k, n]) in f16 or bf16 with f32 accumulators, where left may be the windows of a channels-last convolution (k = (r, s, c)).
// One warp brings boxes of both operands to kStages stages of shared memory (TMA); other warpgroups multiply from there (wgmma) and finish their rows: through shared memory of each warp's own, so that
// stores and the epilogue's operands are whole vectors. Barriers count the bytes of a stage that have come, and the warpgroups that are done with it. Blocks stay and take every gridDim-th tile: the next tile's operands come
// while a tile is finished. Warpgroups have 64 rows of each tile, or (kAlternate) two take turns at whole tiles, so that one multiplies while the other finishes. Source of the structure: CUTLASS's documentation, "Efficient GEMM in CUDA" ("Warp specialization", "Hopper warp-specialized persistent kernels").
//
// Small products (kOneTile): a block makes one tile and goes, with little enough shared memory that the next launch's weights come beside it. kSplit blocks of a cluster share the tile's K: each finishes a part of its rows, to which it adds what the others send (exchange.cuh).
//
// Holes, as of product.cuh: sizeM, sizeN, sizeK, and storeVector or resultVector with writeVector or storeOne or resultOne with resultAddress; of convolutions sizeP, sizeQ.
// Configuration: struct Config with Element, kBlockM, kBlockN, kStages, kColumns (of the tile that a warp finishes at once), kRightRows (right's rows in memory are k, else n), kRightConstant (weights), kNarrow, kStoreWidth, kByVectors, kByRuns (runs.cuh), kAlternate, kOneTile, kSplit,
// kIsConv with kC, kR, kS, kStride*, kDilation*, kPad*.

template <typename C> struct HopperTile {
  typedef typename C::Element Element;
  static constexpr int kBlockK = 64; // one row of 128 bytes
  static constexpr int kWarpgroups = C::kAlternate ? 2 : C::kBlockM / 64, kThreads = 128 * (kWarpgroups + 1);
  static constexpr int kBands = C::kAlternate ? C::kBlockM / 64 : 1; // of 64 rows that a warpgroup has of a tile
  static constexpr int kLeftBytes = C::kBlockM * 128, kRightBytes = C::kBlockN * 128, kStageBytes = kLeftBytes + kRightBytes;
  // Where rows are finished: each warp's 16. One tile takes the place of the stages, beside what the others of a cluster send.
  static constexpr int kOutStride = (C::kOneTile ? C::kBlockN : C::kColumns) + 4, kOutBytes = 16 * (kOutStride * 4 > kRunStride * 2 ? kOutStride * 4 : kRunStride * 2);
  static constexpr int kReceivedRows = C::kBlockM / C::kSplit, kReceivedElems = kReceivedRows * kOutStride;
  static constexpr int kFinishBytes = C::kOneTile ? (C::kSplit > 1 ? C::kBlockM * kOutStride * 4 : 0) : 4 * kWarpgroups * kOutBytes;
  static constexpr int kSharedBytes = 1024 + C::kStages * kStageBytes + kFinishBytes + 16 * C::kStages + 16;
  static constexpr int kAccumulators = C::kBlockN / 2; // of a band
  static constexpr bool kIsWide = kWarpgroups > 1 && kBands * kAccumulators > 64; // more registers than all threads can have
};

// Shared memory of a block.
template <typename C> struct HopperShared {
  typedef HopperTile<C> T;
  char *stages;
  float *out;
  uint64_t *full, *empty, *turns; // of each stage; of each warpgroup that takes turns, or of an exchange
  DEVICE_MEMBER HopperShared(char *shared) {
    stages = shared + (1024 - shared_address(shared) % 1024) % 1024;
    out = (float *)(stages + C::kStages * T::kStageBytes);
    full = (uint64_t *)((char *)out + T::kFinishBytes);
    empty = full + C::kStages;
    turns = empty + C::kStages;
  }
};

// Stages in turn, and how often each was used before.
template <int kStages> struct Turn {
  int stage = 0;
  uint32_t parity = 0;
  DEVICE_MEMBER void next() {
    if (++stage == kStages) stage = 0, parity ^= 1;
  }
  DEVICE_MEMBER void skip(int steps) {
    const uint32_t to = (uint32_t)(stage + steps);
    parity ^= to / kStages & 1;
    stage = to % kStages;
  }
};

struct Place {
  int64_t m, n;
};
template <typename C> DEVICE Place place_of(uint32_t tile, uint32_t tiles_n) { return {(int64_t)(tile / tiles_n) * C::kBlockM, (int64_t)(tile % tiles_n) * C::kBlockN}; }

// One thread of the warp that brings the operands.
template <typename C> struct Bringer {
  typedef HopperTile<C> T;
  const Params &p;
  const HopperShared<C> &shared;
  const TensorMap *left, *right;
  Turn<C::kStages> turn;
  int early = 0;                 // steps whose weights are on their way
  int q = 0, row = 0, image = 0; // of the tile's first window

  DEVICE_MEMBER void begin_tile(int64_t m) {
    if constexpr (C::kIsConv) {
      const uint32_t width = (uint32_t)sizeQ(p), height = (uint32_t)sizeP(p), first = (uint32_t)m, line = first / width;
      q = first - line * width;
      image = line / height;
      row = line - image * height;
    }
  }
  DEVICE_MEMBER void bring_left(int stage, int64_t m, int step) {
    char *to = shared.stages + stage * T::kStageBytes;
    if constexpr (C::kIsConv) {
      constexpr int kSteps = C::kC / T::kBlockK;
      const int window = step / kSteps, r = window / C::kS, s = window - r * C::kS;
      load_windows(to, left, (step - window * kSteps) * T::kBlockK, q * C::kStrideW - C::kPadW, row * C::kStrideH - C::kPadH, image, s * C::kDilationW, r * C::kDilationH, shared.full + stage);
    } else {
      load_box(to, left, step * T::kBlockK, (int)m, shared.full + stage);
    }
  }
  DEVICE_MEMBER void bring_right(int stage, int64_t n, int step) {
    char *to = shared.stages + stage * T::kStageBytes + T::kLeftBytes;
    if constexpr (C::kRightRows) {
      static_assert(C::kBlockN % 64 == 0, "whole boxes");
#pragma unroll
      for (int i = 0; i < C::kBlockN / 64; ++i) load_box(to + i * 64 * 128, right, (int)n + i * 64, step * T::kBlockK, shared.full + stage);
    } else {
      load_box(to, right, step * T::kBlockK, (int)n, shared.full + stage);
    }
  }
  // Weights need not wait for the launches before: those of the first steps.
  DEVICE_MEMBER void bring_early(int64_t n, int begin, int end) {
    if constexpr (C::kRightConstant)
      for (; early < C::kStages && begin + early < end; ++early) {
        phase_arrive_expecting(shared.full + early, T::kStageBytes);
        bring_right(early, n, begin + early);
      }
  }
  DEVICE_MEMBER void bring_tile(const Place &at, int begin, int end) {
    begin_tile(at.m);
    for (int step = begin; step < end; ++step, turn.next(), early -= early > 0) {
      if (early == 0) {
        phase_wait(shared.empty + turn.stage, turn.parity ^ 1);
        phase_arrive_expecting(shared.full + turn.stage, T::kStageBytes);
        bring_right(turn.stage, at.n, step);
      }
      bring_left(turn.stage, at.m, step);
    }
  }
  DEVICE_MEMBER void run(uint32_t tiles, uint32_t tiles_n, int steps) {
    if (blockIdx.x < tiles) bring_early(place_of<C>(blockIdx.x, tiles_n).n, 0, steps);
    wait_for_launches();
    for (uint32_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) bring_tile(place_of<C>(tile, tiles_n), 0, steps);
  }
};

// 16 rows and kColumns columns from a warp's shared memory, in vectors.
template <typename C> DEVICE void finish_columns(const Params &p, const float *out, int64_t m0, int64_t n0, int64_t size_m, int64_t size_n) {
  typedef HopperTile<C> T;
  constexpr int kWidth = C::kStoreWidth, kPerRow = C::kColumns / kWidth, kVectors = 16 * kPerRow / 32;
  static_assert(16 * kPerRow % 32 == 0, "all lanes have as many vectors");
  const int lane = threadIdx.x % 32;
  int64_t m[kVectors], n[kVectors];
  Pack<float, kWidth> values[kVectors];
#pragma unroll
  for (int i = 0; i < kVectors; ++i) {
    const int vector = i * 32 + lane, row = vector / kPerRow, column = vector % kPerRow * kWidth;
    m[i] = position<C>(m0, row);
    n[i] = position<C>(n0, column);
#pragma unroll
    for (int l = 0; l < kWidth; l += 4) {
      const float4 v = *(const float4 *)(out + row * T::kOutStride + column + l);
      values[i].v[l] = v.x, values[i].v[l + 1] = v.y, values[i].v[l + 2] = v.z, values[i].v[l + 3] = v.w;
    }
  }
  finish_vectors<C>(p, 0, m, n, values, size_m, size_n);
}

// A warp's accumulators of columns `first` to `first + columns` in shared memory.
template <typename C> DEVICE void put_rows(const float (&acc)[HopperTile<C>::kAccumulators], float *out, int first, int columns) {
  typedef HopperTile<C> T;
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int j = 0; j < columns / 8; ++j)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int from = (first / 8 + j) * 4 + half * 2;
      *(float2 *)(out + (lane / 4 + half * 8) * T::kOutStride + j * 8 + lane % 4 * 2) = make_float2(acc[from], acc[from + 1]);
    }
}

// 16 rows of a tile, kColumns at a time, through their warp's own shared memory and the epilogue.
template <typename C> DEVICE void finish_rows(const Params &p, const float (&acc)[HopperTile<C>::kAccumulators], float *out, int64_t m0, int64_t n0, int64_t size_m, int64_t size_n) {
  typedef HopperTile<C> T;
  const int lane = threadIdx.x % 32;
  if constexpr (C::kByRuns) return store_runs<C>(p, acc, (uint32_t *)out, m0, n0, size_m, size_n);
#pragma unroll
  for (int first = 0; first < C::kBlockN; first += C::kColumns) {
    put_rows<C>(acc, out, first, C::kColumns);
    __syncwarp();
    if constexpr (C::kStoreWidth == 1) { // several results that are no whole vectors: neighbouring lanes store neighbours
#pragma unroll 4
      for (int i = 0; i < 16 * C::kColumns; i += 32) {
        const int row = i / C::kColumns, column = i % C::kColumns + lane;
        const int64_t m = position<C>(m0, row), n = position<C>(n0, first + column);
        if (m < size_m && n < size_n) storeOne(p, 0, m, n, out[row * T::kOutStride + column]);
      }
    } else {
      finish_columns<C>(p, out, m0, n0 + first, size_m, size_n);
    }
    __syncwarp();
  }
}

// Adds the products of some steps, the last of which is not waited for: its stage.
template <typename C> DEVICE int multiply_steps(const HopperShared<C> &shared, int first_row, int steps, Turn<C::kStages> &turn, float (&acc)[HopperTile<C>::kBands][HopperTile<C>::kAccumulators]) {
  typedef HopperTile<C> T;
  typedef typename C::Element Element;
  int before = 0;
  for (int step = 0; step < steps; ++step) {
    phase_wait(shared.full + turn.stage, turn.parity);
    const char *left = shared.stages + turn.stage * T::kStageBytes + first_row * 128, *right = shared.stages + turn.stage * T::kStageBytes + T::kLeftBytes;
    wgmma_begin();
#pragma unroll
    for (int k = 0; k < T::kBlockK; k += 16)
#pragma unroll
      for (int band = 0; band < T::kBands; ++band)
        wgmma<C::kRightRows>(Element{}, acc[band], operand(left + band * 64 * 128 + k * 2, 1024, 16), operand(right + (C::kRightRows ? k * 128 : k * 2), 1024, C::kRightRows ? 64 * 128 : 16), step > 0 || k > 0);
    wgmma_commit();
    wgmma_wait<1>(); // the step before this one
    if (step > 0 && threadIdx.x % 128 == 0) phase_arrive(shared.empty + before);
    before = turn.stage;
    turn.next();
  }
  return before;
}

template <typename C> DEVICE void multiply_tiles(const Params &p, const HopperShared<C> &shared, uint32_t tiles, uint32_t tiles_n, int steps, int64_t size_m, int64_t size_n) {
  typedef HopperTile<C> T;
  const int group = threadIdx.x / 128 - 1, warp = threadIdx.x / 32 - 4;
  const uint32_t first = C::kAlternate ? blockIdx.x + group * gridDim.x : blockIdx.x, apart = C::kAlternate ? 2 * gridDim.x : gridDim.x;
  wait_for_launches(); // for what the epilogue reads
  Turn<C::kStages> turn;
  if (C::kAlternate) turn.skip(group * steps);
  // Nobody waits for a stage before the other warpgroup has had all that come earlier: the parity of its barrier tells two neighbouring uses apart, no more.
  int turns_taken = group == 0 ? -1 : 0; // the first turn needs no leave
  for (uint32_t tile = first; tile < tiles; tile += apart) {
    if (C::kAlternate && turns_taken >= 0) phase_wait(shared.turns + group, turns_taken & 1);
    ++turns_taken;
    const Place at = place_of<C>(tile, tiles_n);
    float acc[T::kBands][T::kAccumulators];
    const int last = multiply_steps<C>(shared, C::kAlternate ? 0 : group * 64, steps, turn, acc);
    if (C::kAlternate && threadIdx.x % 128 == 0) phase_arrive(shared.turns + 1 - group);
    wgmma_wait<0>();
    if (threadIdx.x % 128 == 0) phase_arrive(shared.empty + last);
    if (C::kAlternate) turn.skip(steps);
    if (tile + apart >= tiles) start_dependents();
#pragma unroll
    for (int band = 0; band < T::kBands; ++band)
      finish_rows<C>(p, acc[band], shared.out + warp * (T::kOutBytes / 4), at.m + (C::kAlternate ? band * 64 + warp % 4 * 16 : warp * 16), at.n, size_m, size_n);
  }
}

template <typename C> DEVICE void multiply_one_tile(const Params &p, const HopperShared<C> &shared, const TensorMap *left, const TensorMap *right, uint32_t tiles_n, int steps, int64_t size_m, int64_t size_n) {
  typedef HopperTile<C> T;
  static_assert(C::kBlockM * T::kOutStride * 4 <= C::kStages * T::kStageBytes, "the tile takes the place of the stages");
  const PartExchange<C::kSplit, T::kReceivedElems * 4> exchange(shared.turns);
  const Place at = place_of<C>(blockIdx.x / C::kSplit, tiles_n);
  const int begin = steps * (int)exchange.rank / C::kSplit, end = steps * ((int)exchange.rank + 1) / C::kSplit;
  Bringer<C> bringer{p, shared, left, right};
  if (threadIdx.x == 0) bringer.bring_early(at.n, begin, end);
  wait_for_launches();
  float acc[1][T::kAccumulators];
  if (threadIdx.x == 0) {
    bringer.bring_tile(at, begin, end);
  } else if (threadIdx.x >= 128) {
    Turn<C::kStages> turn;
    multiply_steps<C>(shared, threadIdx.x / 128 * 64 - 64, end - begin, turn, acc);
    wgmma_wait<0>();
  }
  __syncthreads();
  float *out = (float *)shared.stages;
  if (threadIdx.x >= 128) put_rows<C>(acc[0], out + (threadIdx.x / 32 - 4) * 16 * T::kOutStride, 0, C::kBlockN);
  start_dependents(); // its blocks find room
  exchange.swap((char *)shared.out, (const char *)out);
  finish_tile<C, T>(p, out, shared.out, exchange.rank, 0, at.m, at.n, size_m, size_n);
  exchange.end();
}

template <typename C> DEVICE void hopper_product(const Params &p, char *memory, const TensorMap *left, const TensorMap *right) {
  typedef HopperTile<C> T;
  const HopperShared<C> shared(memory);
  const int64_t size_m = sizeM(p), size_n = sizeN(p);
  const uint32_t tiles_m = (uint32_t)((size_m + C::kBlockM - 1) / C::kBlockM), tiles_n = (uint32_t)((size_n + C::kBlockN - 1) / C::kBlockN), tiles = tiles_m * tiles_n;
  const int steps = (int)((sizeK(p) + T::kBlockK - 1) / T::kBlockK);
  if (threadIdx.x == 0) {
    for (int i = 0; i < C::kStages; ++i) {
      phase_init(shared.full + i, 1);
      phase_init(shared.empty + i, C::kAlternate ? 1 : T::kWarpgroups);
    }
    if (C::kAlternate)
      for (int i = 0; i < 2; ++i) phase_init(shared.turns + i, 1);
    phases_are_set_up();
  }
  __syncthreads();
  if constexpr (C::kOneTile) {
    multiply_one_tile<C>(p, shared, left, right, tiles_n, steps, size_m, size_n);
  } else if (threadIdx.x < 128) {
    if constexpr (T::kIsWide) give_registers<40>();
    if (threadIdx.x == 0) Bringer<C>{p, shared, left, right}.run(tiles, tiles_n, steps);
  } else {
    if constexpr (T::kIsWide) take_registers<232>();
    multiply_tiles<C>(p, shared, tiles, tiles_n, steps, size_m, size_n);
  }
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How the template for sm_90a stores one result of halves whose rows are no whole vectors (kByRuns): as vectors of 16 bytes from where these begin in memory, wherever that is in the row, and together by sectors of 32, since a sector that is written in parts takes several times as long.
// Column n of the tile has place n + shift in its row, so that a sector begins at place 0. kRunPlaces are stored at a time, through shared memory of each warp's own. Pairs of columns stay pairs there: in rows of an odd shift all lies one place further in front, and vectors are put together
// from two neighbours' words.
//
// Holes: resultOne, an element of the result; resultAddress, where it lies. Configuration: kBlockN, Result, kNarrow.

constexpr int kRunVector = 8, kRunSector = 16, kRunPlaces = 64, kRunStride = kRunVector + kRunPlaces + 16; // of a row in shared memory, whose places begin at kRunVector
constexpr int kRunVectors = 16 * kRunPlaces / kRunVector / 32;                                            // of a lane

template <typename C> struct Run {
  typename C::Result *memory;  // of place 0
  int shift, end, first, last; // places of the result, and of its whole vectors
};
template <typename C> DEVICE Run<C> run_of(const Params &p, int64_t m, int64_t n0, int64_t size_m, int columns) {
  typename C::Result *at = (typename C::Result *)resultAddress(p, 0, m, n0);
  const uint32_t shift = (uint32_t)((uint64_t)at / 2) % kRunSector, end = m < size_m ? shift + columns : 0;
  return {at - shift, (int)shift, (int)end, (int)((shift + kRunVector - 1) / kRunVector * kRunVector), (int)(end / kRunVector * kRunVector)};
}

// A row's pairs of columns that lie in the places from kFirst to kEnd, or in the pair before, which vectors of an odd shift begin in.
template <typename C, int kFirst, int kEnd, int kRegisters> DEVICE void put_pairs(const Params &p, const float (&acc)[kRegisters], int half, uint32_t *row, int shift, int64_t m, int64_t n0, int64_t size_n) {
  const int pair = threadIdx.x % 4 * 2, even = shift / 2 * 2 + pair;
  uint32_t *to = row + (kRunVector + even) / 2;
#pragma unroll
  for (int column = kFirst == 0 ? 0 : kFirst - kRunSector; column < (kEnd < C::kBlockN ? kEnd : C::kBlockN); column += 8) {
    const bool begins = column >= kFirst || column + even >= kFirst - 2, ends = column + 8 + kRunSector <= kEnd || column + even < kEnd;
    Pack<typename C::Result, 2> two;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int64_t n = position<C>(n0, column + pair + i);
      two.v[i] = resultOne(p, 0, m, n < size_n ? n : size_n - 1, acc[column / 8 * 4 + half * 2 + i]);
    }
    if (begins && ends) to[(column - kFirst) / 2] = bitcast<uint32_t>(two);
  }
}

// The places from kFirst on, and then the next, of which there are a sector's more than columns. `shifts`: of the two rows whose accumulators this lane has; `runs`: of those whose vectors it stores.
template <typename C, int kFirst, int kRegisters>
DEVICE void store_places(const Params &p, const float (&acc)[kRegisters], uint32_t *out, const int (&shifts)[2], const Run<C> (&runs)[kRunVectors], int64_t m0, int64_t n0, int64_t size_m, int64_t size_n, int columns) {
  typedef typename C::Result Result;
  constexpr int kCount = kFirst < C::kBlockN ? kRunPlaces : kRunSector, kEnd = kFirst + kCount, kPerRow = kCount / kRunVector;
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = lane / 4 + half * 8;
    const int64_t m = position<C>(m0, row);
    put_pairs<C, kFirst, kEnd>(p, acc, half, out + row * kRunStride / 2, shifts[half], m < size_m ? m : size_m - 1, n0, size_n);
  }
  __syncwarp();
#pragma unroll
  for (int i = 0; i < 16 * kPerRow / 32; ++i) {
    const int row = (i * 32 + lane) / kPerRow, place = lane % kPerRow * kRunVector;
    const Run<C> to = kFirst < C::kBlockN ? runs[i] : run_of<C>(p, position<C>(m0, row), n0, size_m, columns);
    const uint32_t *from = out + (row * kRunStride + kRunVector + place) / 2;
    const uint4 v = *(const uint4 *)from;
    const uint32_t words[5] = {from[-1], v.x, v.y, v.z, v.w};
    Pack<uint32_t, 4> values;
#pragma unroll
    for (int j = 0; j < 4; ++j) values.v[j] = __funnelshift_l(words[j], words[j + 1], to.shift % 2 * 16);
    if (kFirst + place >= to.first && kFirst + place < to.last) *(Pack<uint32_t, 4> *)(to.memory + kFirst + place) = values;
  }
  if (kFirst == 0 || (columns < kEnd && columns + kRunSector > kFirst)) { // rows begin or end here: one by one
#pragma unroll
    for (int i = lane; i < 16 * kRunVector; i += 32) {
      const Run<C> to = run_of<C>(p, position<C>(m0, i / kRunVector), n0, size_m, columns);
      const Result *row = (const Result *)out + i / kRunVector * kRunStride + kRunVector - kFirst - to.shift % 2;
      const int head = to.shift + i % kRunVector, tail = to.last + i % kRunVector;
      if (kFirst == 0 && head < to.first && head < to.end) to.memory[head] = row[head];
      if (tail < to.end && tail >= to.first && tail >= kFirst && tail < kEnd) to.memory[tail] = row[tail];
    }
  }
  __syncwarp();
  if constexpr (kFirst < C::kBlockN) store_places<C, kFirst + kRunPlaces>(p, acc, out, shifts, runs, m0, n0, size_m, size_n, columns);
}

// 16 rows of a tile, whose accumulators a warp has, through 16 * kRunStride halves of shared memory.
template <typename C, int kRegisters> DEVICE void store_runs(const Params &p, const float (&acc)[kRegisters], uint32_t *out, int64_t m0, int64_t n0, int64_t size_m, int64_t size_n) {
  static_assert(sizeof(typename C::Result) == 2 && C::kBlockN % kRunPlaces == 0, "halves, and whole steps of places");
  const int lane = threadIdx.x % 32, columns = (int)(size_n - n0 < C::kBlockN ? size_n - n0 : C::kBlockN);
  auto run = [&](int row) { return run_of<C>(p, position<C>(m0, row), n0, size_m, columns); };
  const int shifts[2] = {run(lane / 4).shift, run(lane / 4 + 8).shift};
  Run<C> runs[kRunVectors];
#pragma unroll
  for (int i = 0; i < kRunVectors; ++i) runs[i] = run((i * 32 + lane) / (kRunPlaces / kRunVector));
  store_places<C, 0>(p, acc, out, shifts, runs, m0, n0, size_m, size_n, columns);
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A network's first convolution: y[i, p, q, n] = epilogue(sum_rsc x[i, p strideH + r dilationH - padH, q strideW + s dilationW - padW, c] w[n, r, s, c]) with 3 or 4 channels of x, f16 or bf16, by mma.sync with f32 sums.
// One block makes kRows x kColumns pixels of one image, all n. The part of the image that its windows cover lies in shared memory with four channels (8 bytes) to a pixel, zeros where the image ends. Weights are the left operand of
// mma.sync, 16 pixels two right ones. K is (tap, channel): 4 taps are the 16 of one step, of which lane l has all channels of tap l % 4 (K may be in any order that both operands share), so a right operand is one load of 8 bytes in each
// lane and nothing is padded but a fourth channel. Which n a row of the left operand is may be chosen, too: lane l has 2 kPairs neighbours of n, from 2 kPairs (l / 4) on, for each of its pixels, which it stores as one vector.
// Each warp holds the weights of 16 kPairs n in registers, from before the launches ahead have ended where they are constant, and passes over its pixels.
// Shared memory: covered rows x covered columns x 8 bytes. Grid: images x tiles of rows x tiles of columns, the last fastest.
//
// Holes: sizeH, sizeW, sizeP, sizeQ (p); windowElement(p, image, h, w, c); filterAddress(p, part, step, x): 8 elements, those of lane x / 8 for one mma.sync (cuda-pack-stems); storeVector(p, image, y, x, n, Pack<float, 2 kPairs>), where
// kByVectors its parts resultVector and writeVector, or storeOne where n ends inside of vectors.
// Configuration: struct Config with Element, Result, kByVectors, kRows, kColumns, kWarpsM, kWarpsN, kPairs, kN, kC, kR, kS, kStride*, kDilation*, kPad*, kVectors (stores), kFilterConstant (weights).

template <typename C> struct StemTile {
  typedef typename C::Element Element;
  typedef Pack<Element, 4> Pixel;
  static constexpr int kTaps = C::kR * C::kS, kSteps = (kTaps + 3) / 4;
  static constexpr int kRowsIn = (C::kRows - 1) * C::kStrideH + (C::kR - 1) * C::kDilationH + 1, kColumnsIn = (C::kColumns - 1) * C::kStrideW + (C::kS - 1) * C::kDilationW + 1;
  static constexpr int kWindowPixels = kRowsIn * kColumnsIn, kSharedBytes = kWindowPixels * (int)sizeof(Pixel);
  static constexpr int kPixels = C::kRows * C::kColumns, kTiles = (kPixels + 15) / 16;
  static constexpr int kThreads = 32 * C::kWarpsM * C::kWarpsN;
};

// A warp's weights, as mma.sync wants them.
template <typename C> struct StemFilter {
  Pack<uint32_t, 4> a[C::kPairs][StemTile<C>::kSteps];

  DEVICE_MEMBER void load(const Params &p, int warp) {
#pragma unroll
    for (int j = 0; j < C::kPairs; ++j)
#pragma unroll
      for (int step = 0; step < StemTile<C>::kSteps; ++step) a[j][step] = *(const Pack<uint32_t, 4> *)filterAddress(p, warp * C::kPairs + j, step, threadIdx.x % 32 * 8);
  }
};

// The covered part of the image, from row h0 and column w0 on, which may lie outside.
template <typename C> DEVICE void bring_pixels(const Params &p, typename StemTile<C>::Pixel *to, int64_t image, int h0, int w0) {
  typedef StemTile<C> T;
  const unsigned size_h = (unsigned)sizeH(p), size_w = (unsigned)sizeW(p);
  bring_computed<T::kWindowPixels, T::kThreads>(to, [&](unsigned i) {
    const int h = h0 + (int)(i / T::kColumnsIn), w = w0 + (int)(i % T::kColumnsIn);
    typename T::Pixel pixel = {};
    if ((unsigned)h < size_h && (unsigned)w < size_w)
#pragma unroll
      for (int c = 0; c < C::kC; ++c) pixel.v[c] = windowElement(p, image, h, w, c);
    return pixel;
  });
}

// Where tap 4 step + l % 4 of lane l lies in a window.
template <typename C> DEVICE int tap_offset(int step, int lane) {
  const int s = 4 * step % C::kS + lane % 4;
  int rows = 0; // that it lies below the step's first
#pragma unroll
  for (int i = 1; (i - 1) * C::kS < 3; ++i) rows += s >= i * C::kS;
  return (4 * step / C::kS + rows) * C::kDilationH * StemTile<C>::kColumnsIn + (s - rows * C::kS) * C::kDilationW;
}

// Sums of two times 8 pixels; `corners`: of the windows of this lane's right operands.
template <typename C>
DEVICE void multiply(float (&acc)[C::kPairs][2][4], const StemFilter<C> &filter, const typename StemTile<C>::Pixel *const (&corners)[2], const int (&offsets)[StemTile<C>::kSteps]) {
  typedef StemTile<C> T;
  typedef Pack<uint32_t, 2> Words;
#pragma unroll
  for (int step = 0; step < T::kSteps; ++step)
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      Words b = Words{};
      if (4 * step + 3 < T::kTaps || 4 * step + (int)(threadIdx.x % 4) < T::kTaps) // behind the last tap weights are zero, but a pixel there need not be a number
        b = *(const Words *)(corners[i] + offsets[step]);
#pragma unroll
      for (int j = 0; j < C::kPairs; ++j) mma16816(typename C::Element{}, acc[j][i], filter.a[j][step].v, b.v[0], b.v[1]);
    }
}

template <typename C> DEVICE void stem(const Params &p, char *shared) {
  typedef StemTile<C> T;
  typedef typename T::Pixel Pixel;
  const int size_p = (int)sizeP(p), size_q = (int)sizeQ(p);
  const uint32_t tiles_p = ((uint32_t)size_p + C::kRows - 1) / C::kRows, tiles_q = ((uint32_t)size_q + C::kColumns - 1) / C::kColumns;
  const uint32_t rest = blockIdx.x / tiles_q;
  const int q0 = (int)(blockIdx.x % tiles_q) * C::kColumns, p0 = (int)(rest % tiles_p) * C::kRows;
  const int64_t image = rest / tiles_p;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, n = (warp % C::kWarpsN * 8 + lane / 4) * 2 * C::kPairs;
  Pixel *window = (Pixel *)shared;

  StemFilter<C> filter;
  if constexpr (C::kFilterConstant) filter.load(p, warp % C::kWarpsN);
  wait_for_launches();
  if constexpr (!C::kFilterConstant) filter.load(p, warp % C::kWarpsN);
  bring_pixels<C>(p, window, image, p0 * C::kStrideH - C::kPadH, q0 * C::kStrideW - C::kPadW);
  int offsets[T::kSteps];
#pragma unroll
  for (int step = 0; step < T::kSteps; ++step) offsets[step] = tap_offset<C>(step, lane);
  __syncthreads();
#pragma unroll 1
  for (unsigned tile = warp / C::kWarpsN; tile < T::kTiles; tile += C::kWarpsM) {
    const Pixel *corners[2];
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const unsigned pixel = tile * 16 + i * 8 + lane / 4;
      corners[i] = window + (pixel < T::kPixels ? pixel / C::kColumns * C::kStrideH * T::kColumnsIn + pixel % C::kColumns * C::kStrideW : 0);
    }
    float acc[C::kPairs][2][4] = {};
    multiply<C>(acc, filter, corners, offsets);
    if (tile + C::kWarpsM >= T::kTiles) start_dependents(); // what remains is the last store
    constexpr int kWidth = 2 * C::kPairs;
    Pack<float, kWidth> sums[4];
    int y[4], x[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const unsigned pixel = tile * 16 + i / 2 * 8 + lane % 4 * 2 + i % 2;
      y[i] = pixel < T::kPixels ? p0 + (int)(pixel / C::kColumns) : size_p;
      x[i] = q0 + (int)(pixel % C::kColumns);
#pragma unroll
      for (int l = 0; l < kWidth; ++l) sums[i].v[l] = acc[l / 2][i / 2][l % 2 * 2 + i % 2];
    }
    if constexpr (C::kVectors) {
      if (n < C::kN) store_pixels<C>(p, image, y, x, n, sums, size_p, size_q);
    } else {
#pragma unroll
      for (int l = 0; l < 4 * kWidth; ++l)
        if (n + l % kWidth < C::kN && y[l / kWidth] < size_p && x[l / kWidth] < size_q) storeOne(p, image, y[l / kWidth], x[l / kWidth], n + l % kWidth, sums[l / kWidth].v[l % kWidth]);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Depthwise convolution: y[n, p, q, c] = epilogue(sum_rs x[n, p strideH + r dilationH - padH, q strideW + s dilationW - padW, c] w[r, s, c]), x and y channels last, f32, f16 or bf16, sums in f32.
// One block makes kRows rows x (kGroups x kColumns) columns x (kVectors x kWidth) channels of one image. Its weights come to shared memory first, before the launches ahead have ended where they are constant; then all of
// the image that its windows cover, zeros where that ends (cp.async where 16 bytes lie together and are aligned, else through registers, computed upon or not). A thread has kColumns neighbouring columns of
// kWidth / kParts channels: along a row of the filter it reads each vector once and adds it to all sums that want it, so nothing inside asks where the image ends.
// Shared memory: (kR kS kVectors + covered rows x covered columns x kVectors) vectors. Grid: images x tiles of rows x tiles of columns x tiles of channels, the last fastest.
//
// Holes: sizeH, sizeW, sizeP, sizeQ (p); windowAddress(p, image, h, w, c), or windowPack or windowElement (kWidth of 1); filterAddress(p, r, s, c), filterPack or filterElement; storeVector(p, image, y, x, c, Pack<float, kWidth / kParts>),
// where kByVectors its parts resultVector and writeVector, or storeOne.
// Configuration: struct Config with Element, Result, kByVectors, kRows, kGroups, kColumns, kVectors, kParts (threads that share a vector), kWidth (channels of a vector), kC, kR, kS, kStride*, kDilation*, kPad*, kWindowVector (by address), kWindowLinear (addresses are sums of what h, w and c give),
// kFilterVector, kFilterConstant (weights).

template <typename C> struct DepthwiseTile {
  typedef typename C::Element Element;
  typedef Pack<Element, C::kWidth> Vector;
  static constexpr int kLanes = C::kWidth / C::kParts, kAcross = C::kVectors * C::kParts; // channels of a thread, threads for a pixel
  typedef Pack<Element, kLanes> Part;
  static constexpr int kAll = C::kC / C::kWidth, kChannelTiles = (kAll + C::kVectors - 1) / C::kVectors; // vectors of all channels
  static constexpr int kTileQ = C::kGroups * C::kColumns;
  static constexpr int kSpan = (C::kColumns - 1) * C::kStrideW + (C::kS - 1) * C::kDilationW + 1; // of a thread's windows
  static constexpr int kRowsIn = (C::kRows - 1) * C::kStrideH + (C::kR - 1) * C::kDilationH + 1, kColumnsIn = (kTileQ - 1) * C::kStrideW + (C::kS - 1) * C::kDilationW + 1;
  static constexpr int kWorkers = C::kRows * C::kGroups * kAcross, kThreads = (kWorkers + 31) / 32 * 32;
  static constexpr int kFilterVectors = C::kR * C::kS * C::kVectors, kWindowVectors = kRowsIn * kColumnsIn * C::kVectors;
  static constexpr int kFilterBytes = (kFilterVectors * (int)sizeof(Vector) + 15) / 16 * 16;
  static constexpr int kSharedBytes = kFilterBytes + kWindowVectors * (int)sizeof(Vector);
};

template <typename C> DEVICE void bring_filter(const Params &p, typename DepthwiseTile<C>::Vector *to, int first_vector) {
  typedef DepthwiseTile<C> T;
  if constexpr (C::kFilterVector) {
#pragma unroll 4
    for (unsigned i = threadIdx.x; i < T::kFilterVectors; i += T::kThreads) {
      const int tap = (int)(i / C::kVectors), vector = first_vector + (int)(i % C::kVectors);
      const bool valid = vector < T::kAll;
      cp_async16(to + i, valid ? filterAddress(p, tap / C::kS, tap % C::kS, vector * C::kWidth) : p.b0, valid);
    }
  } else {
    bring_computed<T::kFilterVectors, T::kThreads>(to, [&](unsigned i) {
      const int tap = (int)(i / C::kVectors), vector = first_vector + (int)(i % C::kVectors);
      typename T::Vector value = {};
      if (vector < T::kAll) {
        if constexpr (C::kWidth > 1) value = filterPack(p, tap / C::kS, tap % C::kS, vector * C::kWidth);
        else value.v[0] = filterElement(p, tap / C::kS, tap % C::kS, vector);
      }
      return value;
    });
  }
}

// Of the image, from row h0 and column w0 on, which may lie outside.
template <typename C> DEVICE void bring_window(const Params &p, typename DepthwiseTile<C>::Vector *to, int64_t image, int h0, int w0, int first_vector) {
  typedef DepthwiseTile<C> T;
  const unsigned size_h = (unsigned)sizeH(p), size_w = (unsigned)sizeW(p);
  if constexpr (C::kWindowVector) {
    const char *origin = p.b0;
    int64_t per_row = 0, per_column = 0, per_vector = 0;
    if constexpr (C::kWindowLinear) {
      const char *zero = windowAddress(p, 0, 0, 0, 0);
      origin = windowAddress(p, image, h0, w0, first_vector * C::kWidth);
      per_row = windowAddress(p, 0, 1, 0, 0) - zero;
      per_column = windowAddress(p, 0, 0, 1, 0) - zero;
      per_vector = windowAddress(p, 0, 0, 0, C::kWidth) - zero;
    }
#pragma unroll 4
    for (unsigned i = threadIdx.x; i < T::kWindowVectors; i += T::kThreads) {
      const unsigned pixel = i / C::kVectors;
      const int vector = (int)(i % C::kVectors), column = (int)(pixel % T::kColumnsIn), row = (int)(pixel / T::kColumnsIn);
      const bool valid = first_vector + vector < T::kAll && (unsigned)(h0 + row) < size_h && (unsigned)(w0 + column) < size_w;
      const char *from = p.b0;
      if (valid) {
        if constexpr (C::kWindowLinear) from = origin + row * per_row + column * per_column + vector * per_vector;
        else from = windowAddress(p, image, h0 + row, w0 + column, (first_vector + vector) * C::kWidth);
      }
      cp_async16(to + i, from, valid);
    }
  } else {
    bring_computed<T::kWindowVectors, T::kThreads>(to, [&](unsigned i) {
      const unsigned pixel = i / C::kVectors;
      const int vector = first_vector + (int)(i % C::kVectors), w = w0 + (int)(pixel % T::kColumnsIn), h = h0 + (int)(pixel / T::kColumnsIn);
      typename T::Vector value = {};
      if (vector < T::kAll && (unsigned)h < size_h && (unsigned)w < size_w) {
        if constexpr (C::kWidth > 1) value = windowPack(p, image, h, w, vector * C::kWidth);
        else value.v[0] = windowElement(p, image, h, w, vector);
      }
      return value;
    });
  }
}

// One row of the filter over a thread's columns. `filter`, `window`: the thread's first parts of it.
template <typename C> DEVICE void add_row(float (&acc)[C::kColumns][DepthwiseTile<C>::kLanes], const typename DepthwiseTile<C>::Part *filter, const typename DepthwiseTile<C>::Part *window) {
  typedef DepthwiseTile<C> T;
  float weights[C::kS][T::kLanes];
#pragma unroll
  for (int s = 0; s < C::kS; ++s) {
    const typename T::Part part = filter[s * T::kAcross];
#pragma unroll
    for (int l = 0; l < T::kLanes; ++l) weights[s][l] = convert<float>(part.v[l]);
  }
#pragma unroll
  for (int w = 0; w < T::kSpan; ++w) {
    const typename T::Part part = window[w * T::kAcross];
#pragma unroll
    for (int q = 0; q < C::kColumns; ++q) {
      const int offset = w - q * C::kStrideW, s = offset / C::kDilationW;
      if (offset >= 0 && offset % C::kDilationW == 0 && s < C::kS) // decided once unrolled
#pragma unroll
        for (int l = 0; l < T::kLanes; ++l) acc[q][l] = fmaf(convert<float>(part.v[l]), weights[s][l], acc[q][l]);
    }
  }
}

template <typename C> DEVICE void depthwise(const Params &p, char *shared) {
  typedef DepthwiseTile<C> T;
  typedef typename T::Vector Vector;
  typedef typename T::Part Part;
  const uint32_t size_p = (uint32_t)sizeP(p), size_q = (uint32_t)sizeQ(p);
  const uint32_t tiles_p = (size_p + C::kRows - 1) / C::kRows, tiles_q = (size_q + T::kTileQ - 1) / T::kTileQ;
  const uint32_t pixels = blockIdx.x / T::kChannelTiles, rest = pixels / tiles_q;
  const int first_vector = (int)(blockIdx.x % T::kChannelTiles) * C::kVectors, q0 = (int)(pixels % tiles_q) * T::kTileQ, p0 = (int)(rest % tiles_p) * C::kRows;
  const int64_t image = rest / tiles_p;
  Vector *filter = (Vector *)shared, *window = (Vector *)(shared + T::kFilterBytes);

  if constexpr (C::kFilterConstant) bring_filter<C>(p, filter, first_vector);
  wait_for_launches();
  if constexpr (!C::kFilterConstant) bring_filter<C>(p, filter, first_vector);
  bring_window<C>(p, window, image, p0 * C::kStrideH - C::kPadH, q0 * C::kStrideW - C::kPadW, first_vector);
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();

  const int part = threadIdx.x % T::kAcross, group = threadIdx.x / T::kAcross % C::kGroups, row = threadIdx.x / (T::kAcross * C::kGroups);
  float acc[C::kColumns][T::kLanes] = {};
  if (T::kWorkers == T::kThreads || threadIdx.x < T::kWorkers) {
    const Part *weights = (const Part *)filter + part, *corner = (const Part *)window + (row * C::kStrideH * T::kColumnsIn + group * C::kColumns * C::kStrideW) * T::kAcross + part;
#pragma unroll(C::kR <= 3 ? C::kR : 1)
    for (int r = 0; r < C::kR; ++r) add_row<C>(acc, weights + r * C::kS * T::kAcross, corner + r * C::kDilationH * T::kColumnsIn * T::kAcross);
  }
  start_dependents(); // what remains needs no shared memory
  const int y = p0 + row, x = q0 + group * C::kColumns, c = first_vector * C::kWidth + part * T::kLanes;
  if (threadIdx.x >= T::kWorkers || y >= (int)size_p || c >= C::kC) return;
  if constexpr (T::kLanes > 1) {
    Pack<float, T::kLanes> sums[C::kColumns];
    int ys[C::kColumns], xs[C::kColumns];
#pragma unroll
    for (int q = 0; q < C::kColumns; ++q) {
      ys[q] = y;
      xs[q] = x + q;
#pragma unroll
      for (int l = 0; l < T::kLanes; ++l) sums[q].v[l] = acc[q][l];
    }
    store_pixels<C>(p, image, ys, xs, c, sums, (int)size_p, (int)size_q);
  } else {
#pragma unroll
    for (int q = 0; q < C::kColumns; ++q)
      if (x + q < (int)size_q) storeOne(p, image, y, x + q, c, acc[q][0]);
  }
}

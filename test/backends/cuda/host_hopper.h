// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// kernels/hopper_device.cuh for the host: copies by tensor maps, products of a warpgroup. Copies and products are made at once. Where bytes lie is as the PTX ISA and the driver API say: 16-byte parts of rows of 128
// bytes exchanged by the row's number modulo 8; K- and MN-major operands of wgmma; the pixels of a window map from corner to corner.
struct alignas(64) TensorMap {
  const char *data;
  int rank;
  int64_t dims[4], strides[3]; // innermost first; bytes
  int box[2], steps[4], lower[2], upper[2];
  bool has_windows;
};

namespace host {

inline char *swizzled(const char *p) { return (char *)((uintptr_t)p ^ ((uintptr_t)p >> 7 & 7) << 4); }

inline void put(char *to, int row, int column, const char *from) {
  char *at = swizzled(to + row * 128 + column * 2);
  if (from) memcpy(at, from, 2);
  else memset(at, 0, 2);
}
inline TensorMap tensorMap(const char *data, std::initializer_list<int64_t> dims, std::initializer_list<int64_t> strides, std::initializer_list<int> box, std::initializer_list<int> steps, std::initializer_list<int> lower,
                           std::initializer_list<int> upper) {
  TensorMap m{data, (int)dims.size()};
  std::copy(dims.begin(), dims.end(), m.dims);
  std::copy(strides.begin(), strides.end(), m.strides);
  std::copy(box.begin(), box.end(), m.box);
  std::copy(steps.begin(), steps.end(), m.steps);
  std::copy(lower.begin(), lower.end(), m.lower);
  std::copy(upper.begin(), upper.end(), m.upper);
  m.has_windows = lower.size() > 0;
  return m;
}

} // namespace host

DEVICE void load_box(void *to, const TensorMap *map, int x, int y, uint64_t *barrier) {
  if ((uintptr_t)to % 1024 || (uintptr_t)map->data % 16 || map->has_windows || map->box[0] != 64) abort();
  for (int r = 0; r < map->box[1]; ++r)
    for (int c = 0; c < 64; ++c) host::put((char *)to, r, c, x + c < map->dims[0] && y + r < map->dims[1] ? map->data + (y + r) * map->strides[0] + (x + c) * 2 : nullptr);
  host::arrived(barrier, map->box[1] * 128);
}
DEVICE void load_windows(void *to, const TensorMap *map, int c, int w, int h, int n, int right, int down, uint64_t *barrier) {
  if ((uintptr_t)to % 1024 || (uintptr_t)map->data % 16 || !map->has_windows || map->box[0] != 64) abort();
  for (int i = 0; i < map->box[1]; ++i) {
    const int64_t x = w + right, y = h + down;
    const bool inside = x >= 0 && x < map->dims[1] && y >= 0 && y < map->dims[2] && n < map->dims[3];
    for (int j = 0; j < 64; ++j) host::put((char *)to, i, j, inside && c + j < map->dims[0] ? map->data + n * map->strides[2] + y * map->strides[1] + x * map->strides[0] + (c + j) * 2 : nullptr);
    if ((w += map->steps[1]) < map->dims[1] + map->upper[0]) continue;
    w = map->lower[0];
    if ((h += map->steps[2]) < map->dims[2] + map->upper[1]) continue;
    h = map->lower[1];
    ++n;
  }
  host::arrived(barrier, map->box[1] * 128);
}

// The place in shared memory, and both distances.
DEVICE uint64_t operand(const void *p, uint32_t rows_apart, uint32_t columns_apart) { return (uint64_t)((const char *)p - host::shared()) | (uint64_t)rows_apart << 20 | (uint64_t)columns_apart << 40; }
DEVICE void wgmma_begin() {}
DEVICE void wgmma_commit() {}
template <int N> DEVICE void wgmma_wait() {}
template <int N> DEVICE void give_registers() {}
template <int N> DEVICE void take_registers() {}

// Thread t has rows t / 32 * 16 + l / 4 (+ 8 for every second pair) and columns 8 j + 2 (l % 4) and the next.
template <int kRows, typename T, int N> DEVICE void wgmma(T, float (&d)[N], uint64_t a, uint64_t b, int add) {
  const int t = threadIdx.x % 128, lane = t % 32;
  auto element = [](uint64_t from, bool by_rows, int k, int i) {
    const int64_t apart = from >> 20 & 0xfffff, columns = from >> 40;
    const char *p = host::shared() + (from & 0xfffff) + (by_rows ? i / 64 * columns + k / 8 * apart + k % 8 * 128 + i % 64 * 2 : i / 8 * apart + i % 8 * 128 + k * 2);
    return convert<float>(*(const T *)host::swizzled(p));
  };
  for (int i = 0; i < N; ++i) {
    const int row = t / 32 * 16 + lane / 4 + i / 2 % 2 * 8, column = i / 4 * 8 + lane % 4 * 2 + i % 2;
    double sum = add ? d[i] : 0;
    for (int k = 0; k < 16; ++k) sum += (double)element(a, false, k, row) * element(b, kRows, k, column);
    d[i] = (float)sum;
  }
}

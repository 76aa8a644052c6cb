// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// kernels/device.cuh for the host: what CUDA gives a kernel (threads, blocks, clusters, shared memory, barriers, matrix fragments), so that a template's own source runs here, every index map with it.
// Each thread of a cluster is a fiber; they run in turn until each waits, so a barrier is a loop that yields. Copies that CUDA makes later are made at once: this finds wrong places, not
// missing waits. Fragments of ldmatrix and mma.sync lie as the PTX ISA says ("Matrix Fragments for mma.m16n8k16", "ldmatrix").
#include <setjmp.h>
#include <ucontext.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#define __device__
#define __global__
#define __launch_bounds__(...)
#define __forceinline__ inline
#define __shared__
#define __align__(n)
#define __grid_constant__
#define DEVICE_MEMBER inline
#ifndef __CUDA_ARCH__
#define __CUDA_ARCH__ 900
#endif

namespace host {

struct Dim { uint32_t x = 0; };

// All waiting is for a generation to end; as many arrive as take part.
struct Barrier {
  int arrived = 0;
  unsigned generation = 0;
};

struct Block {
  std::vector<char> memory;
  Barrier barrier;
  // As on a device, whose blocks of a cluster find everything at the same places.
  char *shared() { return (char *)(((uintptr_t)memory.data() + 1023) / 1024 * 1024); }
};
// What lanes show each other.
struct Warp {
  Barrier barrier;
  const void *address[32];
  uint32_t words[32][8];
  float numbers[32];
};
struct Fiber {
  ucontext_t context; // where it starts
  jmp_buf at;         // where it goes on: unlike swapcontext, no call of the system
  bool started = false;
  std::vector<char> stack;
  Dim thread, block;
  int rank = 0; // in the cluster
  unsigned clusterGeneration = 0;
  Warp *warp = nullptr;
  bool done = false;
};

inline jmp_buf scheduler;
inline std::vector<std::unique_ptr<Fiber>> fibers;
inline std::vector<Block> blocks; // of the cluster
inline Barrier clusterBarrier;
inline Dim grid;
inline Fiber *current = nullptr;
inline std::function<void()> body;

inline void yield() {
  if (!_setjmp(current->at)) _longjmp(scheduler, 1);
}
[[gnu::noinline]] inline void resume(Fiber &fiber) {
  current = &fiber;
  if (_setjmp(scheduler)) return;
  if (fiber.started) _longjmp(fiber.at, 1);
  fiber.started = true;
  setcontext(&fiber.context);
}
inline unsigned arrive(Barrier &b, int count) {
  const unsigned generation = b.generation;
  if (++b.arrived == count) {
    b.arrived = 0;
    ++b.generation;
  }
  return generation;
}
inline void wait(const Barrier &b, unsigned generation) {
  while (b.generation == generation) yield();
}
inline void meet(Barrier &b, int count) { wait(b, arrive(b, count)); }
inline int threadsOfBlock() { return (int)(fibers.size() / blocks.size()); }
inline void meetWarp() { meet(current->warp->barrier, 32); }
inline char *shared() { return blocks[current->rank].shared(); }

inline void start() {
  body();
  current->done = true;
  yield();
}

// Runs one cluster to its end. Shared memory starts as NaNs, so that what nobody wrote is seen.
inline void runCluster(uint32_t first_block, int cluster, int threads, int shared_bytes) {
  blocks.assign(cluster, {});
  clusterBarrier = {};
  std::vector<std::vector<char>> stacks; // of the cluster before
  for (auto &fiber : fibers) stacks.push_back(std::move(fiber->stack));
  fibers.clear();
  std::vector<Warp> warps(cluster * threads / 32);
  for (int rank = 0; rank < cluster; ++rank) {
    blocks[rank].memory.assign(shared_bytes + 1024 + 64, (char)0xff);
    for (int t = 0; t < threads; ++t) {
      auto fiber = std::make_unique<Fiber>();
      fiber->thread.x = t;
      fiber->block.x = first_block + rank;
      fiber->rank = rank;
      fiber->warp = &warps[(rank * threads + t) / 32];
      if (stacks.empty()) stacks.emplace_back(256 << 10);
      fiber->stack = std::move(stacks.back());
      stacks.pop_back();
      getcontext(&fiber->context);
      fiber->context.uc_stack.ss_sp = fiber->stack.data();
      fiber->context.uc_stack.ss_size = fiber->stack.size();
      fiber->context.uc_link = nullptr;
      makecontext(&fiber->context, start, 0);
      fibers.push_back(std::move(fiber));
    }
  }
  for (bool running = true; running;) {
    running = false;
    for (auto &fiber : fibers) {
      if (fiber->done) continue;
      running = true;
      resume(*fiber);
    }
  }
}

} // namespace host

#define threadIdx host::current->thread
#define blockIdx host::current->block
#define gridDim host::grid
#define __syncwarp() host::meetWarp()
#define __syncthreads() host::meet(host::blocks[host::current->rank].barrier, host::threadsOfBlock())
struct float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
struct alignas(16) uint4 { uint32_t x, y, z, w; };
inline uint32_t __funnelshift_l(uint32_t low, uint32_t high, uint32_t bits) { return (uint32_t)((((uint64_t)high << 32 | low) << bits % 32) >> 32); }
inline float __int_as_float(int x) { return bitcast<float>(x); }
inline float __expf(float x) { return expf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __shfl_xor_sync(unsigned, float x, int mask) {
  const int lane = threadIdx.x % 32;
  host::current->warp->numbers[lane] = x;
  host::meetWarp();
  const float y = host::current->warp->numbers[lane ^ mask];
  host::meetWarp();
  return y;
}

// ---- device.cuh
DEVICE uint32_t shared_address(const void *p) { return (uint32_t)(uintptr_t)p; }
DEVICE void cp_async16(void *to, const void *from, bool valid) {
  if (((uintptr_t)to | (valid ? (uintptr_t)from : 0)) % 16) abort();
  if (valid) memcpy(to, from, 16);
  else memset(to, 0, 16);
}
DEVICE void cp_async16_part(void *to, const void *from, int bytes) {
  if (((uintptr_t)to | (bytes ? (uintptr_t)from : 0)) % 16 || bytes < 0 || bytes > 16) abort();
  memset(to, 0, 16);
  if (bytes) memcpy(to, from, bytes);
}
DEVICE void cp_async_commit() {}
template <int N> DEVICE void cp_async_wait() {}

// Matrix i of four: lane 8 i + r gives the address of row r; lane l gets elements 2 (l % 4) and the next of row l / 4, transposed those of column l / 4.
DEVICE void load_matrices(uint32_t (&r)[4], const void *p, bool transposed) {
  host::Warp &warp = *host::current->warp;
  const int lane = threadIdx.x % 32, row = lane / 4, column = lane % 4 * 2;
  if ((uintptr_t)p % 16) abort();
  warp.address[lane] = p;
  host::meetWarp();
  for (int i = 0; i < 4; ++i) {
    uint16_t pair[2];
    for (int j = 0; j < 2; ++j) pair[j] = transposed ? ((const uint16_t *)warp.address[8 * i + column + j])[row] : ((const uint16_t *)warp.address[8 * i + row])[column + j];
    r[i] = pair[0] | (uint32_t)pair[1] << 16;
  }
  host::meetWarp();
}
DEVICE void ldmatrix4(uint32_t (&r)[4], const void *p) { load_matrices(r, p, false); }
DEVICE void ldmatrix4_trans(uint32_t (&r)[4], const void *p) { load_matrices(r, p, true); }

// a: registers 0 to 3 hold rows l / 4 (+ 8 for odd ones) and columns 2 (l % 4) (+ 8 for 2 and 3); b: rows 2 (l % 4) (+ 8 for register 1), column l / 4; c: rows l / 4 (+ 8 for 2 and 3), columns 2 (l % 4) and the next.
template <typename T> DEVICE float element_of(uint32_t word, int half) { return convert<float>(T{(uint16_t)(word >> 16 * half)}); }
template <typename T> DEVICE void mma16816(T, float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  host::Warp &warp = *host::current->warp;
  const int lane = threadIdx.x % 32;
  for (int i = 0; i < 4; ++i) warp.words[lane][i] = a[i];
  warp.words[lane][4] = b0;
  warp.words[lane][5] = b1;
  host::meetWarp();
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
    double sum = c[i];
    for (int k = 0; k < 16; ++k) {
      const uint32_t left = warp.words[row % 8 * 4 + k % 8 / 2][row / 8 + k / 8 * 2], right = warp.words[column * 4 + k % 8 / 2][4 + k / 8];
      sum += (double)element_of<T>(left, k % 2) * element_of<T>(right, k % 2);
    }
    c[i] = (float)sum;
  }
  host::meetWarp();
}
DEVICE uint32_t pack_pair(half_t, float x, float y) { return float_to_half(x) | (uint32_t)float_to_half(y) << 16; }
DEVICE uint32_t pack_pair(bf16_t, float x, float y) { return float_to_bf16(x) | (uint32_t)float_to_bf16(y) << 16; }

DEVICE uint32_t tf32_high(uint32_t x) { return x & 0xffffe000; }
DEVICE uint32_t tf32_low(uint32_t x) { return (x & 0x7fffffff) == 0x7f800000 ? 0 : bitcast<uint32_t>(bitcast<float>(x) - bitcast<float>(tf32_high(x))); }
// "Matrix Fragments for mma.m16n8k8", .tf32: a: registers 0 to 3 hold rows l / 4 (+ 8 for odd ones), column l % 4 (+ 4 for 2 and 3); b: row l % 4 (+ 4 for register 1), column l / 4. Bits that TF32 lacks are not read.
DEVICE void mma1688(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  host::Warp &warp = *host::current->warp;
  const int lane = threadIdx.x % 32;
  for (int i = 0; i < 4; ++i) warp.words[lane][i] = a[i];
  warp.words[lane][4] = b0;
  warp.words[lane][5] = b1;
  host::meetWarp();
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
    double sum = c[i];
    for (int k = 0; k < 8; ++k) {
      const uint32_t left = warp.words[row % 8 * 4 + k % 4][row / 8 + k / 4 * 2], right = warp.words[column * 4 + k % 4][4 + k / 4];
      sum += (double)bitcast<float>(tf32_high(left)) * bitcast<float>(tf32_high(right));
    }
    c[i] = (float)sum;
  }
  host::meetWarp();
}
DEVICE void start_here(uint32_t) {}
DEVICE void start_dependents() {}
DEVICE void wait_for_launches() {}
DEVICE uint32_t cluster_rank() { return host::current->rank; }
DEVICE void cluster_arrive() { host::current->clusterGeneration = host::arrive(host::clusterBarrier, (int)host::fibers.size()); }
DEVICE void cluster_wait() { host::wait(host::clusterBarrier, host::current->clusterGeneration); }

// A barrier in shared memory.
namespace host {
struct Phase {
  uint32_t arrivals, pending;
  int64_t bytes = 0; // that have yet to come; fewer than none before they are expected
  unsigned generation = 0;
};
inline std::unordered_map<uint64_t *, Phase> phases; // of the cluster that runs

inline Phase &phase(uint64_t *barrier) {
  auto at = phases.find(barrier);
  if (at == phases.end()) abort();
  return at->second;
}
inline void advance(Phase &p) {
  if (p.pending || p.bytes) return;
  ++p.generation;
  p.pending = p.arrivals;
}
inline void arrive(Phase &p) {
  if (p.pending == 0) abort(); // more than take part
  --p.pending;
  advance(p);
}
inline void arrived(uint64_t *barrier, int64_t bytes) {
  phase(barrier).bytes -= bytes;
  advance(phase(barrier));
}
} // namespace host

DEVICE void phase_init(uint64_t *barrier, uint32_t arrivals) { host::phases[barrier] = {arrivals, arrivals}; }
DEVICE void phases_are_set_up() {}
DEVICE void phase_arrive(uint64_t *barrier) { host::arrive(host::phase(barrier)); }
DEVICE void phase_arrive_expecting(uint64_t *barrier, uint32_t bytes) {
  host::phase(barrier).bytes += bytes;
  host::arrive(host::phase(barrier));
}
DEVICE void phase_wait(uint64_t *barrier, uint32_t parity) {
  while ((host::phase(barrier).generation & 1) == parity) host::yield();
}
DEVICE void phase_wait_cluster(uint64_t *barrier, uint32_t parity) { phase_wait(barrier, parity); }

DEVICE void bulk_copies_see_shared() {}
DEVICE void *in_block(const void *p, uint32_t rank) { return host::blocks[rank].shared() + ((const char *)p - host::shared()); }
DEVICE void cluster_copy(void *to, uint64_t *barrier, const void *from, uint32_t bytes, uint32_t rank) {
  if (((uintptr_t)to | (uintptr_t)from | bytes) % 16) abort();
  memcpy(in_block(to, rank), from, bytes);
  host::arrived((uint64_t *)in_block(barrier, rank), bytes);
}
DEVICE void cluster_arrive_release() { cluster_arrive(); }
DEVICE void cluster_store(float *to, uint64_t *barrier, float value, uint32_t rank) {
  *(float *)in_block(to, rank) = value;
  host::arrived((uint64_t *)in_block(barrier, rank), 4);
}

#include "host_hopper.h"

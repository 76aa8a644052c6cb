// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Instructions of sm_90a: copies by tensor maps, products of a warpgroup (PTX ISA 8.0, "Asynchronous Warpgroup Level Matrix Multiply-Accumulate Instructions" and "Tensor").

// What cuTensorMapEncodeTiled and cuTensorMapEncodeIm2col fill (runtime/cuda/tensor_maps.h).
struct alignas(64) TensorMap { uint64_t words[16]; };

// ---- boxes of tensors from global to shared memory; zeros for what lies outside of the tensor.
DEVICE void load_box(void *to, const TensorMap *map, int x, int y, uint64_t *barrier) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(shared_address(to)), "l"(map), "r"(x), "r"(y), "r"(shared_address(barrier)) : "memory");
}
// Channels from c on of as many pixels as the map says, from the window's corner (w, h) in image n on and each shifted by (right, down).
DEVICE void load_windows(void *to, const TensorMap *map, int c, int w, int h, int n, int right, int down, uint64_t *barrier) {
  asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4, %5}], [%6], {%7, %8};" ::"r"(shared_address(to)), "l"(map), "r"(c), "r"(w), "r"(h), "r"(n),
               "r"(shared_address(barrier)), "h"((uint16_t)right), "h"((uint16_t)down)
               : "memory");
}

// ---- products of a warpgroup: d (64 x N, f32) += a (64 x 16) b (16 x N), all three from several calls on until they are waited for.
// Operands lie in rows of 128 bytes whose 16-byte parts are exchanged by the row's number modulo 8 (swizzle of 128 bytes), from a multiple of 1024 bytes on.
// rows_apart: bytes from 8 rows to the next 8; columns_apart: from 64 columns to the next 64, for an operand whose rows are its k.
DEVICE uint64_t operand(const void *p, uint32_t rows_apart, uint32_t columns_apart) {
  return (uint64_t)((shared_address(p) & 0x3ffff) >> 4) | (uint64_t)(columns_apart >> 4) << 16 | (uint64_t)(rows_apart >> 4) << 32 | (uint64_t)1 << 62;
}
DEVICE void wgmma_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int N> DEVICE void wgmma_wait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory"); }
// Registers of each thread of a warpgroup, for the whole of which all its threads ask.
template <int N> DEVICE void give_registers() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N)); }
template <int N> DEVICE void take_registers() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N)); }

// kRows: the rows of b in memory are its k, else its columns. The accumulators of N columns are N / 2 registers of each thread.
#define MLC_REGISTERS_8(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define MLC_REGISTERS_16(d, i) MLC_REGISTERS_8(d, i), MLC_REGISTERS_8(d, i + 8)
#define MLC_REGISTERS_32(d, i) MLC_REGISTERS_16(d, i), MLC_REGISTERS_16(d, i + 16)
#define MLC_REGISTERS_64(d, i) MLC_REGISTERS_32(d, i), MLC_REGISTERS_32(d, i + 32)
#define MLC_REGISTERS_128(d, i) MLC_REGISTERS_64(d, i), MLC_REGISTERS_64(d, i + 64)
#define MLC_OPERANDS_16 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15"
#define MLC_OPERANDS_32 MLC_OPERANDS_16 ", %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define MLC_OPERANDS_64 MLC_OPERANDS_32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define MLC_OPERANDS_128 MLC_OPERANDS_64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95" ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
// element, its name, columns, registers, and the numbers of the operands behind them.
#define MLC_WGMMA(type, name, columns, registers, a_, b_, add_, rows_) \
  template <int kRows> DEVICE void wgmma(type, float (&d)[registers], uint64_t a, uint64_t b, int add) { \
    asm volatile("{\n .reg .pred p;\n setp.ne.b32 p, %" add_ ", 0;\n wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." name "." name " {" MLC_OPERANDS_##registers \
                 "}, %" a_ ", %" b_ ", p, 1, 1, 0, %" rows_ ";\n}" \
                 : MLC_REGISTERS_##registers(d, 0) \
                 : "l"(a), "l"(b), "r"(add), "n"(kRows)); \
  }
#define MLC_WGMMA_OF(type, name) \
  MLC_WGMMA(type, name, "32", 16, "16", "17", "18", "19") \
  MLC_WGMMA(type, name, "64", 32, "32", "33", "34", "35") \
  MLC_WGMMA(type, name, "128", 64, "64", "65", "66", "67") \
  MLC_WGMMA(type, name, "256", 128, "128", "129", "130", "131")
MLC_WGMMA_OF(half_t, "f16")
MLC_WGMMA_OF(bf16_t, "bf16")

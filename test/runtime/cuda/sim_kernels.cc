// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The kernels of test/runtime/kernels.c as the simulated device has them.
#include <cstdlib>
#include <cstring>

#include "runtime/host/kernel_abi.h"
#include "test/runtime/cuda/sim_state.h"

namespace mlc::runtime::cuda::sim {
namespace {

Access Reads(const Launch& l, size_t param, uint64_t size) {
  return {l.slots[param], l.slots[param] + size, false};
}

Access Writes(const Launch& l, size_t param, uint64_t size) {
  return {l.slots[param], l.slots[param] + size, true};
}

constexpr KernelRow kRows[] = {
    // out[i] = a[i] + b[i], one element per block.
    {"add_f32", 4,
     [](const Launch& l) -> std::vector<Access> {
       const uint64_t size = 4 * l.grid;
       return {Reads(l, 0, size), Reads(l, 1, size), Writes(l, 2, size)};
     },
     [](const Launch& l) {
       for (unsigned i = 0; i < l.grid; ++i)
         l.pointer<float>(2)[i] = l.pointer<float>(0)[i] + l.pointer<float>(1)[i];
     }},
    // out = in + 1.
    {"increment_i64", 3,
     [](const Launch& l) -> std::vector<Access> {
       return {Reads(l, 0, 8), Writes(l, 1, 8)};
     },
     [](const Launch& l) { *l.pointer<int64_t>(1) = *l.pointer<int64_t>(0) + 1; }},
    // out = a < b.
    {"less_i64", 4,
     [](const Launch& l) -> std::vector<Access> {
       return {Reads(l, 0, 8), Reads(l, 1, 8), Writes(l, 2, 1)};
     },
     [](const Launch& l) {
       *l.pointer<char>(2) = *l.pointer<int64_t>(0) < *l.pointer<int64_t>(1);
     }},
    // out[i] = data[index[i]] for data of `scalar` elements; faults on an index outside.
    {"gather_f32", 5,
     [](const Launch& l) -> std::vector<Access> {
       return {Reads(l, 1, 8 * l.grid), Writes(l, 2, 4 * l.grid)};
     },
     [](const Launch& l) {
       for (unsigned i = 0; i < l.grid; ++i) {
         const int64_t index = l.pointer<int64_t>(1)[i];
         if (index < 0 || index >= l.scalar(3))
           *l.pointer<int32_t>(4) = MLC_KERNEL_INDEX_OUT_OF_RANGE;
         else
           l.pointer<float>(2)[i] = l.pointer<float>(0)[index];
       }
     }},
    // Stands for out[i] = f(in[i]), one element per block, but computes the first and last alone.
    {"touch_f32", 3,
     [](const Launch& l) -> std::vector<Access> {
       return {Reads(l, 0, 4 * l.grid), Writes(l, 1, 4 * l.grid)};
     },
     [](const Launch& l) {
       for (unsigned i : {0u, l.grid - 1}) l.pointer<float>(1)[i] = l.pointer<float>(0)[i];
     }},
    // out = in, one row of 64 floats per block, where `in` is found by a tensor map: (in, out, rows, bytes of a row, fault, map).
    {"copy_boxes_f32", 6,
     [](const Launch& l) -> std::vector<Access> {
       return {Reads(l, 0, 256 * l.grid), Writes(l, 1, 256 * l.grid)};
     },
     [](const Launch& l) { std::memcpy(l.pointer<float>(1), l.pointer<float>(5), 256 * l.grid); }},
    // Does nothing.
    {"nothing", 1, [](const Launch&) -> std::vector<Access> { return {}; }, [](const Launch&) {}},
};

// For plans of the compiler, with MLC_SIM_ANY_KERNEL set: memory and graphs are as on a device, the
// kernels do nothing.
constexpr KernelRow kAny = {"any", 0, [](const Launch&) -> std::vector<Access> { return {}; },
                            [](const Launch&) {}};

}  // namespace

const KernelRow* FindKernel(const std::string& name) {
  for (const KernelRow& row : kRows)
    if (name == row.name) return &row;
  static const bool takes_any = std::getenv("MLC_SIM_ANY_KERNEL") != nullptr;
  return takes_any ? &kAny : nullptr;
}

}  // namespace mlc::runtime::cuda::sim

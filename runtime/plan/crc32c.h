// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// CRC32C (Castagnoli, reflected, as in iSCSI and ext4): the instruction of SSE4.2 where the CPU has
// it (8 bytes in 3 cycles, about 8 GB/s), else eight tables of 1 KiB.
#ifndef MLC_RUNTIME_PLAN_CRC32C_H
#define MLC_RUNTIME_PLAN_CRC32C_H

#include <cstddef>
#include <cstdint>

namespace mlc::runtime {

// Continues `crc` (0 to start) over the bytes, so pieces can be checked one after the other.
uint32_t Crc32c(const void* data, size_t size_bytes, uint32_t crc = 0);

// The table version, for CPUs without SSE4.2 and for the test that compares both.
uint32_t Crc32cPortable(const void* data, size_t size_bytes, uint32_t crc = 0);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_CRC32C_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/plan/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace mlc::runtime {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected 0x1edc6f41

// tables[k][b]: the CRC of byte b followed by k zero bytes ("slicing by 8").
constexpr auto MakeTables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k)
    for (size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 255];
  return tables;
}

constexpr auto kTables = MakeTables();

#if defined(__x86_64__)
// Not __builtin_cpu_supports, which would link a static constructor.
bool HasSse42() {
  static const bool has = [] {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_SSE4_2) != 0;
  }();
  return has;
}

__attribute__((target("sse4.2"))) uint32_t Crc32cSse42(const void* data, size_t size_bytes,
                                                       uint32_t crc) {
  auto* bytes = static_cast<const unsigned char*>(data);
  uint64_t state = ~crc;
  for (; size_bytes >= 8; bytes += 8, size_bytes -= 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    state = __builtin_ia32_crc32di(state, word);
  }
  auto tail = static_cast<uint32_t>(state);
  for (; size_bytes > 0; ++bytes, --size_bytes) tail = __builtin_ia32_crc32qi(tail, *bytes);
  return ~tail;
}
#endif

}  // namespace

uint32_t Crc32cPortable(const void* data, size_t size_bytes, uint32_t crc) {
  auto* bytes = static_cast<const unsigned char*>(data);
  uint32_t state = ~crc;
  for (; size_bytes >= 8; bytes += 8, size_bytes -= 8) {
    uint32_t low, high;
    std::memcpy(&low, bytes, 4);
    std::memcpy(&high, bytes + 4, 4);
    low ^= state;
    state = kTables[7][low & 255] ^ kTables[6][low >> 8 & 255] ^ kTables[5][low >> 16 & 255] ^
            kTables[4][low >> 24] ^ kTables[3][high & 255] ^ kTables[2][high >> 8 & 255] ^
            kTables[1][high >> 16 & 255] ^ kTables[0][high >> 24];
  }
  for (; size_bytes > 0; ++bytes, --size_bytes)
    state = (state >> 8) ^ kTables[0][(state ^ *bytes) & 255];
  return ~state;
}

uint32_t Crc32c(const void* data, size_t size_bytes, uint32_t crc) {
#if defined(__x86_64__)
  if (HasSse42()) return Crc32cSse42(data, size_bytes, crc);
#endif
  return Crc32cPortable(data, size_bytes, crc);
}

}  // namespace mlc::runtime

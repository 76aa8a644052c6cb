// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/plan/format.h"

#include <bit>
#include <cstring>

#include "runtime/plan/crc32c.h"

namespace mlc::runtime {
namespace {

static_assert(std::endian::native == std::endian::little, "plans are mapped, not converted");

// Like PNG's: the high bit and both newlines show transfers that changed the bytes.
constexpr unsigned char kMagic[8] = {0x89, 'M', 'L', 'C', '\r', '\n', 0x1a, '\n'};
constexpr size_t kCrcOffset = 60;

template <typename T>
T Load(const unsigned char* bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof value);
  return value;
}

template <typename T>
void Store(unsigned char* bytes, size_t offset, T value) {
  std::memcpy(bytes + offset, &value, sizeof value);
}

Status CheckVersion(const Preamble& preamble) {
  unsigned major = preamble.format_major, minor = preamble.format_minor;
  if (major != kFormatMajor)
    return Error(MLC_STATUS_PLAN_VERSION,
                 "the plan has format %u.%u, this runtime reads format %u.%u: compile the model "
                 "again with the compiler of this runtime's version",
                 major, minor, kFormatMajor, kFormatMinor);
  if (preamble.min_reader_minor > kFormatMinor)
    return Error(MLC_STATUS_PLAN_VERSION,
                 "the plan has format %u.%u and needs a runtime of format %u.%u or newer, this one "
                 "reads up to %u.%u: update the runtime",
                 major, minor, major, preamble.min_reader_minor, kFormatMajor, kFormatMinor);
  if (minor < kOldestReadableMinor)
    return Error(
        MLC_STATUS_PLAN_VERSION,
        "the plan has format %u.%u, this runtime reads formats %u.%u to %u.%u: compile the "
        "model again",
        major, minor, kFormatMajor, kOldestReadableMinor, kFormatMajor, kFormatMinor);
  return Ok();
}

}  // namespace

void EncodePreamble(const Preamble& preamble, unsigned char (&bytes)[kPreambleBytes]) {
  std::memset(bytes, 0, sizeof bytes);
  std::memcpy(bytes, kMagic, sizeof kMagic);
  Store(bytes, 8, preamble.format_major);
  Store(bytes, 10, preamble.format_minor);
  Store(bytes, 12, preamble.min_reader_minor);
  Store(bytes, 16, preamble.header_bytes);
  Store(bytes, 24, preamble.file_bytes);
  Store(bytes, 32, preamble.header_crc32c);
  Store(bytes, kCrcOffset, Crc32c(bytes, kCrcOffset));
}

Result<Preamble> DecodePreamble(const unsigned char* data, uint64_t size_bytes) {
  if (size_bytes < kPreambleBytes || std::memcmp(data, kMagic, sizeof kMagic) != 0)
    return Error(MLC_STATUS_BAD_PLAN, "this is not a plan file: %s",
                 size_bytes < kPreambleBytes ? "it has fewer than 64 bytes"
                                             : "it does not start with a plan's signature");
  if (Load<uint32_t>(data, kCrcOffset) != Crc32c(data, kCrcOffset))
    return Error(MLC_STATUS_BAD_PLAN, "the plan's first 64 bytes are damaged (checksum)");

  Preamble preamble;
  preamble.format_major = Load<uint16_t>(data, 8);
  preamble.format_minor = Load<uint16_t>(data, 10);
  preamble.min_reader_minor = Load<uint16_t>(data, 12);
  MLC_TRY(CheckVersion(preamble));
  preamble.header_bytes = Load<uint64_t>(data, 16);
  preamble.file_bytes = Load<uint64_t>(data, 24);
  preamble.header_crc32c = Load<uint32_t>(data, 32);
  if (preamble.file_bytes != size_bytes)
    return Error(MLC_STATUS_BAD_PLAN, "the plan has %llu bytes but was written with %llu: %s",
                 static_cast<unsigned long long>(size_bytes),
                 static_cast<unsigned long long>(preamble.file_bytes),
                 size_bytes < preamble.file_bytes ? "it is cut off" : "something was appended");
  if (preamble.header_bytes > kMaxHeaderBytes ||
      preamble.header_bytes > size_bytes - kPreambleBytes)
    return Error(MLC_STATUS_BAD_PLAN, "the plan's metadata (%llu bytes) does not fit in the file",
                 static_cast<unsigned long long>(preamble.header_bytes));
  return preamble;
}

}  // namespace mlc::runtime

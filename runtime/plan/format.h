// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The fixed start of a plan file and the numbers of its layout. See README.md beside this file.
#ifndef MLC_RUNTIME_PLAN_FORMAT_H
#define MLC_RUNTIME_PLAN_FORMAT_H

#include <cstdint>

#include "runtime/base/status.h"

namespace mlc::runtime {

inline constexpr uint16_t kFormatMajor = 0;
inline constexpr uint16_t kFormatMinor = 1;
// The oldest minor of this major that this runtime still reads. From 1.0 on it stays 0.
inline constexpr uint16_t kOldestReadableMinor = 1;

inline constexpr uint64_t kPreambleBytes = 64;
inline constexpr uint64_t kMaxHeaderBytes = uint64_t{1} << 30;  // flatbuffers reach 2 GiB
inline constexpr uint64_t kWeightsAlignment = 64;               // a cache line, an AVX-512 register
inline constexpr uint64_t kCodeAlignment = 4096;                // a page, so that code is mapped

// Feature names that a plan may require. Plan.features with any other name is refused.
inline constexpr const char* kKnownFeatures[] = {"control_flow", "shape_checks", "buckets", "cuda",
                                                 "tensor_maps", "cublaslt"};

// Refused in a plan that is to run: its weights were left out (plan.fbs, Stripped).
inline constexpr const char* kStrippedFeature = "stripped_weights";

// Decoded form of the first 64 bytes. Stored little-endian at the byte offsets given.
struct Preamble {
  uint16_t format_major = kFormatMajor;      // 8
  uint16_t format_minor = kFormatMinor;      // 10
  uint16_t min_reader_minor = kFormatMinor;  // 12
  uint64_t header_bytes = 0;                 // 16: the flatbuffer starts at 64
  uint64_t file_bytes = 0;                   // 24
  uint32_t header_crc32c = 0;                // 32
                                             // 60: CRC32C of bytes 0 to 59
};

void EncodePreamble(const Preamble& preamble, unsigned char (&bytes)[kPreambleBytes]);

// Checks magic, checksum, version and sizes of a file that starts with `data` and has size_bytes
// bytes. BAD_PLAN or PLAN_VERSION.
Result<Preamble> DecodePreamble(const unsigned char* data, uint64_t size_bytes);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_FORMAT_H

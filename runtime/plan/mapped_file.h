// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A file mapped read-only as a whole.
#ifndef MLC_RUNTIME_PLAN_MAPPED_FILE_H
#define MLC_RUNTIME_PLAN_MAPPED_FILE_H

#include <cstddef>
#include <cstdint>

#include "runtime/base/status.h"

namespace mlc::runtime {

// Owns descriptor and mapping. An empty file has data() null.
class MappedFile {
 public:
  static Result<MappedFile> Open(const char* path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const unsigned char* data() const { return data_; }
  uint64_t size_bytes() const { return size_bytes_; }
  // For further mappings of the same file; -1 when there is none.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  const unsigned char* data_ = nullptr;
  uint64_t size_bytes_ = 0;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_MAPPED_FILE_H

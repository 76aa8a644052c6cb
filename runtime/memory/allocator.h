// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Where memory comes from, host or device: what the C API asks of an allocator, and one block that
// frees itself.
#ifndef MLC_RUNTIME_MEMORY_ALLOCATOR_H
#define MLC_RUNTIME_MEMORY_ALLOCATOR_H

#include <cstdint>
#include <string>
#include <utility>

#include "runtime/base/status.h"

namespace mlc::runtime {

// Any thread may call any function.
class Allocator {
 public:
  virtual ~Allocator() = default;

  // Not null even for size 0. OUT_OF_MEMORY after the cache was flushed.
  virtual Result<void*> Allocate(uint64_t size_bytes) = 0;
  // Null is fine.
  virtual void Free(void* memory) = 0;
  // Returns cached memory until at most keep_bytes are cached.
  virtual void Trim(uint64_t keep_bytes) = 0;

  virtual mlc_memory_stats_t Stats() const = 0;
  virtual void ResetPeak() = 0;
  // Statistics and blocks as JSON.
  virtual std::string Snapshot() const = 0;
};

// One block that frees itself. Null when default-constructed.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  static Result<DeviceMemory> Allocate(Allocator& allocator, uint64_t size_bytes) {
    DeviceMemory memory;
    MLC_TRY_ASSIGN(memory.data_, allocator.Allocate(size_bytes));
    memory.allocator_ = &allocator;
    memory.size_bytes_ = size_bytes;
    return memory;
  }
  DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(allocator_, other.allocator_);
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }
  ~DeviceMemory() {
    if (allocator_) allocator_->Free(data_);
  }

  // Hands the block to a caller who frees it.
  void* Detach() {
    allocator_ = nullptr;
    size_bytes_ = 0;
    return std::exchange(data_, nullptr);
  }

  char* data() const { return static_cast<char*>(data_); }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  Allocator* allocator_ = nullptr;
  void* data_ = nullptr;
  uint64_t size_bytes_ = 0;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_MEMORY_ALLOCATOR_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The allocator of host memory, pageable or pinned, for tensors, arenas and scratch: keeps freed
// blocks for the next request of their class.
#ifndef MLC_RUNTIME_MEMORY_CACHING_ALLOCATOR_H
#define MLC_RUNTIME_MEMORY_CACHING_ALLOCATOR_H

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "runtime/memory/allocator.h"

namespace mlc::runtime {

// Size classes: up to 1 MiB four per power of two (at most 1/4 is lost), above that multiples of 64
// KiB; a cached block serves requests down to 7/8 of its size there. Blocks are never split: arenas
// and tensors of a served model repeat exactly, and what does not repeat goes back with Trim. Any
// thread may call any function.
class CachingAllocator final : public Allocator {
 public:
  static constexpr size_t kAlignment = 64;

  // `hooks` is copied, null means the system. limit_bytes bounds reserved bytes, 0 = no limit.
  CachingAllocator(const mlc_allocator_t* hooks, uint64_t limit_bytes);
  CachingAllocator(const mlc_allocator_t& hooks, uint64_t limit_bytes);
  CachingAllocator(const CachingAllocator&) = delete;
  ~CachingAllocator() override;

  // Memory aligned to 64 bytes, not null even for size 0. OUT_OF_MEMORY after the cache was
  // flushed.
  Result<void*> Allocate(uint64_t size_bytes) override;
  // Null is fine.
  void Free(void* memory) override;
  // Returns cached blocks to the system, the largest first, until at most keep_bytes are cached.
  void Trim(uint64_t keep_bytes) override;

  mlc_memory_stats_t Stats() const override;
  void ResetPeak() override;
  // Statistics and live and cached blocks by class, as JSON.
  std::string Snapshot() const override;

 private:
  struct LiveBlock {
    uint64_t requested_bytes;
    uint64_t class_bytes;
  };

  void* TakeCached(uint64_t class_bytes, uint64_t* out_block_bytes);
  void* TakeFromSystem(uint64_t class_bytes);
  void TrimLocked(uint64_t keep_bytes);

  const mlc_allocator_t hooks_;
  const uint64_t limit_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<void*, LiveBlock> live_;
  std::multimap<uint64_t, void*> cached_;  // by class size
  mlc_memory_stats_t stats_{};
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_MEMORY_CACHING_ALLOCATOR_H

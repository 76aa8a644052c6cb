// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/memory/caching_allocator.h"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace mlc::runtime {
namespace {

constexpr uint64_t kSmallLimit = uint64_t{1} << 20;
constexpr uint64_t kLargeGranule = uint64_t{1} << 16;
constexpr uint64_t kMaxRequest = uint64_t{1} << 47;  // the x86-64 user address space

// Up to 256 bytes multiples of 64, up to 1 MiB steps of a quarter of the power of two below.
uint64_t ClassOf(uint64_t size_bytes) {
  if (size_bytes <= 256) return std::max<uint64_t>(64, (size_bytes + 63) & ~uint64_t{63});
  const uint64_t step =
      size_bytes <= kSmallLimit ? std::bit_floor(size_bytes - 1) / 4 : kLargeGranule;
  return (size_bytes + step - 1) / step * step;
}

bool IsSmall(uint64_t class_bytes) { return class_bytes <= kSmallLimit; }

void* SystemAllocate(void*, size_t size_bytes, size_t alignment) {
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, size_bytes) == 0 ? memory : nullptr;
}

void SystemRelease(void*, void* memory, size_t) { std::free(memory); }

constexpr mlc_allocator_t kSystem = {nullptr, SystemAllocate, SystemRelease};

}  // namespace

CachingAllocator::CachingAllocator(const mlc_allocator_t* hooks, uint64_t limit_bytes)
    : CachingAllocator(hooks ? *hooks : kSystem, limit_bytes) {}

CachingAllocator::CachingAllocator(const mlc_allocator_t& hooks, uint64_t limit_bytes)
    : hooks_(hooks), limit_bytes_(limit_bytes) {
  stats_.struct_size = sizeof stats_;
}

CachingAllocator::~CachingAllocator() { Trim(0); }

Result<void*> CachingAllocator::Allocate(uint64_t size_bytes) {
  std::lock_guard lock(mutex_);
  ++stats_.num_allocations;
  uint64_t block_bytes = size_bytes <= kMaxRequest ? ClassOf(size_bytes) : 0;
  void* memory = nullptr;
  if (block_bytes > 0) {
    const uint64_t class_bytes = block_bytes;
    memory = TakeCached(class_bytes, &block_bytes);
    if (!memory) memory = TakeFromSystem(class_bytes);
    if (!memory && !cached_.empty()) {
      TrimLocked(0);
      memory = TakeFromSystem(class_bytes);
      stats_.num_retries += memory != nullptr;
    }
  }
  if (!memory) {
    ++stats_.num_failures;
    return Error(MLC_STATUS_OUT_OF_MEMORY,
                 "no memory for %" PRIu64 " bytes: %" PRIu64 " are in use, the limit is %" PRIu64
                 " (0 = none)",
                 size_bytes, stats_.active_bytes, limit_bytes_);
  }
  live_.emplace(memory, LiveBlock{size_bytes, block_bytes});
  stats_.allocated_bytes += size_bytes;
  stats_.active_bytes += block_bytes;
  stats_.peak_allocated_bytes = std::max(stats_.peak_allocated_bytes, stats_.allocated_bytes);
  stats_.peak_active_bytes = std::max(stats_.peak_active_bytes, stats_.active_bytes);
  return memory;
}

void* CachingAllocator::TakeCached(uint64_t class_bytes, uint64_t* out_block_bytes) {
  auto found = cached_.lower_bound(class_bytes);
  if (found == cached_.end()) return nullptr;
  const uint64_t largest = IsSmall(class_bytes) ? class_bytes : class_bytes / 7 * 8;
  if (found->first > largest) return nullptr;
  *out_block_bytes = found->first;
  void* memory = found->second;
  cached_.erase(found);
  return memory;
}

void* CachingAllocator::TakeFromSystem(uint64_t class_bytes) {
  if (limit_bytes_ > 0 && stats_.reserved_bytes + class_bytes > limit_bytes_) return nullptr;
  void* memory = hooks_.allocate(hooks_.user, class_bytes, kAlignment);
  if (!memory) return nullptr;
  ++stats_.num_system_allocations;
  stats_.reserved_bytes += class_bytes;
  stats_.peak_reserved_bytes = std::max(stats_.peak_reserved_bytes, stats_.reserved_bytes);
  return memory;
}

void CachingAllocator::Free(void* memory) {
  if (!memory) return;
  std::lock_guard lock(mutex_);
  auto found = live_.find(memory);
  if (found == live_.end()) return;
  stats_.allocated_bytes -= found->second.requested_bytes;
  stats_.active_bytes -= found->second.class_bytes;
  cached_.emplace(found->second.class_bytes, memory);
  live_.erase(found);
}

void CachingAllocator::Trim(uint64_t keep_bytes) {
  std::lock_guard lock(mutex_);
  TrimLocked(keep_bytes);
}

void CachingAllocator::TrimLocked(uint64_t keep_bytes) {
  while (!cached_.empty() && stats_.reserved_bytes - stats_.active_bytes > keep_bytes) {
    auto largest = std::prev(cached_.end());
    hooks_.release(hooks_.user, largest->second, largest->first);
    stats_.reserved_bytes -= largest->first;
    cached_.erase(largest);
  }
}

mlc_memory_stats_t CachingAllocator::Stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void CachingAllocator::ResetPeak() {
  std::lock_guard lock(mutex_);
  stats_.peak_allocated_bytes = stats_.allocated_bytes;
  stats_.peak_active_bytes = stats_.active_bytes;
  stats_.peak_reserved_bytes = stats_.reserved_bytes;
}

std::string CachingAllocator::Snapshot() const {
  std::lock_guard lock(mutex_);
  struct ClassCounts {
    uint64_t live = 0;
    uint64_t cached = 0;
  };
  std::map<uint64_t, ClassCounts> classes;
  for (const auto& [memory, block] : live_) ++classes[block.class_bytes].live;
  for (const auto& [class_bytes, memory] : cached_) ++classes[class_bytes].cached;

  char text[512];
  std::snprintf(text, sizeof text,
                "{\"schema_version\":1,\"allocated_bytes\":%" PRIu64 ",\"active_bytes\":%" PRIu64
                ",\"reserved_bytes\":%" PRIu64 ",\"peak_allocated_bytes\":%" PRIu64
                ",\"peak_active_bytes\":%" PRIu64 ",\"peak_reserved_bytes\":%" PRIu64
                ",\"limit_bytes\":%" PRIu64 ",\"num_allocations\":%" PRIu64
                ",\"num_system_allocations\":%" PRIu64 ",\"classes\":[",
                stats_.allocated_bytes, stats_.active_bytes, stats_.reserved_bytes,
                stats_.peak_allocated_bytes, stats_.peak_active_bytes, stats_.peak_reserved_bytes,
                limit_bytes_, stats_.num_allocations, stats_.num_system_allocations);
  std::string json = text;
  const char* separator = "";
  for (const auto& [class_bytes, counts] : classes) {
    std::snprintf(text, sizeof text,
                  "%s{\"block_bytes\":%" PRIu64 ",\"live\":%" PRIu64 ",\"cached\":%" PRIu64 "}",
                  separator, class_bytes, counts.live, counts.cached);
    json += text;
    separator = ",";
  }
  return json + "]}";
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The allocator of device memory: large pieces are taken from the device, kept, split for requests
// and merged again.
#ifndef MLC_RUNTIME_MEMORY_SEGMENT_ALLOCATOR_H
#define MLC_RUNTIME_MEMORY_SEGMENT_ALLOCATOR_H

#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "runtime/memory/allocator.h"

namespace mlc::runtime {

// Where segments come from. Called with the allocator's lock held.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  // Memory aligned to 512 bytes. OUT_OF_MEMORY, or another error, which is not tried again.
  virtual Result<void*> Allocate(uint64_t size_bytes) = 0;
  virtual void Release(void* memory, uint64_t size_bytes) = 0;

  // Virtual memory: what Map takes sizes and addresses in multiples of; 0 when there is none.
  virtual uint64_t granularity() const { return 0; }
  // Addresses without memory.
  virtual Result<void*> Reserve(uint64_t) { return NoVirtualMemory(); }
  virtual void Unreserve(void*, uint64_t) {}
  // Puts memory behind addresses of a reservation; all or nothing.
  virtual Status Map(void*, uint64_t) { return NoVirtualMemory(); }
  // Returns how many bytes from the start are without memory now: all, unless something fails.
  virtual uint64_t Unmap(void*, uint64_t size_bytes) { return size_bytes; }

 private:
  static Status NoVirtualMemory() {
    return Error(MLC_STATUS_UNSUPPORTED, "there is no virtual memory");
  }
};

// Says when work that was enqueued has ended.
class Fence {
 public:
  virtual ~Fence() = default;
  virtual bool HasPassed() = 0;
  virtual void Wait() = 0;
};

// How memory is kept, "expandable_segments:on,max_split_size_mb:64,limit_mb:4096".
struct AllocatorConfig {
  bool expandable_segments = true;  // where the source has virtual memory
  uint64_t max_split_bytes = 0;     // larger blocks are never split, 0 = any may be
  uint64_t limit_bytes = 0;         // of reserved memory, 0 = none

  // INVALID_ARGUMENT names what it does not know. Null is fine.
  static Result<AllocatorConfig> Parse(const char* text);
};

// Requests are rounded up to multiples of 512 bytes. Those up to 1 MiB share small segments (2
// MiB), those up to 10 MiB segments of 20 MiB, larger ones get their own of a multiple of 2 MiB.
// The smallest free block that is large enough is taken (of equal ones the lowest) and split when
// what is left is worth it; a freed block merges with free neighbours. With expandable segments
// each pool is one range of addresses, as large as the device, into which memory is mapped where it
// is needed: blocks of any size can merge and grow, and free memory goes back in pieces of the
// granularity from anywhere. Any thread may call any function.
class SegmentAllocator final : public Allocator {
 public:
  static constexpr uint64_t kAlignment = 512;

  // device_bytes: what there can be at most, the size of expandable segments.
  SegmentAllocator(std::unique_ptr<MemorySource> source, const AllocatorConfig& config,
                   uint64_t device_bytes);
  bool has_limit() const { return config_.limit_bytes > 0; }
  SegmentAllocator(const SegmentAllocator&) = delete;
  // Waits for fences. All memory was freed.
  ~SegmentAllocator() override;

  // OUT_OF_MEMORY after fences were waited for and the cache was flushed; other errors of the
  // source.
  Result<void*> Allocate(uint64_t size_bytes) override;
  void Free(void* memory) override;
  // Frees memory that enqueued work still uses: nobody gets it before the fence has passed. Until
  // then it counts as active, not as allocated.
  void FreeAfter(void* memory, std::unique_ptr<Fence> fence);
  void Trim(uint64_t keep_bytes) override;

  mlc_memory_stats_t Stats() const override;
  void ResetPeak() override;
  // Statistics, then each segment with its blocks in order of address.
  std::string Snapshot() const override;

 private:
  struct Segment;
  struct Pool;

  enum class State { Free, Used, Waiting, Unmapped };

  struct Block {
    uint64_t address;
    uint64_t size;
    State state;
    uint64_t requested = 0;
    Segment* segment;
    Block* previous = nullptr;  // by address, in the segment
    Block* next = nullptr;
  };

  struct BySize {
    bool operator()(const Block* a, const Block* b) const {
      return a->size != b->size ? a->size < b->size : a->address < b->address;
    }
  };

  struct Segment {
    uint64_t address;
    uint64_t size;
    Pool* pool;
    bool is_expandable;
    Block* first;
  };

  struct Pool {
    bool is_small;
    std::set<Block*, BySize> free;      // mapped
    std::set<Block*, BySize> unmapped;  // of the expandable segment
    Segment* expandable = nullptr;
    bool tried_expandable = false;
  };

  struct WaitingBlock {
    Block* block;
    std::unique_ptr<Fence> fence;
  };

  Block* TakeFree(Pool& pool, uint64_t size);
  Result<Block*> TakeNew(Pool& pool, uint64_t size);
  Result<Block*> TakeSegment(Pool& pool, uint64_t size);
  Result<Block*> Expand(Pool& pool, uint64_t size);
  Block* FindHole(Pool& pool, uint64_t size);
  uint64_t BytesToMap(const Block& hole, uint64_t size) const;
  Segment* ExpandableOf(Pool& pool);
  Status MapBlock(Block* block, uint64_t begin, uint64_t end);
  bool ShouldSplit(const Block& block, uint64_t size) const;
  Block* Split(Block* block, uint64_t size);
  Block* Merge(Block* block);
  void Absorb(Block* block, Block* next);
  void SetFree(Block* block);
  void Collect(bool wait);
  void TrimLocked(uint64_t keep_bytes);
  void UnmapFree(Pool& pool, uint64_t keep_bytes);
  void ReleaseSegment(Segment* segment);
  bool FitsLimit(uint64_t more) const;
  void Reserved(uint64_t more);
  Pool& PoolOf(uint64_t size) { return pools_[size <= kSmallRequest ? 0 : 1]; }

  static constexpr uint64_t kSmallRequest = uint64_t{1} << 20;
  static constexpr uint64_t kSmallSegment = uint64_t{2} << 20;
  static constexpr uint64_t kMediumRequest = uint64_t{10} << 20;
  static constexpr uint64_t kMediumSegment = uint64_t{20} << 20;
  static constexpr uint64_t kLargeGranule = uint64_t{2} << 20;
  static constexpr uint64_t kMaxRequest = uint64_t{1} << 47;

  const std::unique_ptr<MemorySource> source_;
  const AllocatorConfig config_;
  const uint64_t device_bytes_;
  mutable std::mutex mutex_;
  Pool pools_[2];
  std::list<Segment> segments_;
  std::unordered_map<void*, Block*> used_;
  std::deque<WaitingBlock> waiting_;
  mlc_memory_stats_t stats_{};
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_MEMORY_SEGMENT_ALLOCATOR_H

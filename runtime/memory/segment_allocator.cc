// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/memory/segment_allocator.h"

#include <algorithm>
#include <cinttypes>

namespace mlc::runtime {
namespace {

constexpr uint64_t kPieceBytes = 8 << 20;  // mapped at a time where little lies idle
constexpr uint64_t kIdleBytes = 16 << 20;

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

void* Pointer(uint64_t address) { return reinterpret_cast<void*>(address); }

bool IsOutOfMemory(const Status& status) { return status.code() == MLC_STATUS_OUT_OF_MEMORY; }

}  // namespace

SegmentAllocator::SegmentAllocator(std::unique_ptr<MemorySource> source,
                                   const AllocatorConfig& config, uint64_t device_bytes)
    : source_(std::move(source)), config_(config), device_bytes_(device_bytes) {
  pools_[0].is_small = true;
  pools_[1].is_small = false;
  stats_.struct_size = sizeof stats_;
}

SegmentAllocator::~SegmentAllocator() {
  Collect(/*wait=*/true);
  TrimLocked(0);
  for (Pool& pool : pools_)
    if (pool.expandable) ReleaseSegment(pool.expandable);
}

Result<void*> SegmentAllocator::Allocate(uint64_t size_bytes) {
  std::lock_guard lock(mutex_);
  ++stats_.num_allocations;
  Collect(/*wait=*/false);
  const uint64_t size = AlignUp(std::clamp<uint64_t>(size_bytes, 1, kMaxRequest), kAlignment);
  Pool& pool = PoolOf(size);
  Block* block = TakeFree(pool, size);
  if (!block) {
    Result<Block*> taken = size_bytes > kMaxRequest
                               ? Error(MLC_STATUS_OUT_OF_MEMORY, "more than any device has")
                               : TakeNew(pool, size);
    if (!taken.ok() && IsOutOfMemory(taken.status())) {
      Collect(/*wait=*/true);
      if (Block* freed = TakeFree(pool, size)) {
        taken = freed;
      } else if (stats_.reserved_bytes > stats_.active_bytes) {
        TrimLocked(0);
        taken = TakeNew(pool, size);
      }
      stats_.num_retries += taken.ok();
    }
    if (!taken.ok()) {
      ++stats_.num_failures;
      if (!IsOutOfMemory(taken.status())) return taken.TakeStatus();
      return Error(MLC_STATUS_OUT_OF_MEMORY,
                   "no memory for %" PRIu64 " bytes: %" PRIu64 " are in use, %" PRIu64
                   " reserved, the limit is %" PRIu64 " (0 = none): %s",
                   size_bytes, stats_.active_bytes, stats_.reserved_bytes, config_.limit_bytes,
                   taken.status().message());
    }
    block = *taken;
  }
  if (ShouldSplit(*block, size)) SetFree(Split(block, size));
  block->state = State::Used;
  block->requested = size_bytes;
  used_.emplace(Pointer(block->address), block);
  stats_.allocated_bytes += size_bytes;
  stats_.active_bytes += block->size;
  stats_.peak_allocated_bytes = std::max(stats_.peak_allocated_bytes, stats_.allocated_bytes);
  stats_.peak_active_bytes = std::max(stats_.peak_active_bytes, stats_.active_bytes);
  return Pointer(block->address);
}

void SegmentAllocator::Free(void* memory) { FreeAfter(memory, nullptr); }

void SegmentAllocator::FreeAfter(void* memory, std::unique_ptr<Fence> fence) {
  if (!memory) return;
  std::lock_guard lock(mutex_);
  const auto found = used_.find(memory);
  if (found == used_.end()) return;
  Block* block = found->second;
  used_.erase(found);
  stats_.allocated_bytes -= block->requested;
  block->requested = 0;
  if (fence) {
    block->state = State::Waiting;
    waiting_.push_back({block, std::move(fence)});
    return;
  }
  stats_.active_bytes -= block->size;
  SetFree(Merge(block));
}

// Frees the blocks whose fences have passed; with `wait` all.
void SegmentAllocator::Collect(bool wait) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (wait)
      at->fence->Wait();
    else if (!at->fence->HasPassed()) {
      ++at;
      continue;
    }
    Block* block = at->block;
    at = waiting_.erase(at);
    stats_.active_bytes -= block->size;
    SetFree(Merge(block));
  }
}

// ---- blocks ----

// Out of the pool's free ones; the caller makes it used or splits it.
SegmentAllocator::Block* SegmentAllocator::TakeFree(Pool& pool, uint64_t size) {
  Block key{0, size, State::Free, 0, nullptr};
  const auto found = pool.free.lower_bound(&key);
  if (found == pool.free.end()) return nullptr;
  Block* block = *found;
  const uint64_t most = config_.max_split_bytes;
  // A block that is too large to split serves only requests near its size.
  if (most > 0 && !block->segment->is_expandable && block->size > most &&
      (size <= most || block->size - size >= kMediumSegment))
    return nullptr;
  pool.free.erase(found);
  return block;
}

bool SegmentAllocator::ShouldSplit(const Block& block, uint64_t size) const {
  const uint64_t rest = block.size - size;
  if (block.segment->is_expandable || block.segment->pool->is_small) return rest >= kAlignment;
  if (config_.max_split_bytes > 0 && block.size > config_.max_split_bytes) return false;
  return rest > kSmallRequest;
}

// Cuts a block, which is in no set; returns the rest, which is in none either and has its state.
SegmentAllocator::Block* SegmentAllocator::Split(Block* block, uint64_t size) {
  auto* rest = new Block{block->address + size,
                         block->size - size,
                         block->state,
                         0,
                         block->segment,
                         block,
                         block->next};
  if (rest->next) rest->next->previous = rest;
  block->next = rest;
  block->size = size;
  return rest;
}

// Joins `next`, which is in no set, to the block before it.
void SegmentAllocator::Absorb(Block* block, Block* next) {
  block->size += next->size;
  block->next = next->next;
  if (next->next) next->next->previous = block;
  delete next;
}

// A block with its free neighbours, which leave the set.
SegmentAllocator::Block* SegmentAllocator::Merge(Block* block) {
  Pool& pool = *block->segment->pool;
  if (Block* next = block->next; next && next->state == State::Free) {
    pool.free.erase(next);
    Absorb(block, next);
  }
  if (Block* previous = block->previous; previous && previous->state == State::Free) {
    pool.free.erase(previous);
    Absorb(previous, block);
    return previous;
  }
  return block;
}

void SegmentAllocator::SetFree(Block* block) {
  block->state = State::Free;
  block->segment->pool->free.insert(block);
}

// ---- memory from the source ----

bool SegmentAllocator::FitsLimit(uint64_t more) const {
  return config_.limit_bytes == 0 || stats_.reserved_bytes + more <= config_.limit_bytes;
}

void SegmentAllocator::Reserved(uint64_t more) {
  ++stats_.num_system_allocations;
  stats_.reserved_bytes += more;
  stats_.peak_reserved_bytes = std::max(stats_.peak_reserved_bytes, stats_.reserved_bytes);
}

Result<SegmentAllocator::Block*> SegmentAllocator::TakeNew(Pool& pool, uint64_t size) {
  return ExpandableOf(pool) ? Expand(pool, size) : TakeSegment(pool, size);
}

Result<SegmentAllocator::Block*> SegmentAllocator::TakeSegment(Pool& pool, uint64_t size) {
  const uint64_t bytes = pool.is_small            ? kSmallSegment
                         : size <= kMediumRequest ? kMediumSegment
                                                  : AlignUp(size, kLargeGranule);
  if (!FitsLimit(bytes)) return Error(MLC_STATUS_OUT_OF_MEMORY, "the limit is reached");
  MLC_TRY_ASSIGN(void* memory, source_->Allocate(bytes));
  Reserved(bytes);
  const auto address = reinterpret_cast<uint64_t>(memory);
  segments_.push_back({address, bytes, &pool, false, nullptr});
  auto* block = new Block{address, bytes, State::Free, 0, &segments_.back()};
  segments_.back().first = block;
  return block;
}

// The pool's one segment, null where there is no virtual memory.
SegmentAllocator::Segment* SegmentAllocator::ExpandableOf(Pool& pool) {
  if (pool.tried_expandable) return pool.expandable;
  pool.tried_expandable = true;
  const uint64_t granule = source_->granularity();
  if (!config_.expandable_segments || granule == 0) return nullptr;
  // Some more than there is, so that holes do not matter.
  const uint64_t bytes = AlignUp(device_bytes_ + device_bytes_ / 8, granule);
  auto reserved = source_->Reserve(bytes);
  if (!reserved.ok()) return nullptr;
  const auto address = reinterpret_cast<uint64_t>(*reserved);
  segments_.push_back({address, bytes, &pool, true, nullptr});
  pool.expandable = &segments_.back();
  pool.expandable->first = new Block{address, bytes, State::Unmapped, 0, pool.expandable};
  pool.unmapped.insert(pool.expandable->first);
  return pool.expandable;
}

// The smallest hole that, with a free block on either side, is large enough.
SegmentAllocator::Block* SegmentAllocator::FindHole(Pool& pool, uint64_t size) {
  for (Block* hole : pool.unmapped) {
    uint64_t room = hole->size;
    for (const Block* side : {hole->previous, hole->next})
      if (side && side->state == State::Free) room += side->size;
    if (room >= size) return hole;
  }
  return nullptr;
}

// How much must be mapped into a hole so that a block of this size is there.
uint64_t SegmentAllocator::BytesToMap(const Block& hole, uint64_t size) const {
  const Block* before = hole.previous;
  const uint64_t there = before && before->state == State::Free ? before->size : 0;
  return std::min(hole.size, AlignUp(size - std::min(size, there), source_->granularity()));
}

// NOTE: what is free elsewhere moves here rather than that more than a sixteenth of the most that
// was ever active lies idle, or kIdleBytes. Unmapping is slow, but steady work finds its blocks free
// and comes not here. Nor does work whose shapes grow by little: what is mapped has room for it.
Result<SegmentAllocator::Block*> SegmentAllocator::Expand(Pool& pool, uint64_t size) {
  const uint64_t active = std::max(stats_.peak_active_bytes, stats_.active_bytes + size);
  const uint64_t most = active + std::max(active / 16, kIdleBytes);
  Block* hole = nullptr;
  for (uint64_t before = UINT64_MAX;;) {
    hole = FindHole(pool, size);
    if (!hole) return Error(MLC_STATUS_OUT_OF_MEMORY, "the device's addresses are used up");
    const uint64_t reserved = stats_.reserved_bytes + BytesToMap(*hole, size);
    if (reserved <= most || stats_.reserved_bytes == before) break;
    before = stats_.reserved_bytes;
    // What goes may have been a part of the block to be.
    const uint64_t cached = stats_.reserved_bytes - stats_.active_bytes;
    TrimLocked(cached - std::min(cached, reserved - most));
  }
  uint64_t bytes = BytesToMap(*hole, size);
  const uint64_t ample = std::min(
      hole->size, AlignUp(std::max(bytes, kPieceBytes), source_->granularity()));
  if (stats_.reserved_bytes + ample <= most && FitsLimit(ample)) bytes = ample;
  if (!FitsLimit(bytes)) return Error(MLC_STATUS_OUT_OF_MEMORY, "the limit is reached");
  MLC_TRY(source_->Map(Pointer(hole->address), bytes));
  Reserved(bytes);
  pool.unmapped.erase(hole);
  if (hole->size > bytes) pool.unmapped.insert(Split(hole, bytes));
  hole->state = State::Free;
  return Merge(hole);
}

// ---- memory back to the source ----

void SegmentAllocator::Trim(uint64_t keep_bytes) {
  std::lock_guard lock(mutex_);
  Collect(/*wait=*/false);
  TrimLocked(keep_bytes);
}

// The largest blocks first.
void SegmentAllocator::TrimLocked(uint64_t keep_bytes) {
  for (Pool* pool : {&pools_[1], &pools_[0]}) {
    UnmapFree(*pool, keep_bytes);
    for (auto at = pool->free.end(); at != pool->free.begin();) {
      if (stats_.reserved_bytes - stats_.active_bytes <= keep_bytes) return;
      Block* block = *--at;
      if (block->segment->is_expandable || block->size != block->segment->size) continue;
      at = pool->free.erase(at);
      ReleaseSegment(block->segment);
    }
  }
}

// Gives back whole granules inside of free blocks.
void SegmentAllocator::UnmapFree(Pool& pool, uint64_t keep_bytes) {
  if (!pool.expandable) return;
  const uint64_t granule = source_->granularity();
  const std::vector<Block*> free(pool.free.rbegin(), pool.free.rend());
  for (Block* block : free) {
    const uint64_t cached = stats_.reserved_bytes - stats_.active_bytes;
    if (cached <= keep_bytes) return;
    if (!block->segment->is_expandable) continue;
    const uint64_t begin = AlignUp(block->address, granule);
    uint64_t end = (block->address + block->size) / granule * granule;
    if (begin >= end) continue;
    end = std::min(end, begin + AlignUp(cached - keep_bytes, granule));
    end = begin + source_->Unmap(Pointer(begin), end - begin);
    if (begin >= end) continue;
    stats_.reserved_bytes -= end - begin;
    pool.free.erase(block);
    Block* hole = block;
    if (begin > block->address) {
      hole = Split(block, begin - block->address);
      pool.free.insert(block);
    }
    if (hole->address + hole->size > end) pool.free.insert(Split(hole, end - hole->address));
    hole->state = State::Unmapped;
    if (Block* next = hole->next; next && next->state == State::Unmapped) {
      pool.unmapped.erase(next);
      Absorb(hole, next);
    }
    if (Block* previous = hole->previous; previous && previous->state == State::Unmapped) {
      pool.unmapped.erase(previous);
      Absorb(previous, hole);
      hole = previous;
    }
    pool.unmapped.insert(hole);
  }
}

// A segment of one block, which is in no set of mapped ones.
void SegmentAllocator::ReleaseSegment(Segment* segment) {
  if (segment->is_expandable) {
    const Block& first = *segment->first;
    // NOTE: addresses with memory that would not go stay reserved.
    if (first.state == State::Unmapped && !first.next)
      source_->Unreserve(Pointer(segment->address), segment->size);
  } else {
    source_->Release(Pointer(segment->address), segment->size);
    stats_.reserved_bytes -= segment->size;
  }
  while (Block* block = segment->first) {
    segment->first = block->next;
    delete block;
  }
  segments_.remove_if([&](const Segment& other) { return &other == segment; });
}

}  // namespace mlc::runtime

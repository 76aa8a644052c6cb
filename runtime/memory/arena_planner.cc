// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/memory/arena_planner.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace mlc::runtime {
namespace {

struct Block {
  uint64_t offset;
  uint64_t end;
};

uint64_t AlignUp(uint64_t size_bytes) {
  return (size_bytes + kArenaAlignment - 1) & ~(kArenaAlignment - 1);
}

bool Overlap(const ArenaRequest& a, const ArenaRequest& b) {
  return a.first <= b.last && b.first <= a.last;
}

// The offset of the tightest gap between `blocks` (sorted by offset, may overlap each other) that
// holds size_bytes, else the end of the last one.
uint64_t BestFit(const std::vector<Block>& blocks, uint64_t size_bytes) {
  uint64_t end = 0, best_offset = UINT64_MAX, best_gap = UINT64_MAX;
  for (const Block& block : blocks) {
    if (block.offset > end) {
      const uint64_t gap = block.offset - end;
      if (gap >= size_bytes && gap < best_gap) {
        best_gap = gap;
        best_offset = end;
      }
    }
    end = std::max(end, block.end);
  }
  return best_offset != UINT64_MAX ? best_offset : end;
}

// Places the requests in the given order, each where it disturbs none that was placed before.
ArenaLayout PlaceInOrder(const std::vector<ArenaRequest>& requests,
                         const std::vector<uint32_t>& order) {
  ArenaLayout layout;
  layout.offsets.assign(requests.size(), 0);
  std::vector<uint32_t> placed;  // sorted by offset
  std::vector<Block> conflicts;
  for (uint32_t index : order) {
    const ArenaRequest& request = requests[index];
    const uint64_t size_bytes = AlignUp(request.size_bytes);
    if (size_bytes == 0) continue;
    conflicts.clear();
    for (uint32_t other : placed)
      if (Overlap(request, requests[other]))
        conflicts.push_back(
            {layout.offsets[other], layout.offsets[other] + AlignUp(requests[other].size_bytes)});
    const uint64_t offset = BestFit(conflicts, size_bytes);
    layout.offsets[index] = offset;
    layout.peak_bytes = std::max(layout.peak_bytes, offset + size_bytes);
    auto before = [&](uint64_t value, uint32_t other) { return value < layout.offsets[other]; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), offset, before), index);
  }
  return layout;
}

// Sweeps over the starts and ends of all lifetimes.
uint64_t LargestLiveSum(const std::vector<ArenaRequest>& requests) {
  std::vector<std::tuple<uint64_t, bool, uint64_t>> events;  // time, starts, size; ends come first
  for (const ArenaRequest& request : requests) {
    events.emplace_back(request.first, true, AlignUp(request.size_bytes));
    events.emplace_back(uint64_t{request.last} + 1, false, AlignUp(request.size_bytes));
  }
  std::sort(events.begin(), events.end());
  uint64_t live = 0, largest = 0;
  for (const auto& [time, starts, size_bytes] : events) {
    live = starts ? live + size_bytes : live - size_bytes;
    largest = std::max(largest, live);
  }
  return largest;
}

}  // namespace

ArenaLayout PlanArena(const std::vector<ArenaRequest>& requests) {
  std::vector<uint32_t> by_size(requests.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::vector<uint32_t> by_time = by_size;
  std::sort(by_size.begin(), by_size.end(), [&](uint32_t a, uint32_t b) {
    const ArenaRequest &x = requests[a], &y = requests[b];
    return std::tuple(y.size_bytes, x.first, a) < std::tuple(x.size_bytes, y.first, b);
  });
  std::sort(by_time.begin(), by_time.end(), [&](uint32_t a, uint32_t b) {
    const ArenaRequest &x = requests[a], &y = requests[b];
    return std::tuple(x.first, y.size_bytes, a) < std::tuple(y.first, x.size_bytes, b);
  });

  const uint64_t lower_bound_bytes = LargestLiveSum(requests);
  ArenaLayout layout = PlaceInOrder(requests, by_size);
  if (layout.peak_bytes > lower_bound_bytes) {
    ArenaLayout other = PlaceInOrder(requests, by_time);
    if (other.peak_bytes < layout.peak_bytes) layout = std::move(other);
  }
  layout.lower_bound_bytes = lower_bound_bytes;
  return layout;
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/memory/arena_planner.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace mlc::runtime {
namespace {

constexpr uint64_t kMaxRepairs = 40;
constexpr uint64_t kMaxRepairWork = uint64_t{1} << 23;  // pairs of requests, per order

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

// A key per request to sort by, smallest first; equal ones stay in order.
template <typename Key>
std::vector<uint32_t> OrderBy(const std::vector<ArenaRequest>& requests, Key key) {
  std::vector<uint32_t> order(requests.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::tuple(key(requests[a]), a) < std::tuple(key(requests[b]), b);
  });
  return order;
}

// Moves the first request of the order that ends above `limit` before all that it conflicts with.
// False when it is there already.
bool PromoteFirstAbove(uint64_t limit, const std::vector<ArenaRequest>& requests,
                       const ArenaLayout& layout, std::vector<uint32_t>& order) {
  const auto above = std::find_if(order.begin(), order.end(), [&](uint32_t i) {
    return layout.offsets[i] + AlignUp(requests[i].size_bytes) > limit;
  });
  const auto conflict = std::find_if(order.begin(), above, [&](uint32_t i) {
    return Overlap(requests[i], requests[*above]);
  });
  std::rotate(conflict, above, above + 1);
  return conflict != above;
}

}  // namespace

ArenaLayout PlanArena(const std::vector<ArenaRequest>& requests) {
  const uint64_t lower_bound_bytes = LargestLiveSum(requests);
  ArenaLayout best;
  best.peak_bytes = UINT64_MAX;
  auto finished = [&](std::vector<uint32_t> order) {
    // NOTE: a placement takes quadratic time; programs of thousands of temporaries get no repairs.
    const uint64_t repairs = std::min(kMaxRepairs, kMaxRepairWork / (order.size() * order.size() + 1));
    for (uint64_t i = 0;; ++i) {
      ArenaLayout layout = PlaceInOrder(requests, order);
      const bool again = i < repairs && layout.peak_bytes > lower_bound_bytes &&
                         PromoteFirstAbove(lower_bound_bytes, requests, layout, order);
      if (layout.peak_bytes < best.peak_bytes) best = std::move(layout);
      if (!again) return best.peak_bytes <= lower_bound_bytes;
    }
  };
  auto by_size = [](const ArenaRequest& r) { return std::tuple(~r.size_bytes, r.first); };
  auto by_area = [](const ArenaRequest& r) {
    return -static_cast<double>(r.size_bytes) * (r.last - r.first + 1);
  };
  auto by_time = [](const ArenaRequest& r) { return std::tuple(r.first, ~r.size_bytes); };
  (void)(finished(OrderBy(requests, by_size)) || finished(OrderBy(requests, by_area)) ||
         finished(OrderBy(requests, by_time)));
  best.lower_bound_bytes = lower_bound_bytes;
  return best;
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Arena planner, lifetimes, caching allocator.
#include <gtest/gtest.h>

#include <random>

#include "runtime/memory/arena_planner.h"
#include "runtime/memory/caching_allocator.h"
#include "runtime/memory/lifetimes.h"

namespace mlc::runtime {
namespace {

void ExpectSound(const std::vector<ArenaRequest>& requests) {
  const ArenaLayout layout = PlanArena(requests);
  EXPECT_GE(layout.peak_bytes, layout.lower_bound_bytes);
  for (size_t i = 0; i < requests.size(); ++i) {
    const ArenaRequest& a = requests[i];
    EXPECT_EQ(layout.offsets[i] % kArenaAlignment, 0u);
    EXPECT_LE(layout.offsets[i] + a.size_bytes, layout.peak_bytes);
    for (size_t k = 0; k < i; ++k) {
      const ArenaRequest& b = requests[k];
      const bool together = a.first <= b.last && b.first <= a.last;
      const bool apart = layout.offsets[i] + a.size_bytes <= layout.offsets[k] ||
                         layout.offsets[k] + b.size_bytes <= layout.offsets[i];
      EXPECT_TRUE(!together || apart || a.size_bytes == 0 || b.size_bytes == 0)
          << i << " and " << k;
    }
  }
}

TEST(ArenaPlanner, NeverOverlapsLiveBuffers) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<ArenaRequest> requests(random() % 40);
    for (ArenaRequest& request : requests) {
      request.size_bytes = random() % 5 == 0 ? 0 : random() % 5000;
      request.first = random() % 50;
      request.last = request.first + random() % 10;
    }
    ExpectSound(requests);
  }
}

TEST(ArenaPlanner, ReachesTheLowerBoundForAChain) {
  std::vector<ArenaRequest> requests;
  for (uint32_t i = 0; i < 20; ++i) requests.push_back({100, i, i + 1});
  const ArenaLayout layout = PlanArena(requests);
  EXPECT_EQ(layout.peak_bytes, 256u);
  EXPECT_EQ(layout.lower_bound_bytes, 256u);
}

TEST(ArenaPlanner, FillsGapsBetweenLongLivedBuffers) {
  // Two long-lived, short ones between them in time: 3 blocks of 64 at most.
  const ArenaLayout layout =
      PlanArena({{64, 0, 9}, {64, 5, 9}, {64, 1, 2}, {64, 3, 4}, {64, 6, 7}});
  EXPECT_EQ(layout.peak_bytes, layout.lower_bound_bytes);
}

TEST(ArenaPlanner, RepairsAnOrderThatMissesTheBound) {
  // In order of size, of size times duration and of time, best fit alone needs more than 640 bytes.
  const std::vector<ArenaRequest> requests = {
      {64, 7, 11}, {192, 3, 7}, {192, 5, 8}, {256, 8, 8}, {192, 7, 7}};
  ExpectSound(requests);
  const ArenaLayout layout = PlanArena(requests);
  EXPECT_EQ(layout.lower_bound_bytes, 640u);
  EXPECT_EQ(layout.peak_bytes, 640u);
}

TEST(Lifetimes, RunFromTheFirstUseToTheLastOfTheRoot) {
  const auto lifetimes = ComputeLifetimes({0, 0, 2}, {{0, 1}, {1, 5}, {2, 3}}, {});
  EXPECT_EQ(lifetimes[0].first, 1u);
  EXPECT_EQ(lifetimes[0].last, 5u);
  EXPECT_FALSE(lifetimes[1].used());
  EXPECT_EQ(lifetimes[2].first, 3u);
}

TEST(Lifetimes, CoverWholeLoopsThatTheyEnterFromOutside) {
  // Inner loop [4, 6] inside outer loop [2, 8].
  const std::vector<LoopSteps> loops = {{4, 6}, {2, 8}};
  const auto lifetimes = ComputeLifetimes(
      {0, 1, 2, 3}, {{0, 1}, {0, 5}, {1, 5}, {1, 5}, {2, 3}, {2, 5}, {3, 7}, {3, 9}}, loops);
  EXPECT_EQ(lifetimes[0].first, 1u);  // from before both
  EXPECT_EQ(lifetimes[0].last, 8u);
  EXPECT_EQ(lifetimes[1].first, 5u);  // of one iteration of the inner one
  EXPECT_EQ(lifetimes[1].last, 5u);
  EXPECT_EQ(lifetimes[2].first, 3u);  // of one iteration of the outer one
  EXPECT_EQ(lifetimes[2].last, 6u);
  EXPECT_EQ(lifetimes[3].first, 2u);  // a result of the outer one
  EXPECT_EQ(lifetimes[3].last, 9u);
}

void* Take(CachingAllocator& allocator, uint64_t size_bytes) {
  auto memory = allocator.Allocate(size_bytes);
  return memory.ok() ? *memory : nullptr;
}

TEST(CachingAllocator, CountsAndReuses) {
  CachingAllocator allocator(nullptr, 0);
  void* a = Take(allocator, 1000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a) % 64, 0u);
  EXPECT_EQ(allocator.Stats().allocated_bytes, 1000u);
  EXPECT_EQ(allocator.Stats().active_bytes, 1024u);
  allocator.Free(a);
  EXPECT_EQ(allocator.Stats().allocated_bytes, 0u);
  EXPECT_EQ(allocator.Stats().reserved_bytes, 1024u);
  EXPECT_EQ(Take(allocator, 990), a);  // of the same class
  EXPECT_EQ(allocator.Stats().num_system_allocations, 1u);
  EXPECT_EQ(allocator.Stats().peak_allocated_bytes, 1000u);
  allocator.ResetPeak();
  EXPECT_EQ(allocator.Stats().peak_allocated_bytes, 990u);
  allocator.Free(a);
  allocator.Trim(0);
  EXPECT_EQ(allocator.Stats().reserved_bytes, 0u);
}

TEST(CachingAllocator, DoesNotWasteLargeBlocksOnSmallerRequests) {
  CachingAllocator allocator(nullptr, 0);
  allocator.Free(Take(allocator, 80 << 20));
  void* near = Take(allocator, 72 << 20);
  EXPECT_EQ(allocator.Stats().num_system_allocations, 1u);
  void* far = Take(allocator, 40 << 20);
  EXPECT_EQ(allocator.Stats().num_system_allocations, 2u);
  allocator.Free(near);
  allocator.Free(far);
}

TEST(CachingAllocator, FlushesItsCacheBeforeItGivesUp) {
  CachingAllocator allocator(nullptr, 4096);
  allocator.Free(Take(allocator, 3000));
  void* b = Take(allocator, 4096);  // fits only once the cached block is gone
  EXPECT_NE(b, nullptr);
  EXPECT_EQ(allocator.Stats().num_retries, 1u);
  EXPECT_EQ(allocator.Allocate(64).status().code(), MLC_STATUS_OUT_OF_MEMORY);
  EXPECT_EQ(allocator.Allocate(UINT64_MAX).status().code(), MLC_STATUS_OUT_OF_MEMORY);
  EXPECT_EQ(allocator.Stats().num_failures, 2u);
  allocator.Free(b);
}

TEST(CachingAllocator, DescribesItsBlocks) {
  CachingAllocator allocator(nullptr, 0);
  void* a = Take(allocator, 100);
  const std::string json = allocator.Snapshot();
  EXPECT_NE(json.find("\"allocated_bytes\":100,"), std::string::npos) << json;
  EXPECT_NE(json.find("{\"block_bytes\":128,\"live\":1,\"cached\":0}"), std::string::npos) << json;
  allocator.Free(a);
}

}  // namespace
}  // namespace mlc::runtime

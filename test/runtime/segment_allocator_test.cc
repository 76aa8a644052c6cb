// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The allocator of device memory over a source that only counts.
#include "runtime/memory/segment_allocator.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <map>
#include <random>

namespace mlc::runtime {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// Addresses without memory behind them. Must outlive the allocator, which owns only a handle of it.
struct World {
  uint64_t granularity = 0;
  uint64_t capacity = uint64_t{1} << 40;
  uint64_t taken = 0;
  uint64_t unmap_at_most = UINT64_MAX;  // of each call's bytes
  uint64_t next_address = uint64_t{1} << 44;
  std::map<uint64_t, uint64_t> segments, reservations, mapped;
};

class FakeSource final : public MemorySource {
 public:
  explicit FakeSource(World& world) : world_(world) {}
  Result<void*> Allocate(uint64_t size) override {
    if (world_.taken + size > world_.capacity) return Error(MLC_STATUS_OUT_OF_MEMORY, "full");
    world_.taken += size;
    const uint64_t address = NewAddress(size);
    world_.segments[address] = size;
    return reinterpret_cast<void*>(address);
  }
  void Release(void* memory, uint64_t size) override {
    EXPECT_EQ(world_.segments.at(reinterpret_cast<uint64_t>(memory)), size);
    world_.segments.erase(reinterpret_cast<uint64_t>(memory));
    world_.taken -= size;
  }
  uint64_t granularity() const override { return world_.granularity; }
  Result<void*> Reserve(uint64_t size) override {
    const uint64_t address = NewAddress(size);
    world_.reservations[address] = size;
    return reinterpret_cast<void*>(address);
  }
  void Unreserve(void* memory, uint64_t) override {
    world_.reservations.erase(reinterpret_cast<uint64_t>(memory));
  }
  Status Map(void* memory, uint64_t size) override {
    const auto address = reinterpret_cast<uint64_t>(memory);
    EXPECT_EQ(address % world_.granularity, 0u);
    EXPECT_EQ(size % world_.granularity, 0u);
    if (world_.taken + size > world_.capacity) return Error(MLC_STATUS_OUT_OF_MEMORY, "full");
    for (uint64_t at = address; at < address + size; at += world_.granularity)
      EXPECT_TRUE(world_.mapped.emplace(at, world_.granularity).second);
    world_.taken += size;
    return Ok();
  }
  uint64_t Unmap(void* memory, uint64_t size) override {
    size = std::min(size, world_.unmap_at_most);
    const auto address = reinterpret_cast<uint64_t>(memory);
    for (uint64_t at = address; at < address + size; at += world_.granularity)
      EXPECT_EQ(world_.mapped.erase(at), 1u);
    world_.taken -= size;
    return size;
  }

 private:
  uint64_t NewAddress(uint64_t size) {
    const uint64_t address = world_.next_address;
    world_.next_address += (size + 64 * kMiB) / kMiB * kMiB;
    return address;
  }
  World& world_;
};

class FakeFence final : public Fence {
 public:
  explicit FakeFence(bool& passed) : passed_(passed) {}
  bool HasPassed() override { return passed_; }
  void Wait() override { passed_ = true; }

 private:
  bool& passed_;
};

struct Allocator {
  explicit Allocator(World& world, const char* config = "", uint64_t device = 1024 * kMiB)
      : segments(std::make_unique<FakeSource>(world), *AllocatorConfig::Parse(config), device) {}
  void* Take(uint64_t size) {
    auto memory = segments.Allocate(size);
    return memory.ok() ? *memory : nullptr;
  }
  mlc_memory_stats_t stats() const { return segments.Stats(); }
  SegmentAllocator segments;
};

uint64_t At(const void* memory) { return reinterpret_cast<uint64_t>(memory); }

TEST(SegmentAllocator, SplitsAndMerges) {
  World world;
  {
    Allocator a(world);
    void* x = a.Take(100);
    void* y = a.Take(1000);
    EXPECT_EQ(At(y), At(x) + 512);
    EXPECT_EQ(a.stats().reserved_bytes, 2 * kMiB);
    EXPECT_EQ(a.stats().allocated_bytes, 1100u);
    EXPECT_EQ(a.stats().active_bytes, 512u + 1024);
    void* z = a.Take(512);
    a.segments.Free(x);
    a.segments.Free(z);
    a.segments.Free(y);  // all three are one again
    EXPECT_EQ(a.Take(kMiB), x);
    EXPECT_EQ(a.stats().num_system_allocations, 1u);
    a.segments.Free(x);
    a.segments.Trim(0);
    EXPECT_EQ(a.stats().reserved_bytes, 0u);
  }
  EXPECT_TRUE(world.segments.empty());
}

TEST(SegmentAllocator, TakesTheSmallestBlockThatFits) {
  World world;
  Allocator a(world);
  void* large = a.Take(40 * kMiB);
  void* small = a.Take(30 * kMiB);
  a.segments.Free(large);
  a.segments.Free(small);
  EXPECT_EQ(a.Take(25 * kMiB), small);
  EXPECT_EQ(a.Take(35 * kMiB), large);
  a.segments.Free(small);
  a.segments.Free(large);
}

TEST(SegmentAllocator, KeepsLargeBlocksWholeWhenTold) {
  World world;
  Allocator a(world, "max_split_size_mb:32");
  void* large = a.Take(100 * kMiB);
  a.segments.Free(large);
  void* medium = a.Take(16 * kMiB);  // would split it
  EXPECT_NE(medium, large);
  EXPECT_EQ(a.Take(90 * kMiB), large);  // near enough
  a.segments.Free(medium);
  a.segments.Free(large);
}

TEST(SegmentAllocator, FlushesAndTriesAgain) {
  World world;
  world.capacity = 100 * kMiB;
  Allocator a(world);
  a.segments.Free(a.Take(60 * kMiB));
  void* x = a.Take(80 * kMiB);
  EXPECT_NE(x, nullptr);
  EXPECT_EQ(a.stats().num_retries, 1u);
  EXPECT_EQ(a.Take(40 * kMiB), nullptr);
  EXPECT_EQ(a.Take(UINT64_MAX), nullptr);
  EXPECT_EQ(a.stats().num_failures, 2u);
  a.segments.Free(x);
  EXPECT_NE(x = a.Take(40 * kMiB), nullptr);
  a.segments.Free(x);
}

TEST(SegmentAllocator, RespectsALimit) {
  World world;
  Allocator a(world, "limit_mb:64,expandable_segments:off");
  void* x = a.Take(40 * kMiB);
  EXPECT_EQ(a.Take(30 * kMiB), nullptr);
  EXPECT_LE(a.stats().reserved_bytes, 64 * kMiB);
  a.segments.Free(x);
  void* y = a.Take(60 * kMiB);
  EXPECT_NE(y, nullptr);
  a.segments.Free(y);
}

TEST(SegmentAllocator, ReusesMemoryOnlyBehindItsFence) {
  for (uint64_t granularity : {uint64_t{0}, 2 * kMiB}) {
    World world;
    world.granularity = granularity;
    world.capacity = 64 * kMiB;
    bool passed = false;
    Allocator a(world);
    void* x = a.Take(40 * kMiB);
    a.segments.FreeAfter(x, std::make_unique<FakeFence>(passed));
    EXPECT_EQ(a.stats().allocated_bytes, 0u);
    EXPECT_EQ(a.stats().active_bytes, 40 * kMiB);
    void* y = a.Take(20 * kMiB);
    EXPECT_FALSE(passed);
    EXPECT_NE(y, x);
    passed = true;
    EXPECT_EQ(a.Take(40 * kMiB), x);
    // Where memory runs out it waits.
    passed = false;
    a.segments.FreeAfter(x, std::make_unique<FakeFence>(passed));
    EXPECT_EQ(a.Take(40 * kMiB), x);
    EXPECT_TRUE(passed);
    a.segments.Free(x);
    a.segments.Free(y);
  }
}

TEST(SegmentAllocator, ExpandsIntoHoles) {
  World world;
  world.granularity = 2 * kMiB;
  {
    Allocator a(world);
    void* x = a.Take(10 * kMiB);
    void* y = a.Take(10 * kMiB);
    EXPECT_EQ(At(y), At(x) + 10 * kMiB);
    a.segments.Free(x);
    a.segments.Trim(0);  // a hole of 10 MiB
    EXPECT_EQ(a.stats().reserved_bytes, 10 * kMiB);
    EXPECT_EQ(a.Take(4 * kMiB), x);
    EXPECT_EQ(a.stats().reserved_bytes, 18 * kMiB);  // a piece of 8
    void* z = a.Take(30 * kMiB);  // does not fit there
    EXPECT_EQ(At(z), At(y) + 10 * kMiB);
    a.segments.Free(y);
    // The free 10 MiB with the hole of 6 before them: only the hole is mapped.
    EXPECT_EQ(At(a.Take(16 * kMiB)), At(x) + 4 * kMiB);
    EXPECT_EQ(a.stats().reserved_bytes, 50 * kMiB);
    a.segments.Free(x);
    a.segments.Free(z);
    a.segments.Free(reinterpret_cast<void*>(At(x) + 4 * kMiB));
  }
  EXPECT_TRUE(world.mapped.empty());
  EXPECT_TRUE(world.reservations.empty());
}

// The sum of a number behind `key` in the blocks of a state.
uint64_t SumOf(const std::string& json, const std::string& state) {
  uint64_t sum = 0;
  const std::string wanted = ",\"state\":\"" + state + "\"";
  for (size_t at = json.find(wanted); at != std::string::npos; at = json.find(wanted, at + 1)) {
    const size_t begin = json.rfind(':', at) + 1;
    sum += std::stoull(json.substr(begin, at - begin));
  }
  return sum;
}

TEST(SegmentAllocator, NeverOverlapsAndAddsUp) {
  for (const char* config : {"expandable_segments:on", "expandable_segments:off",
                             "expandable_segments:off,max_split_size_mb:20"}) {
    SCOPED_TRACE(config);
    World world;
    world.granularity = 2 * kMiB;
    world.capacity = 400 * kMiB;
    Allocator a(world, config, world.capacity);
    std::mt19937 random(7);
    std::map<uint64_t, uint64_t> live;
    std::deque<bool> fences;
    for (int step = 0; step < 20000; ++step) {
      if (random() % 100 < 52) {
        const uint64_t size = random() % 3   ? random() % (2 * kMiB)
                              : random() % 4 ? random() % (12 * kMiB)
                                             : random() % (60 * kMiB);
        void* memory = a.Take(size);
        if (memory) {
          const auto after = live.lower_bound(At(memory));
          EXPECT_TRUE(after == live.end() || At(memory) + size <= after->first);
          EXPECT_TRUE(after == live.begin() ||
                      std::prev(after)->first + std::prev(after)->second <= At(memory));
          live[At(memory)] = std::max<uint64_t>(size, 1);
        }
      } else if (!live.empty()) {
        auto at = std::next(live.begin(), static_cast<long>(random() % live.size()));
        if (random() % 4 == 0) {
          fences.push_back(false);
          a.segments.FreeAfter(reinterpret_cast<void*>(at->first),
                               std::make_unique<FakeFence>(fences.back()));
        } else {
          a.segments.Free(reinterpret_cast<void*>(at->first));
        }
        live.erase(at);
      }
      if (random() % 50 == 0)
        for (bool& fence : fences) fence = true;
      if (random() % 500 == 0) a.segments.Trim(random() % (100 * kMiB));
      const mlc_memory_stats_t stats = a.stats();
      ASSERT_LE(stats.allocated_bytes, stats.active_bytes);
      ASSERT_LE(stats.active_bytes, stats.reserved_bytes);
      ASSERT_EQ(stats.reserved_bytes, world.taken);
      ASSERT_LE(stats.reserved_bytes, world.capacity);
      if (step % 1000 == 0) {
        const std::string json = a.segments.Snapshot();
        const uint64_t active = SumOf(json, "used") + SumOf(json, "waiting");
        ASSERT_EQ(active, stats.active_bytes);
        ASSERT_EQ(active + SumOf(json, "free"), stats.reserved_bytes);
      }
    }
    for (const auto& [address, size] : live) a.segments.Free(reinterpret_cast<void*>(address));
    for (bool& fence : fences) fence = true;
    a.segments.Trim(0);
    EXPECT_EQ(a.stats().active_bytes, 0u);
    EXPECT_EQ(a.stats().reserved_bytes, 0u);
    EXPECT_EQ(world.taken, 0u);
  }
}

// 10,000 runs of two sessions over 200 shapes: an arena each, which grows, and tensors that come
// and go. Gives the peak of reserved memory over that of active memory.
double Serve(const std::string& config, mlc_memory_stats_t* out_stats) {
  World world;
  world.granularity = 2 * kMiB;
  Allocator a(world, config.c_str(), 16384 * kMiB);
  std::mt19937 random(5);
  std::vector<uint64_t> shapes;
  for (int i = 0; i < 200; ++i)
    shapes.push_back(1 + random() % (i % 3 ? kMiB : i % 2 ? 16 * kMiB : 100 * kMiB));
  struct Arena {
    void* memory = nullptr;
    uint64_t size = 0;
  } arenas[2];
  std::deque<void*> held;
  for (int i = 0; i < 10000; ++i) {
    const uint64_t size = shapes[random() % shapes.size()];
    Arena& arena = arenas[random() % 2];
    if (arena.size < 2 * size) {
      a.segments.Free(arena.memory);
      arena = {a.Take(2 * size), 2 * size};
    }
    void* input = a.Take(size);
    held.push_back(a.Take(size));
    a.segments.Free(input);
    if (held.size() > 8) {
      const size_t oldest = random() % 8;
      a.segments.Free(held[oldest]);
      held.erase(held.begin() + static_cast<long>(oldest));
    }
  }
  *out_stats = a.stats();
  for (void* memory : held) a.segments.Free(memory);
  for (Arena& arena : arenas) a.segments.Free(arena.memory);
  return static_cast<double>(out_stats->peak_reserved_bytes) /
         static_cast<double>(out_stats->peak_active_bytes);
}

TEST(SegmentAllocator, FragmentsLittle) {
  mlc_memory_stats_t stats;
  EXPECT_LE(Serve("expandable_segments:on", &stats), 1.1);
  const std::string limit = ",limit_mb:" + std::to_string(stats.peak_active_bytes * 12 / 10 / kMiB);
  EXPECT_LE(Serve("expandable_segments:on" + limit, &stats), 1.2);
  EXPECT_EQ(stats.num_failures, 0u);
  for (const char* config : {"expandable_segments:on", "expandable_segments:off",
                             "expandable_segments:off,max_split_size_mb:32"}) {
    const double ratio = Serve(config, &stats);
    std::printf("%s: reserved / active at peak %.3f, %llu MiB active, %llu from the device\n",
                config, ratio, static_cast<unsigned long long>(stats.peak_active_bytes / kMiB),
                static_cast<unsigned long long>(stats.num_system_allocations));
  }
}

TEST(SegmentAllocator, KeepsWhatTheSourceDoesNotTakeBack) {
  World world;
  world.granularity = 2 * kMiB;
  {
    Allocator a(world);
    a.segments.Free(a.Take(20 * kMiB));
    world.unmap_at_most = 4 * kMiB;
    a.segments.Trim(0);
    EXPECT_EQ(a.stats().reserved_bytes, 16 * kMiB);
    EXPECT_EQ(world.taken, 16 * kMiB);
    void* again = a.Take(20 * kMiB);
    EXPECT_NE(again, nullptr);
    EXPECT_EQ(a.stats().reserved_bytes, world.taken);
    a.segments.Free(again);
    world.unmap_at_most = 0;  // at the end too: the addresses stay reserved then
  }
  EXPECT_EQ(world.taken, 20 * kMiB);
  EXPECT_EQ(world.reservations.size(), 1u);
}

TEST(SegmentAllocator, ReadsItsConfiguration) {
  auto config = AllocatorConfig::Parse("expandable_segments:off,max_split_size_mb:64,limit_mb:2");
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config->expandable_segments);
  EXPECT_EQ(config->max_split_bytes, 64 * kMiB);
  EXPECT_EQ(config->limit_bytes, 2 * kMiB);
  EXPECT_TRUE(AllocatorConfig::Parse(nullptr)->expandable_segments);
  for (const char* text : {"nonsense", "expandable_segments:maybe", "limit_mb:", "limit_mb:-1",
                           "limit_mb:1;2", "max_split_size_mb:x"})
    EXPECT_EQ(AllocatorConfig::Parse(text).status().code(), MLC_STATUS_INVALID_ARGUMENT) << text;
}

}  // namespace
}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/thread_pool.h"

#include <gtest/gtest.h>

#include <thread>

namespace mlc::runtime {
namespace {

// Counts how often each task ran.
struct Counts {
  explicit Counts(int64_t grid) : tasks(static_cast<size_t>(grid)) {}
  static void Run(void* context, uint32_t worker, int64_t begin, int64_t end) {
    auto& counts = *static_cast<Counts*>(context);
    if (worker >= counts.num_threads) counts.bad_worker = true;
    for (int64_t i = begin; i < end; ++i) ++counts.tasks[static_cast<size_t>(i)];
  }
  bool EachRanOnce() const {
    for (const auto& task : tasks)
      if (task != 1) return false;
    return !bad_worker;
  }
  std::vector<std::atomic<int>> tasks;
  uint32_t num_threads = 4;
  std::atomic<bool> bad_worker{false};
};

TEST(ThreadPool, RunsEachTaskOnce) {
  ThreadPool pool(4, {});
  for (int round = 0; round < 50; ++round) {
    for (int64_t grid : {0, 1, 2, 3, 5, 16, 17, 1000}) {
      Counts counts(grid);
      pool.Run(Counts::Run, &counts, grid, 1 + static_cast<uint32_t>(round) % 4);
      ASSERT_TRUE(counts.EachRanOnce()) << grid;
    }
  }
}

TEST(ThreadPool, WakesWorkersThatSleep) {
  ThreadPool pool(3, {});
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    Counts counts(100);
    pool.Run(Counts::Run, &counts, 100, 3);
    ASSERT_TRUE(counts.EachRanOnce());
  }
}

TEST(ThreadPool, ServesSeveralCallers) {
  ThreadPool pool(4, {});
  auto call = [&pool] {
    for (int round = 0; round < 500; ++round) {
      Counts counts(64);
      pool.Run(Counts::Run, &counts, 64, 4);
      ASSERT_TRUE(counts.EachRanOnce());
    }
  };
  std::thread other(call);
  call();
  other.join();
}

TEST(ThreadPool, PinsItsWorkers) {
  const uint32_t cpus[] = {0};
  ThreadPool pool(3, cpus);
  Counts counts(100);
  pool.Run(Counts::Run, &counts, 100, 3);
  EXPECT_TRUE(counts.EachRanOnce());
}

TEST(ThreadPool, EndsWithoutAJob) { ThreadPool pool(4, {}); }

}  // namespace
}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Fork-join over ranges of tasks. The caller works too; workers spin for about 50 us after a job,
// yield for a millisecond (serial launches of a run are shorter), then sleep.
#ifndef MLC_RUNTIME_HOST_THREAD_POOL_H
#define MLC_RUNTIME_HOST_THREAD_POOL_H

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace mlc::runtime {

// A job is cut into about eight chunks per thread. Each thread owns a contiguous run of chunks, so
// consecutive jobs of equal shape touch the same data on the same core, and takes chunks of others
// when its own are gone. A thread that comes late finds nothing left and is not waited for. One job
// at a time: a second caller does its job alone.
class ThreadPool {
 public:
  // Runs tasks [begin, end) on thread `worker` in [0, num_threads()); the caller is worker 0.
  using TaskFn = void (*)(void* context, uint32_t worker, int64_t begin, int64_t end);

  // Threads that cannot be started are left out. Worker i (from 1) is pinned to cpus[(i - 1) %
  // size] unless empty.
  ThreadPool(uint32_t num_threads, std::span<const uint32_t> cpus);
  ThreadPool(const ThreadPool&) = delete;
  ~ThreadPool();

  uint32_t num_threads() const { return static_cast<uint32_t>(workers_.size()); }

  // Returns when all tasks of [0, grid) are done. Uses at most `threads` threads.
  void Run(TaskFn fn, void* context, int64_t grid, uint32_t threads);

 private:
  struct Job;

  // What one thread owns of the present job, and where it sleeps. A cache line each.
  struct alignas(64) Worker {
    std::atomic<uint64_t> chunks{0};  // epoch in the high half, chunks left in the low one
    std::atomic<uint32_t> parked{0};  // futex: 1 while asleep
    ThreadPool* pool = nullptr;
    uint32_t index = 0;
    pthread_t thread{};
  };

  static void* ThreadMain(void* worker);
  void WorkerLoop(Worker& worker);
  uint32_t WaitForEpochAfter(uint32_t seen, Worker& worker);
  void LeaveCallersCpu(const Worker& worker);
  void Publish(const Job& job);
  void WaitUntilDone(uint32_t total_chunks);
  uint32_t Participate(const Job& job, uint32_t worker);
  bool Claim(const Job& job, uint32_t owner, uint32_t* out_chunk);
  Job LoadJob(uint32_t epoch) const;

  std::vector<std::unique_ptr<Worker>> workers_;
  const std::vector<uint32_t> cpus_;  // where to pin, else what the process may use
  const bool pinned_;
  std::atomic_flag busy_;

  // The present job. Written between jobs only; a late reader's values are made void by its failing
  // Claim.
  std::atomic<TaskFn> fn_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<int64_t> grid_{0};
  std::atomic<uint32_t> total_chunks_{0};
  std::atomic<uint32_t> threads_{0};
  std::atomic<int> caller_cpu_{-1};

  alignas(64) std::atomic<uint32_t> epoch_{0};
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<uint32_t> done_chunks_{0};  // futex of the waiting caller
  std::atomic<bool> caller_sleeps_{false};
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_THREAD_POOL_H

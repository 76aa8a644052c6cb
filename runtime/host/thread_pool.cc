// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Why a late thread does no harm: it copies the job's fields after reading epoch e, then claims a
// chunk by compare-and-swap on a word that holds e and the number of chunks left. The fields change
// only when every chunk of e was claimed and done, and from then on that word is (e, 0) or of a
// later epoch, so the claim fails.
#include "runtime/host/thread_pool.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace mlc::runtime {
namespace {

constexpr uint32_t kChunksPerThread = 8;
constexpr int64_t kSpinNs = 50 * 1000;    // at full speed
constexpr int64_t kYieldNs = 1000 * 1000;  // letting others have the CPU in between
constexpr uint32_t kSpinsPerClock = 64;

void FutexWait(std::atomic<uint32_t>& word, uint32_t expected) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void FutexWake(std::atomic<uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

int64_t NowNs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

// True when `condition` came true within the time of a spin and `yield_ns` more.
template <typename Condition>
bool SpinUntil(Condition condition, int64_t yield_ns) {
  for (uint32_t i = 0; i < kSpinsPerClock; ++i) {
    if (condition()) return true;
    Pause();
  }
  const int64_t deadline = NowNs() + kSpinNs;
  do {
    for (uint32_t i = 0; i < kSpinsPerClock; ++i) {
      if (condition()) return true;
      Pause();
    }
  } while (NowNs() < deadline);
  while (NowNs() < deadline + yield_ns) {
    if (condition()) return true;
    sched_yield();
  }
  return false;
}

}  // namespace

namespace {

std::vector<uint32_t> AllowedCpus() {
  std::vector<uint32_t> cpus;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cpus;
  for (uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  return cpus;
}

// Moves this thread to a CPU, for good or only for now.
void MoveTo(uint32_t cpu, bool stay) {
  cpu_set_t before, only;
  sched_getaffinity(0, sizeof before, &before);
  CPU_ZERO(&only);
  if (cpu < CPU_SETSIZE) CPU_SET(cpu, &only);
  if (sched_setaffinity(0, sizeof only, &only) == 0 && !stay)
    sched_setaffinity(0, sizeof before, &before);
}

}  // namespace

struct ThreadPool::Job {
  TaskFn fn;
  void* context;
  int64_t grid;
  uint32_t total_chunks;
  uint32_t threads;
  uint32_t epoch;

  // The chunks of thread `owner` are [FirstChunk(owner), FirstChunk(owner + 1)).
  uint32_t FirstChunk(uint32_t owner) const {
    return static_cast<uint32_t>(uint64_t{total_chunks} * owner / threads);
  }
  // The first task of a chunk.
  int64_t FirstTask(uint32_t chunk) const {
    return grid / total_chunks * chunk + std::min<int64_t>(chunk, grid % total_chunks);
  }
};

ThreadPool::ThreadPool(uint32_t num_threads, std::span<const uint32_t> cpus)
    : cpus_(cpus.empty() ? AllowedCpus() : std::vector<uint32_t>(cpus.begin(), cpus.end())),
      pinned_(!cpus.empty()) {
  for (uint32_t i = 0; i < std::max(1u, num_threads); ++i) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.pool = this;
    worker.index = i;
  }
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the program's own threads
  for (size_t i = 1; i < workers_.size(); ++i) {
    if (pthread_create(&workers_[i]->thread, nullptr, ThreadMain, workers_[i].get()) == 0) continue;
    workers_.resize(i);
    break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  epoch_.fetch_add(1);
  for (size_t i = 1; i < workers_.size(); ++i) {
    workers_[i]->parked.store(0);
    FutexWake(workers_[i]->parked);
    pthread_join(workers_[i]->thread, nullptr);
  }
}

void* ThreadPool::ThreadMain(void* argument) {
  Worker& worker = *static_cast<Worker*>(argument);
  char name[16];
  std::snprintf(name, sizeof name, "mlc-%u", worker.index);
  pthread_setname_np(pthread_self(), name);
  if (worker.pool->pinned_)
    MoveTo(worker.pool->cpus_[(worker.index - 1) % worker.pool->cpus_.size()], true);
  worker.pool->WorkerLoop(worker);
  return nullptr;
}

void ThreadPool::WorkerLoop(Worker& worker) {
  uint32_t seen = 0;
  while (true) {
    seen = WaitForEpochAfter(seen, worker);
    if (stop_.load()) return;
    const Job job = LoadJob(seen);
    if (worker.index >= job.threads) continue;
    LeaveCallersCpu(worker);
    const uint32_t done = Participate(job, worker.index);
    if (done == 0) continue;
    const uint32_t all_done = done_chunks_.fetch_add(done) + done;
    if (all_done == job.total_chunks && caller_sleeps_.load()) FutexWake(done_chunks_);
  }
}

// On a busy machine the scheduler wakes a worker on its waker's CPU and leaves it there, where it
// takes the caller's time instead of sharing its work.
void ThreadPool::LeaveCallersCpu(const Worker& worker) {
  const int here = sched_getcpu();
  if (pinned_ || cpus_.size() < 2 || here != caller_cpu_.load(std::memory_order_relaxed)) return;
  const uint32_t cpu = cpus_[worker.index % cpus_.size()];
  MoveTo(static_cast<int>(cpu) != here ? cpu : cpus_[(worker.index + 1) % cpus_.size()], false);
}

uint32_t ThreadPool::WaitForEpochAfter(uint32_t seen, Worker& worker) {
  auto is_new = [&] { return epoch_.load(std::memory_order_acquire) != seen; };
  while (!SpinUntil(is_new, kYieldNs)) {
    worker.parked.store(1);
    while (worker.parked.load() == 1 && epoch_.load() == seen) FutexWait(worker.parked, 1);
    worker.parked.store(0);
  }
  return epoch_.load(std::memory_order_acquire);
}

ThreadPool::Job ThreadPool::LoadJob(uint32_t epoch) const {
  Job job;
  job.fn = fn_.load(std::memory_order_relaxed);
  job.context = context_.load(std::memory_order_relaxed);
  job.grid = grid_.load(std::memory_order_relaxed);
  job.total_chunks = total_chunks_.load(std::memory_order_relaxed);
  job.threads = threads_.load(std::memory_order_relaxed);
  job.epoch = epoch;
  return job;
}

bool ThreadPool::Claim(const Job& job, uint32_t owner, uint32_t* out_chunk) {
  std::atomic<uint64_t>& chunks = workers_[owner]->chunks;
  uint64_t state = chunks.load(std::memory_order_acquire);
  while (state >> 32 == job.epoch) {
    const auto left = static_cast<uint32_t>(state);
    if (left == 0) return false;
    if (chunks.compare_exchange_weak(state, state - 1, std::memory_order_acq_rel)) {
      *out_chunk = job.FirstChunk(owner + 1) - left;
      return true;
    }
  }
  return false;
}

// Own chunks first, then those of the next threads in turn. Returns how many were done.
uint32_t ThreadPool::Participate(const Job& job, uint32_t worker) {
  uint32_t done = 0;
  for (uint32_t i = 0; i < job.threads; ++i) {
    const uint32_t owner = (worker + i) % job.threads;
    uint32_t chunk;
    while (Claim(job, owner, &chunk)) {
      job.fn(job.context, worker, job.FirstTask(chunk), job.FirstTask(chunk + 1));
      ++done;
    }
  }
  return done;
}

void ThreadPool::Publish(const Job& job) {
  fn_.store(job.fn, std::memory_order_relaxed);
  context_.store(job.context, std::memory_order_relaxed);
  grid_.store(job.grid, std::memory_order_relaxed);
  total_chunks_.store(job.total_chunks, std::memory_order_relaxed);
  threads_.store(job.threads, std::memory_order_relaxed);
  caller_cpu_.store(sched_getcpu(), std::memory_order_relaxed);
  done_chunks_.store(0, std::memory_order_relaxed);
  for (uint32_t i = 0; i < job.threads; ++i) {
    const uint64_t count = job.FirstChunk(i + 1) - job.FirstChunk(i);
    workers_[i]->chunks.store(uint64_t{job.epoch} << 32 | count, std::memory_order_release);
  }
  epoch_.store(job.epoch);
  for (uint32_t i = 1; i < job.threads; ++i)
    if (workers_[i]->parked.load() == 1 && workers_[i]->parked.exchange(0) == 1)
      FutexWake(workers_[i]->parked);
}

void ThreadPool::WaitUntilDone(uint32_t total_chunks) {
  auto is_done = [&] { return done_chunks_.load(std::memory_order_acquire) == total_chunks; };
  if (SpinUntil(is_done, kYieldNs)) return;
  caller_sleeps_.store(true);
  for (uint32_t done = done_chunks_.load(); done != total_chunks; done = done_chunks_.load())
    FutexWait(done_chunks_, done);
  caller_sleeps_.store(false);
}

void ThreadPool::Run(TaskFn fn, void* context, int64_t grid, uint32_t threads) {
  threads = static_cast<uint32_t>(std::min<int64_t>({threads, num_threads(), grid}));
  if (threads <= 1 || busy_.test_and_set(std::memory_order_acquire)) {
    if (grid > 0) fn(context, 0, 0, grid);
    return;
  }
  Job job;
  job.fn = fn;
  job.context = context;
  job.grid = grid;
  job.total_chunks = static_cast<uint32_t>(std::min<int64_t>(grid, threads * kChunksPerThread));
  job.threads = threads;
  job.epoch = epoch_.load(std::memory_order_relaxed) + 1;
  Publish(job);
  const uint32_t done = Participate(job, 0);
  done_chunks_.fetch_add(done);
  WaitUntilDone(job.total_chunks);
  busy_.clear(std::memory_order_release);
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The simulated driver's insides: clocks, memory, handles, the queue of work.
#ifndef MLC_TEST_RUNTIME_CUDA_SIM_STATE_H
#define MLC_TEST_RUNTIME_CUDA_SIM_STATE_H

#include <deque>
#include <functional>
#include <mutex>

#include "test/runtime/cuda/sim_driver.h"

namespace mlc::runtime::cuda {

// What the handles of driver_types.h point to.
using Clock = std::vector<uint64_t>;  // by slot: the latest step known to be before

struct CUstream_st {
  size_t slot;
  Clock clock;
  std::shared_ptr<CUgraph_st> capturing = nullptr;  // set: work is recorded there
};
struct CUevent_st {
  Clock clock;
  bool recorded = false;
  uint64_t position = 0;  // in the queue: reached when that much has run
  double time_ms = 0;
};
struct CUmod_st {
  bool is_ptx;
};
struct CUctx_st {};

namespace sim {

struct Launch {
  unsigned grid, threads, shared_bytes, cluster;
  std::vector<uint64_t> slots;
  template <typename T>
  T* pointer(size_t i) const {
    return reinterpret_cast<T*>(slots[i]);
  }
  int64_t scalar(size_t i) const { return static_cast<int64_t>(slots[i]); }
};

struct Access {
  uint64_t begin, end;
  bool write;
  size_t slot = 0;
  uint64_t step = 0;
};

// A kernel that tests launch by name: how many parameters, which bytes, what it does.
struct KernelRow {
  const char* name;
  size_t num_params;  // the fault pointer included
  std::vector<Access> (*accesses)(const Launch&);
  void (*run)(const Launch&);
};
const KernelRow* FindKernel(const std::string& name);

// One piece of what a library enqueues.
struct Work {
  std::string name;
  std::vector<Access> accesses;
  std::function<void()> run;
};

}  // namespace sim

struct CUfunc_st {
  const sim::KernelRow* row;
  unsigned max_shared = 48 << 10;
  bool non_portable_cluster = false;
};

struct CUgraphNode_st {
  bool is_kernel;
  const CUfunc_st* function = nullptr;
  sim::Launch launch;
  uint64_t src = 0, dst = 0, size = 0;
  std::vector<sim::Work> captured;   // of a graph that a stream recorded, or a child of such
  std::vector<size_t> dependencies;  // indices of earlier nodes
  size_t index = 0;
};
struct CUgraph_st {
  std::deque<CUgraphNode_st> nodes;  // never move
};
struct CUgraphExec_st {
  std::deque<CUgraphNode_st> nodes;
  std::vector<size_t> slots;  // of each node
};

namespace sim {

enum class Kind { Device, Pinned, Mapped };
struct Block {
  uint64_t size;
  Kind kind;
  char* base;  // of the allocation around it, guards included; null for Mapped
  CUmemGenericAllocationHandle handle = 0;
};
struct Handle {
  uint64_t size;
  size_t num_mapped = 0;
  bool released = false;
};
struct Reservation {
  uint64_t size;
};

class State {
 public:
  explicit State(const Options& o) : options(o) {}
  ~State();

  // Counts a call; not CUDA_SUCCESS when it is to fail.
  CUresult Enter(const char* name, bool needs_context);
  void Violation(std::string text) { violations.push_back(std::move(text)); }

  CUresult Allocate(uint64_t size, Kind kind, void** out);
  CUresult Free(uint64_t address, Kind kind);
  // The block that holds all of the bytes, null when none does.
  const Block* Find(uint64_t begin, uint64_t end) const;
  void CheckGuards(uint64_t address, const Block& block);

  // One step of a clock's owner that touches memory.
  void Step(Clock& clock, size_t slot, std::vector<Access> accesses, const std::string& what);
  void JoinHost(const Clock& clock);
  void Queue(std::function<void()> work) { queue.push_back(std::move(work)); }
  void RunAll();
  void RunKernel(const KernelRow& row, const Launch& launch);
  void RunWork(const Work& work);
  // On the stream now, or as the next node of the graph that it records.
  void Enqueue(CUstream stream, const Work& work);
  size_t NewSlot() { return num_slots++; }

  Options options;
  std::map<std::string, uint64_t> calls;
  uint64_t num_calls = 0, num_kernels = 0;
  std::string failed_call;
  CUresult dead = CUDA_SUCCESS;  // what a lost context answers
  int context_refs = 0;
  CUctx_st context;

  std::map<uint64_t, Block> blocks;  // by address
  std::map<uint64_t, Reservation> reservations;
  std::map<CUmemGenericAllocationHandle, Handle> handles;
  // Gone when it is neither held nor mapped.
  void DropHandle(CUmemGenericAllocationHandle handle);
  uint64_t next_handle = 1;
  uint64_t device_bytes = 0;

  std::set<CUmodule> modules;
  std::set<CUstream> streams;
  std::set<CUevent> events;
  std::set<CUgraph> graphs;
  std::set<CUgraphExec> execs;
  // Handles, descriptors, layouts and preferences of cuBLASLt.
  std::map<const void*, std::shared_ptr<void>> library_objects;
  std::map<std::string, std::unique_ptr<CUfunc_st>> functions;

  size_t num_slots = 1;
  Clock host{0};
  std::vector<Access> accesses;  // those that some later step may race with
  std::deque<std::function<void()>> queue;
  uint64_t num_run = 0;
  double time_ms = 0;
  std::vector<std::string> violations;
};

State& Get();
std::recursive_mutex& Lock();

}  // namespace sim
}  // namespace mlc::runtime::cuda

#endif  // MLC_TEST_RUNTIME_CUDA_SIM_STATE_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "test/runtime/cuda/sim_state.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace mlc::runtime::cuda::sim {
namespace {

constexpr uint64_t kGuard = 256;
constexpr unsigned char kGuardByte = 0xa5, kFreshByte = 0xcd;

// For programs that load it: MLC_SIM_MEMORY_MB of device memory.
Options FirstOptions() {
  Options options;
  if (const char* megabytes = std::getenv("MLC_SIM_MEMORY_MB"))
    options.memory_bytes = std::strtoull(megabytes, nullptr, 10) << 20;
  return options;
}

std::unique_ptr<State>& Instance() {
  static auto* state = new std::unique_ptr<State>(new State(FirstOptions()));
  return *state;
}

void Join(Clock& into, const Clock& from) {
  if (into.size() < from.size()) into.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) into[i] = std::max(into[i], from[i]);
}

bool IsBefore(const Access& access, const Clock& clock) {
  return access.slot < clock.size() && clock[access.slot] >= access.step;
}

}  // namespace

State& Get() { return *Instance(); }

std::recursive_mutex& Lock() {
  static auto* mutex = new std::recursive_mutex;
  return *mutex;
}

void Reset(const Options& options) {
  std::lock_guard lock(Lock());
  Instance() = std::make_unique<State>(options);
}

Options& MutableOptions() { return Get().options; }
uint64_t Calls() { return Get().num_calls; }
uint64_t Calls(const std::string& name) { return Get().calls[name]; }
std::string FailedCall() { return Get().failed_call; }
uint64_t DeviceBytes() { return Get().device_bytes; }

Live CountLive() {
  std::lock_guard lock(Lock());
  State& state = Get();
  Live live;
  live.contexts = static_cast<size_t>(state.context_refs);
  for (const auto& [address, block] : state.blocks)
    ++(block.kind == Kind::Pinned ? live.pinned_blocks : live.device_blocks);
  live.reservations = state.reservations.size();
  live.handles = state.handles.size();
  live.modules = state.modules.size();
  live.streams = state.streams.size();
  live.events = state.events.size();
  live.graphs = state.graphs.size();
  live.execs = state.execs.size();
  live.library_objects = state.library_objects.size();
  return live;
}

std::vector<std::string> TakeViolations() {
  std::lock_guard lock(Lock());
  return std::exchange(Get().violations, {});
}

void Progress() {
  std::lock_guard lock(Lock());
  Get().RunAll();
}

State::~State() {
  for (CUmodule module : modules) delete module;
  for (CUstream stream : streams) delete stream;
  for (CUevent event : events) delete event;
  for (CUgraph graph : graphs) delete graph;
  for (CUgraphExec exec : execs) delete exec;
  for (auto& [address, block] : blocks) std::free(block.base);
  for (auto& [address, reservation] : reservations)
    ::munmap(reinterpret_cast<void*>(address), reservation.size);
}

CUresult State::Enter(const char* name, bool needs_context) {
  ++calls[name];
  if (++num_calls == options.fail_call) {
    failed_call = name;
    return options.fail_with;
  }
  if (needs_context && dead != CUDA_SUCCESS) return dead;
  return CUDA_SUCCESS;
}

CUresult State::Allocate(uint64_t size, Kind kind, void** out) {
  if (size == 0) return CUDA_ERROR_INVALID_VALUE;
  if (kind == Kind::Device && device_bytes + size > options.memory_bytes)
    return CUDA_ERROR_OUT_OF_MEMORY;
  const uint64_t padded = (size + 255) / 256 * 256;
  auto* base = static_cast<char*>(std::aligned_alloc(256, padded + 2 * kGuard));
  std::memset(base, kGuardByte, padded + 2 * kGuard);
  std::memset(base + kGuard, kFreshByte, size);
  *out = base + kGuard;
  blocks[reinterpret_cast<uint64_t>(*out)] = {size, kind, base};
  if (kind == Kind::Device) device_bytes += size;
  return CUDA_SUCCESS;
}

void State::DropHandle(CUmemGenericAllocationHandle handle) {
  const auto found = handles.find(handle);
  if (!found->second.released || found->second.num_mapped > 0) return;
  device_bytes -= found->second.size;
  handles.erase(found);
}

void State::CheckGuards(uint64_t address, const Block& block) {
  if (!block.base) return;
  const auto* bytes = reinterpret_cast<const unsigned char*>(address);
  for (uint64_t i = 1; i <= kGuard; ++i)
    if (bytes[-static_cast<int64_t>(i)] != kGuardByte || bytes[block.size + i - 1] != kGuardByte) {
      Violation("a guard byte of a block of " + std::to_string(block.size) + " bytes was written");
      return;
    }
}

CUresult State::Free(uint64_t address, Kind kind) {
  const auto found = blocks.find(address);
  if (found == blocks.end() || found->second.kind != kind) {
    Violation("memory was freed that is not allocated");
    return CUDA_ERROR_INVALID_VALUE;
  }
  const Block block = found->second;
  for (const Access& access : accesses)
    if (access.begin < address + block.size && access.end > address)
      Violation("memory was freed while work on the device uses it");
  CheckGuards(address, block);
  if (kind == Kind::Device) device_bytes -= block.size;
  std::free(block.base);
  blocks.erase(found);
  return CUDA_SUCCESS;
}

const Block* State::Find(uint64_t begin, uint64_t end) const {
  auto found = blocks.upper_bound(begin);
  if (found == blocks.begin()) return nullptr;
  --found;
  // Mapped pieces that lie side by side are one.
  uint64_t reached = found->first;
  for (auto at = found; at != blocks.end() && at->first == reached; ++at) {
    reached = at->first + at->second.size;
    if (end <= reached) return &found->second;
    if (at->second.kind != Kind::Mapped) break;
  }
  return nullptr;
}

void State::Step(Clock& clock, size_t slot, std::vector<Access> made, const std::string& what) {
  Join(clock, host);
  if (clock.size() <= slot) clock.resize(slot + 1);
  const uint64_t step = ++clock[slot];
  for (Access& access : made) {
    if (access.begin == access.end) continue;
    if (!Find(access.begin, access.end)) Violation(what + " touches memory that is not allocated");
    for (const Access& earlier : accesses)
      if (earlier.begin < access.end && access.begin < earlier.end &&
          (earlier.write || access.write) && !IsBefore(earlier, clock))
        Violation(what + " races with earlier work on the same memory");
  }
  for (Access& access : made) {
    if (access.begin == access.end) continue;
    access.slot = slot;
    access.step = step;
    if (access.write)
      std::erase_if(accesses, [&](const Access& earlier) {
        return earlier.begin >= access.begin && earlier.end <= access.end &&
               IsBefore(earlier, clock);
      });
    accesses.push_back(access);
  }
}

void State::JoinHost(const Clock& clock) {
  Join(host, clock);
  std::erase_if(accesses, [&](const Access& access) { return IsBefore(access, host); });
}

void State::RunAll() {
  while (!queue.empty()) {
    auto work = std::move(queue.front());
    queue.pop_front();
    if (dead == CUDA_SUCCESS) work();
    ++num_run;
  }
}

void State::RunKernel(const KernelRow& row, const Launch& launch) {
  RunWork({row.name, row.accesses(launch), [&] { row.run(launch); }});
}

void State::RunWork(const Work& work) {
  time_ms += 0.001;
  if (++num_kernels == options.fault_kernel) {
    dead = CUDA_ERROR_ILLEGAL_ADDRESS;
    return;
  }
  for (const Access& access : work.accesses)
    if (access.begin != access.end && !Find(access.begin, access.end)) return;  // was reported
  work.run();
  for (const Access& access : work.accesses) {
    auto found = blocks.upper_bound(access.begin);
    if (found == blocks.begin()) continue;
    --found;
    CheckGuards(found->first, found->second);
  }
}

void State::Enqueue(CUstream stream, const Work& work) {
  if (!stream->capturing) {
    Step(stream->clock, stream->slot, work.accesses, work.name);
    Queue([this, work] { RunWork(work); });
    return;
  }
  std::deque<CUgraphNode_st>& nodes = stream->capturing->nodes;
  CUgraphNode_st node{};
  node.captured = {work};
  node.index = nodes.size();
  if (!nodes.empty()) node.dependencies = {nodes.size() - 1};
  nodes.push_back(std::move(node));
}

}  // namespace mlc::runtime::cuda::sim

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/memory_plan.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "runtime/base/checked_math.h"
#include "runtime/base/dtype.h"
#include "runtime/cuda/kernel_abi.h"
#include "runtime/exec/needed_exprs.h"
#include "runtime/exec/shape_program.h"
#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

constexpr int64_t kMaxBufferBytes = int64_t{1} << 46;

Status SizeError(const plan::Entry& entry, uint32_t expr, int64_t value, uint32_t buffer) {
  return Error(MLC_STATUS_OUT_OF_RANGE, "buffer %u would have %s = %" PRId64 " bytes", buffer,
               ExprText(entry, expr).c_str(), value);
}

Status Contradiction(uint32_t buffer, const char* what) {
  return Error(MLC_STATUS_BAD_PLAN, "damaged plan: buffer %u %s for these shapes", buffer, what);
}

// The caller's tensors have the size of dims and dtype, so their buffers must too.
bool HasSizeOfDims(const plan::Buffer& buffer, std::span<const int64_t> values, int64_t size) {
  int64_t elems = 1, size_bytes = 0;
  for (uint32_t dim : Items(buffer.dims()))
    if (values[dim] < 0 || !CheckedMul(elems, values[dim], &elems)) return false;
  return DenseSizeBytes(buffer.dtype(), elems, &size_bytes) && size_bytes == size;
}

Status PlaceBuffers(const plan::Entry& entry, const plan::Program& program,
                    std::span<const int64_t> values, MemoryPlan& memory) {
  const uint32_t count = Count(program.buffers());
  memory.sizes.resize(count);
  memory.roots.resize(count);
  memory.root_offsets.assign(count, 0);
  for (uint32_t i = 0; i < count; ++i) {
    const plan::Buffer& buffer = *program.buffers()->Get(i);
    const int64_t size = values[buffer.size()];
    if (size < 0 || size > kMaxBufferBytes) return SizeError(entry, buffer.size(), size, i);
    memory.sizes[i] = static_cast<uint64_t>(size);
    memory.roots[i] = i;
    if (buffer.kind() == plan::BufferKind::Input || buffer.kind() == plan::BufferKind::Output) {
      if (!HasSizeOfDims(buffer, values, size))
        return Contradiction(i, "has not the size of its dims");
    } else if (buffer.kind() == plan::BufferKind::Alias) {
      const uint32_t base = buffer.index();
      const int64_t offset = values[buffer.alias_offset()];
      const auto capacity = static_cast<int64_t>(memory.sizes[base]);
      if (offset < 0 || offset > capacity || size > capacity - offset)
        return Contradiction(i, "leaves the buffer it is part of");
      memory.roots[i] = memory.roots[base];
      memory.root_offsets[i] = memory.root_offsets[base] + static_cast<uint64_t>(offset);
    }
  }
  return Ok();
}

// Numbers the steps of a program and collects what they use; checks sizes that must agree on the
// way.
class UseCollector {
 public:
  UseCollector(const plan::Program& program, std::span<const int64_t> values, MemoryPlan& memory)
      : program_(program), values_(values), memory_(memory) {}

  Status Walk(uint32_t block) {
    for (const plan::Instruction* instruction :
         Items(program_.blocks()->Get(block)->instructions())) {
      switch (instruction->op_type()) {
        case plan::Op::Launch:
          MLC_TRY(Visit(*instruction->op_as_Launch()));
          break;
        case plan::Op::Copy:
          MLC_TRY(Visit(*instruction->op_as_Copy()));
          break;
        case plan::Op::If:
          MLC_TRY(Visit(*instruction->op_as_If()));
          break;
        case plan::Op::Loop:
          MLC_TRY(Visit(*instruction->op_as_Loop()));
          break;
        case plan::Op::NONE:
          break;
      }
    }
    return Ok();
  }

  const std::vector<BufferUse>& uses() const { return uses_; }
  const std::vector<LoopSteps>& loops() const { return loops_; }

 private:
  Status Visit(const plan::Launch& launch) {
    const uint32_t time = time_++;
    for (uint32_t buffer : Items(launch.buffers())) Use(buffer, time);
    const int64_t scratch = launch.scratch() == kNone ? 0 : values_[launch.scratch()];
    if (values_[launch.grid()] < 0 || scratch < 0 || scratch > kMaxBufferBytes)
      return Error(MLC_STATUS_OUT_OF_RANGE,
                   "a launch would have %" PRId64 " tasks and %" PRId64 " bytes of scratch",
                   values_[launch.grid()], scratch);
    memory_.scratch_bytes = std::max(memory_.scratch_bytes, static_cast<uint64_t>(scratch));
    return Ok();
  }

  Status Visit(const plan::Copy& copy) {
    const uint32_t time = time_++;
    Use(copy.src(), time);
    Use(copy.dst(), time);
    return CheckEqualSizes(copy.src(), copy.dst());
  }

  Status Visit(const plan::If& op) {
    Use(op.cond(), time_++);
    MLC_TRY(Walk(op.then_block()));
    return Walk(op.else_block());
  }

  Status Visit(const plan::Loop& loop) {
    const uint32_t begin = time_++;
    for (uint32_t buffer : {loop.trip_count(), loop.cond()}) Use(buffer, begin);
    MLC_TRY(Walk(loop.body()));
    const uint32_t end = time_++;
    Use(loop.body_cond(), end);
    UseAround(loop.iteration(), begin, end);
    for (uint32_t i = 0; i < Count(loop.carried()); ++i) {
      UseAround(loop.carried()->Get(i), begin, end);
      Use(loop.carried_next()->Get(i), end);
      MLC_TRY(CheckEqualSizes(loop.carried()->Get(i), loop.carried_next()->Get(i)));
    }
    for (uint32_t i = 0; i < Count(loop.scan_output()); ++i) {
      const uint32_t output = loop.scan_output()->Get(i), element = loop.scan_element()->Get(i);
      UseAround(output, begin, end);
      Use(element, end);
      const uint64_t slot = memory_.sizes[element];
      if (slot == 0 ? memory_.sizes[output] != 0 : memory_.sizes[output] % slot != 0)
        return Contradiction(output, "is no multiple of its scanned element");
    }
    loops_.push_back({begin, end});
    return Ok();
  }

  void Use(uint32_t buffer, uint32_t time) {
    if (buffer != kNone) uses_.push_back({buffer, time});
  }

  void UseAround(uint32_t buffer, uint32_t begin, uint32_t end) {
    Use(buffer, begin);
    Use(buffer, end);
  }

  Status CheckEqualSizes(uint32_t a, uint32_t b) {
    return memory_.sizes[a] == memory_.sizes[b]
               ? Ok()
               : Contradiction(a, "is copied to or from a buffer of another size");
  }

  const plan::Program& program_;
  std::span<const int64_t> values_;
  MemoryPlan& memory_;
  std::vector<BufferUse> uses_;
  std::vector<LoopSteps> loops_;
  uint32_t time_ = 0;
};

// Packs the temporaries that are used. Offsets are sums of sizes, so rounding these is enough.
Status PackArena(const plan::Program& program, uint64_t alignment, MemoryPlan& memory) {
  std::vector<ArenaRequest> requests;
  std::vector<uint32_t> buffers;
  int64_t total = 0;
  for (uint32_t i = 0; i < memory.sizes.size(); ++i) {
    const bool is_temp = program.buffers()->Get(i)->kind() == plan::BufferKind::Temp;
    if (!is_temp || !memory.lifetimes[i].used()) continue;
    const uint64_t size = (memory.sizes[i] + alignment - 1) & ~(alignment - 1);
    requests.push_back({size, memory.lifetimes[i].first, memory.lifetimes[i].last});
    buffers.push_back(i);
    if (!CheckedAdd(total, static_cast<int64_t>(size + alignment), &total))
      return Error(MLC_STATUS_OUT_OF_RANGE, "the activations' sizes overflow for these shapes");
  }
  const ArenaLayout layout = PlanArena(requests);
  memory.arena_offsets.assign(memory.sizes.size(), 0);
  for (uint32_t i = 0; i < buffers.size(); ++i)
    memory.arena_offsets[buffers[i]] = layout.offsets[i];
  memory.peak_bytes = layout.peak_bytes;
  memory.lower_bound_bytes = layout.lower_bound_bytes;
  return Ok();
}

}  // namespace

uint64_t ArenaAlignmentOf(const plan::Target& target) {
  return std::strcmp(Text(target.triple()), MLC_CUDA_TRIPLE) == 0 ? MLC_CUDA_ALIGNMENT
                                                                  : kArenaAlignment;
}

Result<MemoryPlan> PlanMemory(const plan::Entry& entry, const plan::Program& program,
                              std::span<const int64_t> values, uint64_t alignment) {
  MemoryPlan memory;
  MLC_TRY(PlaceBuffers(entry, program, values, memory));
  UseCollector collector(program, values, memory);
  MLC_TRY(collector.Walk(0));
  memory.lifetimes = ComputeLifetimes(memory.roots, collector.uses(), collector.loops());
  MLC_TRY(PackArena(program, alignment, memory));
  return memory;
}

}  // namespace mlc::runtime

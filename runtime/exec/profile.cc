// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/profile.h"

#include <algorithm>

#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

// The shortest floating type among what a launch reads.
mlc_dtype_t ShortestFloat(const BoundProgram& bound, const plan::Launch& launch) {
  const plan::Kernel& kernel = *bound.target->kernels()->Get(launch.kernel());
  mlc_dtype_t shortest = MLC_DTYPE_UNDEFINED;
  for (uint32_t i = 0; i < Count(launch.buffers()); ++i) {
    if (kernel.params()->GetEnum<plan::Access>(i) == plan::Access::Write) continue;
    const plan::Buffer& buffer = *bound.program->buffers()->Get(launch.buffers()->Get(i));
    switch (const int32_t dtype = buffer.dtype()) {  // of a temporary any number
      case MLC_DTYPE_FLOAT16:
      case MLC_DTYPE_BFLOAT16:
      case MLC_DTYPE_FLOAT32:
      case MLC_DTYPE_FLOAT64: {
        const auto known = static_cast<mlc_dtype_t>(dtype);
        if (shortest == MLC_DTYPE_UNDEFINED || mlc_dtype_bits(known) < mlc_dtype_bits(shortest))
          shortest = known;
        break;
      }
      default:
        break;
    }
  }
  return shortest;
}

}  // namespace

Profile::Profile(const BoundProgram& bound) {
  for (const plan::Block* block : Items(bound.program->blocks())) {
    for (const plan::Instruction* instruction : Items(block->instructions())) {
      entry_of_.push_back(static_cast<uint32_t>(entries_.size()));
      const plan::Launch* launch = instruction->op_as_Launch();
      if (!launch && instruction->op_type() != plan::Op::Copy) continue;
      std::vector<const char*>& nodes = nodes_.emplace_back();
      for (const flatbuffers::String* node : Items(instruction->nodes()))
        nodes.push_back(node->c_str());
      mlc_profile_entry_t entry{};
      entry.label = Text(instruction->label());
      entry.kernel = launch ? Text(bound.target->kernels()->Get(launch->kernel())->name()) : "copy";
      entry.nodes = nodes.data();
      entry.num_nodes = nodes.size();
      if (launch) entry.dtype = ShortestFloat(bound, *launch);
      entries_.push_back(entry);
      instructions_.push_back(instruction);
    }
  }
  for (std::vector<Times>& times : times_) times.resize(entries_.size());
}

void Profile::SetValues(std::span<const int64_t> values) {
  auto value_of = [&](uint32_t expr) { return expr == kNone ? 0 : values[expr]; };
  for (size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].flops = value_of(instructions_[i]->flops());
    entries_[i].bytes = value_of(instructions_[i]->bytes());
  }
}

void Profile::Reset() {
  num_runs_ = 0;
  for (std::vector<Times>& times : times_) std::fill(times.begin(), times.end(), Times());
  for (mlc_profile_entry_t& entry : entries_)
    entry.count = entry.total_ns = entry.min_ns = entry.alone_ns = 0;
}

void Profile::Record(uint32_t number, uint64_t elapsed_ns, uint32_t length) {
  const uint32_t first = entry_of_[number], last = first + length - 1;
  if (length == 1) {
    uint64_t& min_ns = entries_[first].min_ns;
    min_ns = times_[0][first].count == 0 ? elapsed_ns : std::min(min_ns, elapsed_ns);
  }
  times_[length - 1][first].Add(elapsed_ns);
  for (uint32_t at = first; at <= last; ++at) {
    ++entries_[at].count;
    Attribute(at);
  }
  if (last + 1 < entries_.size() && times_[0][last + 1].count > 0) Attribute(last + 1);
}

void Profile::Attribute(uint32_t at) {
  const Times& alone = times_[0][at];
  mlc_profile_entry_t& entry = entries_[at];
  auto of_all = [&](double mean_ns) {
    return static_cast<uint64_t>(mean_ns * static_cast<double>(entry.count));
  };
  entry.alone_ns = entry.count == alone.count ? alone.sum_ns : of_all(alone.mean_ns());
  entry.total_ns = entry.alone_ns;
  for (uint32_t length = std::min(kLongest, at + 1); length > 1; --length) {
    const uint32_t first = at + 1 - length;
    const Times &with = times_[length - 1][first], &without = times_[length - 2][first];
    if (with.count == 0 || without.count == 0) continue;
    entry.total_ns = of_all(std::clamp(with.mean_ns() - without.mean_ns(), 0.0, alone.mean_ns()));
    return;
  }
}

}  // namespace mlc::runtime

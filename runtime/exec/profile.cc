// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/profile.h"

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
  alone_.resize(entries_.size());
  pairs_.resize(entries_.size());
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
  std::fill(alone_.begin(), alone_.end(), Times());
  std::fill(pairs_.begin(), pairs_.end(), Times());
  for (mlc_profile_entry_t& entry : entries_)
    entry.count = entry.total_ns = entry.min_ns = entry.alone_ns = 0;
}

void Profile::RecordPair(uint32_t number, uint64_t elapsed_ns) {
  const uint32_t at = entry_of_[number];
  pairs_[at].Add(elapsed_ns);
  for (uint32_t entry : {at, at + 1}) {
    ++entries_[entry].count;
    Attribute(entry);
  }
}

void Profile::Attribute(uint32_t at) {
  mlc_profile_entry_t& entry = entries_[at];
  if (entry.count == alone_[at].count) {
    entry.alone_ns = alone_[at].sum_ns;
  } else {
    entry.alone_ns =
        static_cast<uint64_t>(alone_[at].mean_ns() * static_cast<double>(entry.count));
  }
  entry.total_ns = entry.alone_ns;
  if (at == 0 || pairs_[at - 1].count == 0) return;
  const double own_ns = alone_[at].mean_ns();
  const double hidden_ns = alone_[at - 1].mean_ns() + own_ns - pairs_[at - 1].mean_ns();
  const double counted_ns = own_ns - std::clamp(hidden_ns, 0.0, own_ns);
  entry.total_ns = static_cast<uint64_t>(counted_ns * static_cast<double>(entry.count));
}

}  // namespace mlc::runtime

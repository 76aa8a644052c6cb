// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Blocks and instructions of a program.
#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/plan/validator_context.h"

namespace mlc::runtime {
namespace {

constexpr uint32_t kMaxStreams = 64;

class InstructionValidator {
 public:
  InstructionValidator(const ValidatorContext& context, const plan::Entry& entry,
                       const plan::Program& program)
      : context(context), entry_(entry), program_(program) {}

  Status Run() {
    const uint32_t num_blocks = Count(program_.blocks());
    MLC_CHECK(program_body, num_blocks > 0, "target %u", program_.target());
    depth_.assign(num_blocks, 0);
    depth_[0] = 1;
    for (block_ = 0; block_ < num_blocks; ++block_) {
      MLC_CHECK(block_used_once, depth_[block_] > 0, "block %u is not used", block_);
      const plan::Block& block = *program_.blocks()->Get(block_);
      for (uint32_t check : Items(block.checks()))
        MLC_CHECK(block_checks, check < Count(entry_.checks()), "block %u", block_);
      for (index_ = 0; index_ < Count(block.instructions()); ++index_)
        MLC_TRY(CheckInstruction(*block.instructions()->Get(index_)));
    }
    return Ok();
  }

 private:
  Status CheckInstruction(const plan::Instruction& instruction) {
    for (uint32_t estimate : {instruction.flops(), instruction.bytes()})
      MLC_CHECK(instruction_estimates, estimate == kNone || IsExpr(estimate),
                "block %u, instruction %u", block_, index_);
    MLC_CHECK(instruction_stream, instruction.stream() < kMaxStreams, "block %u, instruction %u",
              block_, index_);
    const plan::Op op = instruction.op_type();
    MLC_CHECK(instruction_op, op > plan::Op::NONE && op <= plan::Op::MAX,
              "block %u, instruction %u", block_, index_);
    MLC_CHECK(control_stream,
              instruction.stream() == 0 || op == plan::Op::Launch || op == plan::Op::Copy,
              "block %u, instruction %u", block_, index_);
    switch (op) {
      case plan::Op::Launch:
        return CheckLaunch(*instruction.op_as_Launch());
      case plan::Op::Copy:
        return CheckCopy(*instruction.op_as_Copy());
      case plan::Op::If:
        return CheckIf(*instruction.op_as_If());
      case plan::Op::Loop:
        return CheckLoop(*instruction.op_as_Loop());
      case plan::Op::NONE:
        break;
    }
    return Ok();
  }

  Status CheckLaunch(const plan::Launch& launch) {
    const plan::Target& target = *context.plan.targets()->Get(program_.target());
    MLC_CHECK(launch_kernel, launch.kernel() < Count(target.kernels()), "block %u, instruction %u",
              block_, index_);
    const plan::Kernel& kernel = *target.kernels()->Get(launch.kernel());
    MLC_CHECK(launch_arity,
              Count(launch.buffers()) == Count(kernel.params()) &&
                  Count(launch.scalars()) == kernel.num_scalars(),
              "block %u, instruction %u, kernel '%.64s'", block_, index_, Text(kernel.name()));
    for (uint32_t i = 0; i < Count(launch.buffers()); ++i) {
      const uint32_t buffer = launch.buffers()->Get(i);
      MLC_CHECK(launch_buffers, IsBuffer(buffer), "block %u, instruction %u, buffer %u", block_,
                index_, i);
      if (kernel.params()->GetEnum<plan::Access>(i) != plan::Access::Read)
        MLC_TRY(CheckWritable(buffer));
    }
    for (uint32_t scalar : Items(launch.scalars()))
      MLC_CHECK(launch_scalars, IsExpr(scalar), "block %u, instruction %u", block_, index_);
    MLC_CHECK(launch_scalars,
              IsExpr(launch.grid()) && (launch.scratch() == kNone || IsExpr(launch.scratch())),
              "block %u, instruction %u", block_, index_);
    MLC_CHECK(cuda_scratch, launch.scratch() == kNone || !IsCuda(target),
              "block %u, instruction %u", block_, index_);
    if (IsCuda(target)) MLC_TRY(CheckRaces(launch, kernel));
    if (kernel.product())
      MLC_TRY(ValidateProductLaunch(context, entry_, program_, *kernel.product(), launch));
    MLC_CHECK(launch_cost, std::isfinite(launch.task_cost()) && launch.task_cost() >= 0,
              "block %u, instruction %u", block_, index_);
    return Ok();
  }

  Status CheckCopy(const plan::Copy& copy) {
    MLC_CHECK(copy_buffers, IsBuffer(copy.src()) && IsBuffer(copy.dst()),
              "block %u, instruction %u", block_, index_);
    MLC_CHECK(copy_sizes, MayHaveEqualSize(copy.src(), copy.dst()), "block %u, instruction %u",
              block_, index_);
    const plan::Target& target = *context.plan.targets()->Get(program_.target());
    if (IsCuda(target)) MLC_TRY(CheckApart(copy.src(), copy.dst(), /*may_be_same=*/false));
    return CheckWritable(copy.dst());
  }

  // Blocks of a launch run in any order, so what one of its buffers writes may be another only when
  // that is read (each element is read before its place is written). Different parts of one buffer
  // may interleave, as those of a concat along the last dim do: their strides are the kernel's. Accesses of different instructions are ordered by the runtime wherever they overlap
  // (cuda/race_check looks at that order).
  Status CheckRaces(const plan::Launch& launch, const plan::Kernel& kernel) {
    const uint32_t count = Count(launch.buffers());
    for (uint32_t i = 0; i < count; ++i) {
      if (kernel.params()->GetEnum<plan::Access>(i) == plan::Access::Read) continue;
      for (uint32_t k = 0; k < count; ++k) {
        if (k == i) continue;
        const bool is_read = kernel.params()->GetEnum<plan::Access>(k) == plan::Access::Read;
        MLC_TRY(CheckApart(launch.buffers()->Get(i), launch.buffers()->Get(k), is_read,
                           /*may_interleave=*/true));
      }
    }
    return Ok();
  }

  Status CheckApart(uint32_t a, uint32_t b, bool may_be_same, bool may_interleave = false) {
    const Bytes x = BytesOf(a), y = BytesOf(b);
    const bool known = x.size >= 0 && y.size >= 0;
    const bool apart =
        x.root != y.root || x.offset >= y.offset + y.size || y.offset >= x.offset + x.size;
    const bool are_same = x.root == y.root && x.offset == y.offset && x.size == y.size;
    const bool fits = are_same ? may_be_same : may_interleave;
    MLC_CHECK(cuda_race, !known || apart || fits, "block %u, instruction %u, buffers %u and %u",
              block_, index_, a, b);
    return Ok();
  }

  // Where a buffer lies; size is -1 when only shapes tell. An alias lies inside its buffer
  // (buffer_extent), so nothing overflows.
  struct Bytes {
    uint32_t root;
    int64_t offset, size;

    auto operator<=>(const Bytes&) const = default;
    bool IsBefore(const Bytes& other) const {
      return root < other.root || (root == other.root && offset + size <= other.offset);
    }
    bool Overlaps(const Bytes& other) const {
      return root == other.root && offset < other.offset + other.size &&
             other.offset < offset + size;
    }
  };

  Bytes BytesOf(uint32_t buffer) const {
    Bytes bytes{buffer, 0, ConstantValue(entry_, BufferAt(buffer).size())};
    while (BufferAt(bytes.root).kind() == plan::BufferKind::Alias) {
      const plan::Buffer& alias = BufferAt(bytes.root);
      const bool known = IsConstant(entry_, alias.alias_offset()) &&
                         IsConstant(entry_, BufferAt(alias.index()).size());
      if (!known) bytes.size = -1;
      bytes.offset += known ? ConstantValue(entry_, alias.alias_offset()) : 0;
      bytes.root = alias.index();
    }
    return bytes;
  }

  Status CheckIf(const plan::If& op) {
    MLC_CHECK(if_condition, IsBufferOf(op.cond(), 1), "block %u, instruction %u", block_, index_);
    for (uint32_t block : {op.then_block(), op.else_block()}) {
      MLC_CHECK(if_blocks, block < depth_.size(), "block %u, instruction %u", block_, index_);
      MLC_TRY(EnterBlock(block));
    }
    return Ok();
  }

  Status CheckLoop(const plan::Loop& loop) {
    MLC_CHECK(loop_body, loop.body() < depth_.size(), "block %u, instruction %u", block_, index_);
    MLC_TRY(EnterBlock(loop.body()));
    for (uint32_t buffer : {loop.trip_count(), loop.iteration()})
      MLC_CHECK(loop_counters, buffer == kNone || IsBufferOf(buffer, 8), "block %u, instruction %u",
                block_, index_);
    for (uint32_t buffer : {loop.cond(), loop.body_cond()})
      MLC_CHECK(loop_conditions, buffer == kNone || IsBufferOf(buffer, 1),
                "block %u, instruction %u", block_, index_);
    if (loop.iteration() != kNone) MLC_TRY(CheckWritable(loop.iteration()));

    MLC_CHECK(loop_carried, Count(loop.carried()) == Count(loop.carried_next()),
              "block %u, instruction %u", block_, index_);
    for (uint32_t i = 0; i < Count(loop.carried()); ++i) {
      const uint32_t carried = loop.carried()->Get(i), next = loop.carried_next()->Get(i);
      MLC_CHECK(loop_carried, IsBuffer(carried) && IsBuffer(next), "block %u, instruction %u",
                block_, index_);
      MLC_CHECK(copy_sizes, MayHaveEqualSize(carried, next), "block %u, instruction %u", block_,
                index_);
      MLC_TRY(CheckWritable(carried));
    }

    MLC_CHECK(loop_scan, Count(loop.scan_element()) == Count(loop.scan_output()),
              "block %u, instruction %u", block_, index_);
    for (uint32_t i = 0; i < Count(loop.scan_output()); ++i) {
      MLC_CHECK(loop_scan,
                IsBuffer(loop.scan_element()->Get(i)) && IsBuffer(loop.scan_output()->Get(i)),
                "block %u, instruction %u", block_, index_);
      MLC_TRY(CheckWritable(loop.scan_output()->Get(i)));
    }
    return CheckLoopRaces(loop);
  }

  // States are copied one after the other but change at once, so none may be overwritten before it
  // was read. Bytes that only shapes tell are left out. O(n log n) in the states.
  Status CheckLoopRaces(const plan::Loop& loop) {
    std::vector<Bytes> written;
    auto add = [&](uint32_t buffer) {
      const Bytes bytes = BytesOf(buffer);
      if (bytes.size > 0) written.push_back(bytes);
    };
    if (loop.iteration() != kNone) add(loop.iteration());
    for (uint32_t buffer : Items(loop.carried())) add(buffer);
    for (uint32_t buffer : Items(loop.scan_output())) add(buffer);
    std::sort(written.begin(), written.end());
    for (size_t i = 1; i < written.size(); ++i)
      MLC_CHECK(loop_race, !written[i - 1].Overlaps(written[i]), "block %u, instruction %u", block_,
                index_);
    for (uint32_t i = 0; i < Count(loop.carried()); ++i) {
      const Bytes next = BytesOf(loop.carried_next()->Get(i)),
                  own = BytesOf(loop.carried()->Get(i));
      if (next.size <= 0) continue;
      // Of those that are apart from each other only neighbours can overlap it.
      auto at = std::lower_bound(written.begin(), written.end(), next);
      if (at != written.begin()) --at;
      for (; at != written.end() && at->root <= next.root && !next.IsBefore(*at); ++at)
        MLC_CHECK(loop_race, !at->Overlaps(next) || (*at == own && next == own),
                  "block %u, instruction %u, state %u", block_, index_, i);
    }
    return Ok();
  }

  // Blocks are visited in order and may only be entered from an earlier one, so they form a tree.
  Status EnterBlock(uint32_t block) {
    MLC_CHECK(block_order, block > block_, "block %u uses block %u", block_, block);
    MLC_CHECK(block_used_once, depth_[block] == 0, "block %u", block);
    depth_[block] = depth_[block_] + 1;
    MLC_CHECK(block_depth, depth_[block] <= kMaxBlockDepth, "block %u", block);
    return Ok();
  }

  Status CheckWritable(uint32_t buffer) {
    uint32_t root = buffer;
    while (BufferAt(root).kind() == plan::BufferKind::Alias) root = BufferAt(root).index();
    const plan::BufferKind kind = BufferAt(root).kind();
    MLC_CHECK(write_access, kind != plan::BufferKind::Input && kind != plan::BufferKind::Constant,
              "block %u, instruction %u, buffer %u", block_, index_, buffer);
    return Ok();
  }

  const plan::Buffer& BufferAt(uint32_t buffer) const { return *program_.buffers()->Get(buffer); }
  bool IsBuffer(uint32_t buffer) const { return buffer < Count(program_.buffers()); }
  bool IsExpr(uint32_t expr) const { return expr < Count(entry_.exprs()); }

  bool IsBufferOf(uint32_t buffer, int64_t size_bytes) const {
    return IsBuffer(buffer) && ConstantValue(entry_, BufferAt(buffer).size()) == size_bytes;
  }

  bool MayHaveEqualSize(uint32_t a, uint32_t b) const {
    const uint32_t size_a = BufferAt(a).size(), size_b = BufferAt(b).size();
    return !IsConstant(entry_, size_a) || !IsConstant(entry_, size_b) ||
           ConstantValue(entry_, size_a) == ConstantValue(entry_, size_b);
  }

  const ValidatorContext& context;
  const plan::Entry& entry_;
  const plan::Program& program_;
  std::vector<uint32_t> depth_;  // of each block, 0 before an instruction has used it
  uint32_t block_ = 0;
  uint32_t index_ = 0;
};

}  // namespace

Status ValidateInstructions(const ValidatorContext& context, const plan::Entry& entry,
                            const plan::Program& program) {
  return InstructionValidator(context, entry, program).Run();
}

}  // namespace mlc::runtime

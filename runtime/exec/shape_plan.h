// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Everything about a run that follows from its shapes: values, addresses, ready-made kernel
// arguments.
#ifndef MLC_RUNTIME_EXEC_SHAPE_PLAN_H
#define MLC_RUNTIME_EXEC_SHAPE_PLAN_H

#include <memory>
#include <span>
#include <vector>

#include "runtime/exec/bound_program.h"
#include "runtime/exec/memory_plan.h"

namespace mlc::runtime {

// An instruction with its arguments resolved. Launches have theirs in ShapePlan's pools.
struct Step {
  const plan::Instruction* instruction;
  plan::Op op;
  uint32_t number;  // in program order over all blocks, the profile's index
  // Launch only.
  uint32_t kernel = 0;  // of the target
  void* const* buffers = nullptr;
  const int64_t* scalars = nullptr;
  int64_t grid = 0;
  uint32_t threads = 1;
};

// Caller's and session's memory for one run.
struct RunMemory {
  char* arena = nullptr;
  std::span<void* const> inputs;
  std::span<void* const> outputs;
};

// What an executor keeps for a shape.
class ShapeState {
 public:
  virtual ~ShapeState() = default;
};

class ShapePlan {
 public:
  // `symbols` are in range and in the program's bucket; `bound` outlives the result.
  // SHAPE_MISMATCH, OUT_OF_RANGE, DATA_FAULT, BAD_PLAN: the shapes do not work out.
  static Result<std::unique_ptr<ShapePlan>> Build(const BoundProgram& bound,
                                                  std::span<const int64_t> symbols,
                                                  uint32_t num_threads);

  // Points every kernel argument at the memory of the next run. Allocates nothing; when only inputs
  // and outputs moved, only theirs are touched.
  void Bind(const RunMemory& memory);

  const BoundProgram& bound() const { return *bound_; }
  const std::vector<int64_t>& symbols() const { return symbols_; }
  const std::vector<int64_t>& values() const { return values_; }
  const MemoryPlan& memory() const { return memory_; }
  std::span<const Step> block(uint32_t index) const { return blocks_[index]; }
  // A check that does not hold, so that the block must not run; null when all hold.
  const plan::ShapeCheck* failed_check(uint32_t block) const { return failed_checks_[block]; }
  uint32_t num_blocks() const { return static_cast<uint32_t>(blocks_.size()); }
  char* buffer(uint32_t index) const { return pointers_[index]; }
  uint64_t size_bytes(uint32_t index) const { return memory_.sizes[index]; }

  std::unique_ptr<ShapeState> state;  // the executor's, null until it makes one

 private:
  void BuildBlocks(const BoundProgram& bound, uint32_t num_threads);
  void BuildLaunch(const BoundProgram& bound, const plan::Launch& launch, uint32_t num_threads,
                   Step& step);
  void CollectMovingBuffers(const plan::Program& program);
  char* RootAddress(uint32_t root, const RunMemory& memory) const;

  struct Argument {
    uint32_t slot;  // in arguments_
    uint32_t buffer;
  };

  const BoundProgram* bound_ = nullptr;
  std::vector<int64_t> symbols_;
  std::vector<int64_t> values_;
  MemoryPlan memory_;
  std::vector<std::vector<Step>> blocks_;
  std::vector<const plan::ShapeCheck*> failed_checks_;  // of each block
  std::vector<void*> arguments_;                        // of all launches, one after the other
  std::vector<int64_t> scalars_;
  std::vector<uint32_t> slot_buffers_;    // the buffer each argument points to
  std::vector<char*> pointers_;           // of each buffer, as last bound
  std::vector<uint32_t> moving_buffers_;  // inputs, outputs and their aliases
  std::vector<Argument> moving_arguments_;
  char* bound_arena_ = nullptr;
  bool is_bound_ = false;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_SHAPE_PLAN_H

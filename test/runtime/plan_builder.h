// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Builds small plans for tests. Everything is in `plan`, so a test may break what it likes before
// Build.
#ifndef MLC_TEST_RUNTIME_PLAN_BUILDER_H
#define MLC_TEST_RUNTIME_PLAN_BUILDER_H

#include <cstring>
#include <string>
#include <vector>

#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// A plan's bytes at an address that is a multiple of 64.
class AlignedBytes {
 public:
  explicit AlignedBytes(const std::string& bytes);
  AlignedBytes(AlignedBytes&&) = default;
  unsigned char* data() { return storage_.empty() ? nullptr : storage_[0].bytes; }
  size_t size() const { return size_; }

 private:
  struct alignas(64) Line {
    unsigned char bytes[64];
  };
  std::vector<Line> storage_;
  size_t size_;
};

// What runs a plan: this machine, or a CUDA device of sm_90, simulated (cuda/sim_driver.h).
enum class PlanKind { Host, Cuda };

// One entry "main" with one program, whose kernels are those of kernels.c (CUDA: those that
// cuda/sim_kernels.cc has). Expressions, buffers and instructions are added in order and named by
// their numbers.
class PlanBuilder {
 public:
  explicit PlanBuilder(PlanKind kind = PlanKind::Host);

  uint32_t Const(int64_t value) { return Expr(plan::ExprOp::Const, value, 0); }
  uint32_t Expr(plan::ExprOp op, int64_t a, int64_t b);
  // Dimension `dim` of input `input`; returns the expression.
  uint32_t DimSymbol(const char* name, uint32_t input, uint32_t dim, int64_t min, int64_t max,
                     int64_t divisor = 1);
  uint32_t ElementSymbol(const char* name, uint32_t input, uint32_t element, int64_t min,
                         int64_t max);

  // All return the buffer. Dims are expressions.
  uint32_t Input(const char* name, int32_t dtype, std::vector<uint32_t> dims);
  uint32_t Output(const char* name, int32_t dtype, std::vector<uint32_t> dims);
  uint32_t Temp(uint32_t size);
  uint32_t Alias(uint32_t buffer, uint32_t offset, uint32_t size);
  uint32_t Constant(int32_t dtype, std::vector<int64_t> dims, const void* data, size_t size_bytes);

  // Adds a shape check to a block of the program.
  void Check(plan::CheckKind kind, uint32_t left, uint32_t right, const char* node,
             uint32_t block = 0);

  // Adds a program like the one built so far, for a part of the shapes.
  void Bucket(std::vector<plan::SymbolRange> ranges);

  // Adds a target with a program like the one built so far. `code` is a segment's bytes.
  plan::TargetT& AddTarget(const char* arch, plan::SegmentKind kind, const std::string& code);

  uint32_t Block();
  void Launch(const char* kernel, std::vector<uint32_t> buffers, uint32_t grid,
              std::vector<uint32_t> scalars = {}, uint32_t block = 0);
  void Copy(uint32_t src, uint32_t dst, uint32_t block = 0);
  void If(uint32_t cond, uint32_t then_block, uint32_t else_block, uint32_t block = 0);
  void Loop(plan::LoopT loop, uint32_t block = 0);
  // The last instruction that was added to a block.
  plan::InstructionT& Last(uint32_t block = 0);

  std::string Build() const;
  AlignedBytes BuildAligned() const { return AlignedBytes(Build()); }

  plan::EntryT& entry() { return *plan.entries[0]; }
  plan::ProgramT& program() { return *entry().programs[0]; }
  plan::TargetT& target() { return *plan.targets[0]; }
  plan::BufferT& buffer(uint32_t index) { return *program().buffers[index]; }

  plan::PlanT plan;
  std::string weights;  // of segment 0
  std::string code;     // of segment 1
  plan::SegmentKind code_kind = plan::SegmentKind::HostCode;
  std::vector<std::pair<plan::SegmentKind, std::string>> more_segments;  // from 2 on

 private:
  uint32_t AddBuffer(plan::BufferT buffer);
  uint32_t AddIO(plan::BufferKind kind, const char* name, int32_t dtype,
                 std::vector<uint32_t> dims);
  uint32_t SizeOf(int32_t dtype, const std::vector<uint32_t>& dims);
  template <typename T>
  void AddInstruction(T op, const char* label, uint32_t block);
};

// y = x + x, float, x of `elems` elements or of a symbol "n" in [1, 64] when elems is 0.
PlanBuilder DoublePlan(int64_t elems = 0, PlanKind kind = PlanKind::Host);

// Adds copy_boxes_f32 (operand, result; rows, bytes of a row), which finds its operand by a tensor
// map, and the feature that it needs.
void AddBoxKernel(PlanBuilder& builder);

// A plan that has one of everything: x float [n], at int64 [2] with symbol m = at[0]; outputs y = x
// + x, count = 1 (an If), total = 4 (a Loop's carried value), second = 2 (element 1 of its scan,
// through an alias), picked = y[0], y[0] (a constant index).
PlanBuilder EverythingPlan(PlanKind kind = PlanKind::Host);

// What a library computes, and how its operands lie; row steps of 0 are those of dense operands.
struct ProductCase {
  int64_t batch = 1, m = 3 /* 0: a symbol "m" in [0, 512] */, n = 4, k = 5;
  int32_t dtype = 1 /* MLC_DTYPE_FLOAT32 */, out_dtype = 1;
  bool left_transposed = false, right_transposed = false, bias = false, addend = false;
  plan::Activation activation = plan::Activation::None;
  int64_t left_row = 0, right_row = 0, out_row = 0;
  int64_t workspace_bytes = 4096;
};

// On CUDA: inputs x and w (and c, the bias, and r, the addend, dense), each an array of elements; t = x + x where elements are
// f32, else x; y = the product of t and w, z = y + y where they are f32, else y.
PlanBuilder ProductPlan(const ProductCase& product);

// Makes preamble and checksums of a plan fit its bytes again after a test has changed the metadata.
void Reseal(std::string& bytes);

}  // namespace mlc::runtime

#endif  // MLC_TEST_RUNTIME_PLAN_BUILDER_H

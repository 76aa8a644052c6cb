// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/needed_exprs.h"

#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

class Marker {
 public:
  explicit Marker(const plan::Entry& entry) : entry_(entry), needed_(Count(entry.exprs())) {}

  void Signature() {
    for (const plan::IO* io : Items(entry_.inputs())) All(io->dims());
    for (const plan::IO* io : Items(entry_.outputs())) All(io->dims());
  }

  void Program(const plan::Program& program) {
    for (const plan::Buffer* buffer : Items(program.buffers())) {
      One(buffer->size());
      if (buffer->kind() == plan::BufferKind::Alias) One(buffer->alias_offset());
      All(buffer->dims());
    }
    for (const plan::Block* block : Items(program.blocks())) {
      for (uint32_t check : Items(block->checks())) {
        One(entry_.checks()->Get(check)->left());
        One(entry_.checks()->Get(check)->right());
      }
      for (const plan::Instruction* instruction : Items(block->instructions()))
        Instruction(*instruction);
    }
  }

  // Operands come before their users.
  std::vector<bool> WithOperands() {
    for (uint32_t i = Count(entry_.exprs()); i-- > 0;) {
      const plan::ExprNode& node = *entry_.exprs()->Get(i);
      if (!needed_[i] || node.op() == plan::ExprOp::Const || node.op() == plan::ExprOp::Symbol)
        continue;
      One(static_cast<uint32_t>(node.a()));
      One(static_cast<uint32_t>(node.b()));
    }
    return std::move(needed_);
  }

 private:
  void One(uint32_t expr) {
    if (expr != kNone) needed_[expr] = true;
  }

  void All(const flatbuffers::Vector<uint32_t>* exprs) {
    for (uint32_t expr : Items(exprs)) One(expr);
  }

  void Instruction(const plan::Instruction& instruction) {
    One(instruction.flops());
    One(instruction.bytes());
    const plan::Launch* launch = instruction.op_as_Launch();
    if (!launch) return;
    All(launch->scalars());
    One(launch->grid());
    One(launch->scratch());
  }

  const plan::Entry& entry_;
  std::vector<bool> needed_;
};

}  // namespace

std::vector<bool> NeededExprs(const plan::Entry& entry, const plan::Program* program) {
  Marker marker(entry);
  marker.Signature();
  if (program) marker.Program(*program);
  return marker.WithOperands();
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/shape_checks.h"

#include <string>

#include "runtime/exec/shape_program.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {
namespace {

bool Holds(plan::CheckKind kind, int64_t left, int64_t right) {
  switch (kind) {
    case plan::CheckKind::Equal:
      return left == right;
    case plan::CheckKind::Broadcast:
      return left == right || left == 1 || right == 1;
    case plan::CheckKind::BroadcastTo:
      return left == right || left == 1;
    case plan::CheckKind::AtMost:
      return left <= right;
  }
  return false;
}

// "n + 1 = 4", or just the number where it is one.
std::string DimText(const plan::Entry& entry, uint32_t expr, int64_t value) {
  const bool fixed = entry.exprs()->Get(expr)->op() == plan::ExprOp::Const;
  return (fixed ? "" : ExprText(entry, expr) + " = ") + std::to_string(value);
}

}  // namespace

const plan::ShapeCheck* FindFailedCheck(const plan::Entry& entry, const plan::Block& block,
                                        std::span<const int64_t> values) {
  for (uint32_t index : Items(block.checks())) {
    const plan::ShapeCheck* check = entry.checks()->Get(index);
    if (!Holds(check->kind(), values[check->left()], values[check->right()])) return check;
  }
  return nullptr;
}

Status CheckFailure(const plan::Entry& entry, const plan::ShapeCheck& check,
                    std::span<const int64_t> values) {
  const std::string left = DimText(entry, check.left(), values[check.left()]);
  const std::string right = DimText(entry, check.right(), values[check.right()]);
  std::string text = "dims " + left + " and " + right + " must be equal";
  if (check.kind() == plan::CheckKind::Broadcast) text += " or one of them 1";
  if (check.kind() == plan::CheckKind::BroadcastTo) text += " or the first 1";
  if (check.kind() == plan::CheckKind::AtMost) text = "dim " + left + " must be at most " + right;
  return Error(MLC_STATUS_SHAPE_MISMATCH, "node '%s': %s: change the inputs' shapes",
               Text(check.node()), text.c_str());
}

}  // namespace mlc::runtime

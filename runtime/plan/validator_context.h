// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the parts of the validator share: MLC_CHECK counts one named check and leaves the function
// with its error.
#ifndef MLC_RUNTIME_PLAN_VALIDATOR_CONTEXT_H
#define MLC_RUNTIME_PLAN_VALIDATOR_CONTEXT_H

#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {

struct ValidatorContext {
  const plan::Plan& plan;
  PlanExtent extent;
  PlanCheckCounts* counts;

  bool Passes(PlanCheck check, bool condition) const {
    if (counts) {
      ++counts->reached[static_cast<size_t>(check)];
      counts->failed[static_cast<size_t>(check)] += !condition;
    }
    return condition;
  }
};

// "damaged plan: <format>: <what should hold> (<check>)".
[[gnu::format(printf, 2, 3)]] Status CheckFailed(PlanCheck check, const char* format, ...);

#define MLC_CHECK(check, condition, ...)                 \
  do {                                                   \
    if (!context.Passes(PlanCheck::check, (condition)))  \
      return CheckFailed(PlanCheck::check, __VA_ARGS__); \
  } while (false)

// An absent vector is aligned.
template <typename T>
bool IsAligned(const flatbuffers::Vector<T>* vector) {
  return !vector || vector->size() == 0 || reinterpret_cast<uintptr_t>(vector->Data()) % 8 == 0;
}

// The value of a constant expression, -1 for any other.
inline int64_t ConstantValue(const plan::Entry& entry, uint32_t expr) {
  const plan::ExprNode* node = entry.exprs()->Get(expr);
  return node->op() == plan::ExprOp::Const ? node->a() : -1;
}

inline bool IsConstant(const plan::Entry& entry, uint32_t expr) {
  return entry.exprs()->Get(expr)->op() == plan::ExprOp::Const;
}

// The parts, in order: each relies on what the ones before it checked.
Status ValidateData(const ValidatorContext& context);
Status ValidateTargets(const ValidatorContext& context);
bool HasFeature(const plan::Plan& plan, const char* name);
// A kernel that is a library's product, and a launch of it with as many buffers as it has
// parameters.
Status ValidateProduct(const ValidatorContext& context, const plan::Target& target,
                       const plan::Kernel& kernel);
Status ValidateProductLaunch(const ValidatorContext& context, const plan::Entry& entry,
                             const plan::Program& program, const plan::Product& product,
                             const plan::Launch& launch);
// One target for which IsCuda holds; `segment` is its code, null when it has none.
bool IsCuda(const plan::Target& target);
Status ValidateCudaTarget(const ValidatorContext& context, const plan::Target& target,
                          const plan::Segment* segment);
Status ValidateSignature(const ValidatorContext& context, const plan::Entry& entry);
Status ValidateBuffers(const ValidatorContext& context, const plan::Entry& entry,
                       const plan::Program& program);
Status ValidateInstructions(const ValidatorContext& context, const plan::Entry& entry,
                            const plan::Program& program);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_VALIDATOR_CONTEXT_H

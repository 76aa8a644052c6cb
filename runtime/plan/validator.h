// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Checks that a plan's metadata, already verified as a flatbuffer, means something that can be run.
// What depends on the shapes of a run (buffer sizes, aliases, copies) is checked once more by
// exec/memory_plan.
#ifndef MLC_RUNTIME_PLAN_VALIDATOR_H
#define MLC_RUNTIME_PLAN_VALIDATOR_H

#include <array>
#include <cstdint>

#include "runtime/base/status.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

enum class PlanCheck : uint32_t {
#define MLC_PLAN_CHECK(name, meaning) name,
#include "runtime/plan/checks.def"
#undef MLC_PLAN_CHECK
  kCount
};

inline constexpr size_t kNumPlanChecks = static_cast<size_t>(PlanCheck::kCount);
inline constexpr uint32_t kNone = 0xffffffff;
inline constexpr uint32_t kMaxRank = 64;
inline constexpr uint32_t kMaxBlockDepth = 32;

const char* PlanCheckName(PlanCheck check);
const char* PlanCheckMeaning(PlanCheck check);

// How often each check was reached and failed, over many plans.
struct PlanCheckCounts {
  std::array<uint64_t, kNumPlanChecks> reached{};
  std::array<uint64_t, kNumPlanChecks> failed{};
};

// The file around the metadata.
struct PlanExtent {
  uint64_t header_end_bytes;
  uint64_t file_bytes;
};

// BAD_PLAN naming check and place, or PLAN_VERSION for an unknown feature. `counts` may be null.
Status ValidatePlan(const plan::Plan& plan, const PlanExtent& extent, PlanCheckCounts* counts);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_VALIDATOR_H

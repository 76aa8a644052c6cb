// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/choose_target.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

#if defined(__x86_64__)
constexpr const char kTriplePrefix[] = "x86_64";
#elif defined(__aarch64__)
constexpr const char kTriplePrefix[] = "aarch64";
#endif

// What keeps this CPU from running the target, "" when nothing does.
std::string MissingFor(const plan::Target& target, const CpuFeatures& features) {
  if (std::strncmp(Text(target.triple()), kTriplePrefix, sizeof kTriplePrefix - 1) != 0)
    return std::string("another instruction set, ") + Text(target.triple());
  if (target.code_segment() == kNone && Count(target.kernels()) > 0) return "host code";
  std::string missing;
  for (const flatbuffers::String* feature : Items(target.features())) {
    if (features.Has(feature->string_view())) continue;
    if (!missing.empty()) missing += ", ";
    missing += feature->string_view();
  }
  return missing;
}

}  // namespace

Result<uint32_t> ChooseTarget(const plan::Plan& plan, const plan::Entry& entry,
                              const CpuFeatures& features) {
  uint32_t best = kNone;
  int32_t best_rank = 0;
  std::string refused;
  for (const plan::Program* program : Items(entry.programs())) {
    if (Count(program->bucket()) > 0) continue;  // behind the generic one of its target
    const plan::Target& target = *plan.targets()->Get(program->target());
    const std::string missing = MissingFor(target, features);
    if (!missing.empty()) {
      refused +=
          std::string(refused.empty() ? "" : "; ") + Text(target.arch()) + " needs " + missing;
    } else if (best == kNone || target.rank() > best_rank) {
      best = program->target();
      best_rank = target.rank();
    }
  }
  if (best != kNone) return best;
  return Error(MLC_STATUS_NO_TARGET,
               "nothing in the plan runs on this CPU: %s; compile with an --arch for it",
               refused.empty() ? "it has no host program" : refused.c_str());
}

}  // namespace mlc::runtime

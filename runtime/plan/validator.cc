// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The order of the validation. Data, signature, buffers and instructions have a file each.
#include "runtime/plan/validator.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <vector>

#include "runtime/plan/format.h"
#include "runtime/plan/validator_context.h"

namespace mlc::runtime {
namespace {

Status ValidateFeatures(const ValidatorContext& context) {
  for (const flatbuffers::String* feature : Items(context.plan.features())) {
    if (std::strcmp(feature->c_str(), kStrippedFeature) == 0)
      return Error(MLC_STATUS_UNSUPPORTED,
                   "the plan was written without weights (mlc-compile --strip-weights): fill it "
                   "with mlc-refit PLAN --weights MODEL.onnx -o FULL.plan");
    bool known = false;
    for (const char* name : kKnownFeatures) known |= std::strcmp(name, feature->c_str()) == 0;
    if (!context.Passes(PlanCheck::plan_feature, known))
      return Error(MLC_STATUS_PLAN_VERSION,
                   "the plan (written by %.64s) needs the feature '%.64s', which this runtime %s "
                   "(format %u.%u) does not have: update the runtime",
                   Text(context.plan.compiler()), feature->c_str(), mlc_version(), kFormatMajor,
                   kFormatMinor);
  }
  return Ok();
}

Status ValidateBucket(const ValidatorContext& context, const plan::Entry& entry,
                      const plan::Program& program) {
  MLC_CHECK(vector_align, IsAligned(program.bucket()), "bucket of target %u", program.target());
  std::vector<bool> named(Count(entry.symbols()));
  for (const plan::SymbolRange* range : Items(program.bucket())) {
    MLC_CHECK(program_bucket, range->symbol() < named.size() && !named[range->symbol()],
              "target %u, symbol %u", program.target(), range->symbol());
    named[range->symbol()] = true;
    const plan::Symbol& symbol = *entry.symbols()->Get(range->symbol());
    MLC_CHECK(program_bucket,
              range->min() <= range->max() && range->min() >= symbol.min() &&
                  range->max() <= symbol.max(),
              "target %u, symbol '%.64s'", program.target(), Text(symbol.name()));
  }
  return Ok();
}

Status ValidateEntry(const ValidatorContext& context, uint32_t index) {
  const plan::Entry& entry = *context.plan.entries()->Get(index);
  for (uint32_t earlier = 0; earlier < index; ++earlier)
    MLC_CHECK(entry_name,
              context.plan.entries()->Get(earlier)->name()->str() != entry.name()->str(),
              "entries %u and %u", earlier, index);
  MLC_TRY(ValidateSignature(context, entry));
  std::vector<bool> has_program(Count(context.plan.targets()));
  for (const plan::Program* program : Items(entry.programs())) {
    const uint32_t target = program->target();
    MLC_CHECK(program_target,
              target < has_program.size() && has_program[target] == Count(program->bucket()) > 0,
              "entry %u, target %u", index, target);
    has_program[target] = true;
    MLC_TRY(ValidateBucket(context, entry, *program));
    MLC_TRY(ValidateBuffers(context, entry, *program));
    MLC_TRY(ValidateInstructions(context, entry, *program));
  }
  return Ok();
}

}  // namespace

const char* PlanCheckName(PlanCheck check) {
  static constexpr const char* kNames[] = {
#define MLC_PLAN_CHECK(name, meaning) #name,
#include "runtime/plan/checks.def"
#undef MLC_PLAN_CHECK
  };
  return kNames[static_cast<size_t>(check)];
}

const char* PlanCheckMeaning(PlanCheck check) {
  static constexpr const char* kMeanings[] = {
#define MLC_PLAN_CHECK(name, meaning) meaning,
#include "runtime/plan/checks.def"
#undef MLC_PLAN_CHECK
  };
  return kMeanings[static_cast<size_t>(check)];
}

Status CheckFailed(PlanCheck check, const char* format, ...) {
  char place[256];
  va_list args;
  va_start(args, format);
  std::vsnprintf(place, sizeof place, format, args);
  va_end(args);
  return Error(MLC_STATUS_BAD_PLAN, "damaged plan: %s: expected that %s (%s)", place,
               PlanCheckMeaning(check), PlanCheckName(check));
}

Status ValidatePlan(const plan::Plan& plan, const PlanExtent& extent, PlanCheckCounts* counts) {
  const ValidatorContext context{plan, extent, counts};
  MLC_TRY(ValidateFeatures(context));
  MLC_TRY(ValidateData(context));
  MLC_TRY(ValidateTargets(context));
  MLC_CHECK(plan_entries, Count(plan.entries()) > 0, "no entries");
  for (uint32_t i = 0; i < plan.entries()->size(); ++i) MLC_TRY(ValidateEntry(context, i));
  return Ok();
}

}  // namespace mlc::runtime

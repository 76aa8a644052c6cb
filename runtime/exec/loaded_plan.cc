// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/loaded_plan.h"

#include <cstring>

#include "runtime/plan/access.h"

using namespace mlc::runtime;

mlc_plan::mlc_plan(PlanFile opened) : file(std::move(opened)) {
  for (const mlc::plan::Entry* entry : Items(file.plan().entries()))
    signatures.emplace_back(*entry);
  format_version = std::to_string(file.preamble().format_major) + "." +
                   std::to_string(file.preamble().format_minor);
  for (const mlc::plan::Segment* segment : Items(file.plan().segments()))
    if (segment->kind() == mlc::plan::SegmentKind::Weights) weights_bytes += segment->size();
}

Result<const HostImage*> mlc_plan::Image(uint32_t segment) {
  std::lock_guard lock(mutex_);
  auto found = images_.find(segment);
  if (found == images_.end()) {
    MLC_TRY_ASSIGN(HostImage image, HostImage::Map(file, segment));
    found = images_.emplace(segment, std::move(image)).first;
  }
  return &found->second;
}

Result<const mlc_signature*> mlc_plan::FindSignature(const char* entry) const {
  std::string names;
  for (const mlc_signature& signature : signatures) {
    const char* name = Text(signature.entry->name());
    if (!entry || std::strcmp(entry, name) == 0) return &signature;
    names += std::string(names.empty() ? "'" : ", '") + name + "'";
  }
  return Error(MLC_STATUS_NOT_FOUND, "the plan has no entry '%s'; it has %s", entry, names.c_str());
}

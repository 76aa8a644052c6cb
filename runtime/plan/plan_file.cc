// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/plan/plan_file.h"

#include "runtime/plan/access.h"
#include "runtime/plan/crc32c.h"

namespace mlc::runtime {
namespace {

flatbuffers::Verifier::Options VerifierLimits() {
  flatbuffers::Verifier::Options options;
  options.max_depth = 16;  // the schema nests 8 deep
  options.max_tables = 16 * 1000 * 1000;
  return options;
}

}  // namespace

Result<PlanFile> PlanFile::OpenFile(const char* path, const PlanReadOptions& options) {
  PlanFile plan;
  MLC_TRY_ASSIGN(plan.file_, MappedFile::Open(path));
  Status status = plan.Check(plan.file_.data(), plan.file_.size_bytes(), options);
  if (!status.ok()) return Error(status.code(), "'%s': %s", path, status.message());
  return plan;
}

Result<PlanFile> PlanFile::OpenMemory(const void* data, uint64_t size_bytes,
                                      const PlanReadOptions& options) {
  if (reinterpret_cast<uintptr_t>(data) % kWeightsAlignment != 0)
    return Error(MLC_STATUS_INVALID_ARGUMENT, "a plan in memory must be aligned to %u bytes",
                 static_cast<unsigned>(kWeightsAlignment));
  PlanFile plan;
  MLC_TRY(plan.Check(static_cast<const unsigned char*>(data), size_bytes, options));
  return plan;
}

Status PlanFile::Check(const unsigned char* data, uint64_t size_bytes,
                       const PlanReadOptions& options) {
  data_ = data;
  MLC_TRY_ASSIGN(preamble_, DecodePreamble(data, size_bytes));
  const unsigned char* header = data + kPreambleBytes;
  if (Crc32c(header, preamble_.header_bytes) != preamble_.header_crc32c)
    return Error(MLC_STATUS_BAD_PLAN, "the plan's metadata is damaged (checksum)");
  flatbuffers::Verifier verifier(header, preamble_.header_bytes, VerifierLimits());
  if (preamble_.header_bytes < 16 || !plan::VerifyPlanBuffer(verifier))
    return Error(MLC_STATUS_BAD_PLAN, "the plan's metadata is not a valid flatbuffer");
  plan_ = plan::GetPlan(header);
  const PlanExtent extent{kPreambleBytes + preamble_.header_bytes, size_bytes};
  MLC_TRY(ValidatePlan(*plan_, extent, options.counts));
  verified_all_ = options.verify_all;
  return CheckSegments(options.verify_all);
}

Status PlanFile::CheckSegments(bool weights_too) const {
  for (uint32_t i = 0; i < Count(plan_->segments()); ++i) {
    const plan::Segment& segment = *plan_->segments()->Get(i);
    if (segment.kind() == plan::SegmentKind::Weights && !weights_too) continue;
    if (Crc32c(SegmentData(i), segment.size()) != segment.crc32c())
      return Error(MLC_STATUS_BAD_PLAN,
                   "the plan's segment %u (%s, %llu bytes) is damaged (checksum)", i,
                   plan::EnumNameSegmentKind(segment.kind()),
                   static_cast<unsigned long long>(segment.size()));
  }
  return Ok();
}

const unsigned char* PlanFile::SegmentData(uint32_t segment) const {
  return data_ + plan_->segments()->Get(segment)->offset();
}

const unsigned char* PlanFile::ConstantData(uint32_t constant) const {
  const plan::Constant& table = *plan_->constants()->Get(constant);
  return SegmentData(table.segment()) + table.offset();
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/plan/refit.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "runtime/plan/access.h"
#include "runtime/plan/crc32c.h"
#include "runtime/plan/format.h"
#include "runtime/plan/mapped_file.h"
#include "runtime/plan/moves.h"
#include "runtime/plan/plan_file.h"
#include "runtime/plan/plan_writer.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime {
namespace {

using Bytes = std::span<const char>;

constexpr uint64_t kMaxGrowth = 16;

Status Damaged(const char* what) {
  return Error(MLC_STATUS_BAD_PLAN, "damaged stripped plan: %s", what);
}

flatbuffers::Verifier::Options VerifierLimits() {
  flatbuffers::Verifier::Options options;
  options.max_depth = 16;
  options.max_tables = 16 * 1000 * 1000;
  return options;
}

// A stripped plan whose every index and range was checked before use.
class StrippedPlan {
 public:
  static Result<StrippedPlan> Open(const std::string& path) {
    StrippedPlan plan;
    MLC_TRY_ASSIGN(plan.file_, MappedFile::Open(path.c_str()));
    MLC_TRY_ASSIGN(const Preamble preamble,
                   DecodePreamble(plan.file_.data(), plan.file_.size_bytes()));
    const unsigned char* header = plan.file_.data() + kPreambleBytes;
    flatbuffers::Verifier verifier(header, preamble.header_bytes, VerifierLimits());
    if (Crc32c(header, preamble.header_bytes) != preamble.header_crc32c ||
        preamble.header_bytes < 16 || !plan::VerifyPlanBuffer(verifier))
      return Damaged("its metadata");
    plan.plan_ = plan::GetPlan(header);
    if (!plan.plan_->stripped())
      return Error(MLC_STATUS_INVALID_ARGUMENT, "the plan has its weights already");
    MLC_TRY_ASSIGN(const Bytes metadata, plan.Segment(plan.stripped().metadata()));
    // Copied, as it must be aligned; the verifier makes sure that it can be walked.
    plan.metadata_.assign(metadata.begin(), metadata.end());
    auto* full = reinterpret_cast<const uint8_t*>(plan.metadata_.data());
    flatbuffers::Verifier full_verifier(full, plan.metadata_.size(), VerifierLimits());
    if (plan.metadata_.size() < 16 || !plan::VerifyPlanBuffer(full_verifier))
      return Damaged("the full plan's metadata");
    return plan;
  }

  const plan::Stripped& stripped() const { return *plan_->stripped(); }
  const std::vector<char>& metadata() const { return metadata_; }
  const plan::Plan& full() const { return *plan::GetPlan(metadata_.data()); }

  // A segment's bytes, compared with its checksum.
  Result<Bytes> Segment(uint32_t index) const {
    if (index >= Count(plan_->segments())) return Damaged("a segment is missing");
    const plan::Segment& segment = *plan_->segments()->Get(index);
    if (segment.offset() > file_.size_bytes() ||
        segment.size() > file_.size_bytes() - segment.offset() ||
        Crc32c(file_.data() + segment.offset(), segment.size()) != segment.crc32c())
      return Damaged("a segment");
    return Bytes(reinterpret_cast<const char*>(file_.data()) + segment.offset(), segment.size());
  }

 private:
  MappedFile file_;
  const plan::Plan* plan_ = nullptr;
  std::vector<char> metadata_;
};

// Makes the constants of the full plan in order.
class ConstantMaker {
 public:
  ConstantMaker(const StrippedPlan& plan, const WeightLookup& weights)
      : plan_(plan), weights_(weights) {}

  // Of one Weights segment: its constants, each in a slot of whole 64 bytes.
  Status Write(uint32_t segment, ByteSink& sink) {
    if (plan_.stripped().kept() != kNone) {
      MLC_TRY_ASSIGN(kept_, plan_.Segment(plan_.stripped().kept()));
    }
    for (uint32_t i = 0; i < Count(plan_.full().constants()); ++i) {
      const plan::Constant& constant = *plan_.full().constants()->Get(i);
      if (constant.segment() != segment) continue;
      MLC_TRY_ASSIGN(const Bytes bytes, Make(i));
      if (bytes.size() != constant.size()) return Damaged("a weight's recipe gives another size");
      MLC_TRY(sink.Write(bytes.data(), bytes.size()));
      const char zeros[kWeightsAlignment] = {};
      MLC_TRY(sink.Write(zeros, Slot(bytes.size()) - bytes.size()));
    }
    return Ok();
  }

 private:
  static uint64_t Slot(uint64_t size) {
    return (std::max<uint64_t>(size, 1) + kWeightsAlignment - 1) / kWeightsAlignment *
           kWeightsAlignment;
  }

  Result<Bytes> Make(uint32_t constant) {
    const auto* recipes = plan_.stripped().recipes();
    if (next_recipe_ < Count(recipes) && recipes->Get(next_recipe_)->constant() == constant)
      return Follow(*recipes->Get(next_recipe_++));
    const uint64_t size = plan_.full().constants()->Get(constant)->size();
    if (kept_at_ > kept_.size() || size > kept_.size() - kept_at_)
      return Damaged("a kept constant is missing");
    const Bytes bytes = kept_.subspan(kept_at_, size);
    kept_at_ += Slot(size);
    return bytes;
  }

  Result<Bytes> Follow(const plan::Recipe& recipe) {
    const uint32_t count = Count(recipe.steps());
    if (count == 0) return Damaged("a weight's recipe is empty");
    values_.assign(count, {});
    std::vector<Bytes> bytes(count);
    std::vector<std::vector<int64_t>> dims(count);
    // Packing pads, but no step is much larger than what goes in and what comes out.
    uint64_t max_bytes =
        kMaxGrowth * Slot(plan_.full().constants()->Get(recipe.constant())->size());
    for (uint32_t i = 0; i < count; ++i) {
      const plan::Move& step = *recipe.steps()->Get(i);
      dims[i] = Copy(step.dims());
      const Move move{step.op(), dims[i], Copy(step.a()), Copy(step.b())};
      if (move.op == plan::MoveOp::Source) {
        MLC_TRY_ASSIGN(const Bytes source, Source(move));
        values_[i].assign(source.begin(), source.end());
        max_bytes += kMaxGrowth * source.size();
      } else {
        std::vector<MoveOperand> operands;
        for (uint32_t input : Items(step.inputs())) {
          if (input >= i) return Damaged("a weight's recipe uses a later step");
          operands.push_back({dims[input], bytes[input]});
        }
        MLC_TRY(ApplyMove(move, operands, recipe.element_bytes(), max_bytes, &values_[i]));
      }
      bytes[i] = values_[i];
    }
    return bytes.back();
  }

  Result<Bytes> Source(const Move& move) {
    const auto* sources = plan_.stripped().sources();
    if (move.a.size() != 1 || move.a[0] < 0 || move.a[0] >= Count(sources))
      return Damaged("a weight's recipe has no source");
    const plan::WeightSource& source = *sources->Get(static_cast<uint32_t>(move.a[0]));
    MLC_TRY_ASSIGN(const std::string_view bytes, weights_(source.name()->str()));
    if (bytes.size() != source.size() || Crc32c(bytes.data(), bytes.size()) != source.crc32c())
      return Error(MLC_STATUS_UNSUPPORTED,
                   "initializer '%s' has other values than in the model that was compiled: a plan "
                   "is filled with the weights it was compiled with, since constants were folded "
                   "from them; compile the changed model instead",
                   source.name()->c_str());
    return Bytes(bytes.data(), bytes.size());
  }

  // NOTE: flatbuffers' verifier does not look at the alignment of 8-byte elements.
  static std::vector<int64_t> Copy(const flatbuffers::Vector<int64_t>* vector) {
    std::vector<int64_t> values(Count(vector));
    if (!values.empty())
      std::memcpy(values.data(), vector->Data(), values.size() * sizeof(int64_t));
    return values;
  }

  const StrippedPlan& plan_;
  const WeightLookup& weights_;
  Bytes kept_;
  uint64_t kept_at_ = 0;
  uint32_t next_recipe_ = 0;
  std::vector<std::vector<char>> values_;  // of the recipe's steps
};

Status CheckResult(const std::string& path) {
  PlanReadOptions options;
  options.verify_all = true;
  MLC_TRY_ASSIGN([[maybe_unused]] const PlanFile file, PlanFile::OpenFile(path.c_str(), options));
  return Ok();
}

}  // namespace

Status RefitPlan(const std::string& path, const WeightLookup& weights,
                 const std::string& out_path) {
  MLC_TRY_ASSIGN(const StrippedPlan plan, StrippedPlan::Open(path));
  const auto* places = plan.stripped().segments();
  if (Count(places) != Count(plan.full().segments())) return Damaged("segments are missing");
  PlanWriter writer;
  ConstantMaker maker(plan, weights);
  for (uint32_t i = 0; i < Count(places); ++i) {
    const plan::Segment& segment = *plan.full().segments()->Get(i);
    const uint32_t place = places->Get(i);
    writer.AddSegment(segment.kind(), segment.size(), [&, i, place](ByteSink& sink) -> Status {
      if (place == kNone) return maker.Write(i, sink);
      MLC_TRY_ASSIGN(const Bytes bytes, plan.Segment(place));
      return sink.Write(bytes.data(), bytes.size());
    });
  }
  flatbuffers::FlatBufferBuilder builder;
  builder.PushFlatBuffer(reinterpret_cast<const uint8_t*>(plan.metadata().data()),
                         plan.metadata().size());
  const std::string temporary = out_path + "." + std::to_string(::getpid());
  Status status = writer.WriteFile(temporary, builder);
  const bool same =
      std::memcmp(builder.GetBufferPointer(), plan.metadata().data(), plan.metadata().size()) == 0;
  if (status.ok() && !same) status = Damaged("what it is filled with has other checksums");
  if (status.ok()) status = CheckResult(temporary);
  if (status.ok() && std::rename(temporary.c_str(), out_path.c_str()) != 0)
    status = Error(MLC_STATUS_IO, "cannot write '%s': %s", out_path.c_str(), std::strerror(errno));
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

}  // namespace mlc::runtime

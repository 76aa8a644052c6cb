// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/stream_profile.h"

#include <algorithm>
#include <cmath>

namespace mlc::runtime::cuda {

Status StreamProfile::Begin(CUstream stream, uint32_t* gate, Profile* profile) {
  stream_ = stream;
  gate_ = gate;
  profile_ = profile;
  intervals_.reserve(kBatch);
  Abandon();
  length_ = 1;
  phase_ = static_cast<uint32_t>(profile->NextRun() %
                                 (Profile::kLongest * (Profile::kLongest + 1) / 2));
  while (phase_ >= length_) phase_ -= length_++;
  while (events_.size() < kBatch + 2) {
    MLC_TRY_ASSIGN(Event event, MakeEvent(context_, CU_EVENT_DEFAULT));
    events_.push_back(std::move(event));
  }
  return Ok();
}

Status StreamProfile::Before() {
  if (in_batch_) return Ok();
  if (gate_ && has_gate_ && context_.driver().cuStreamWaitValue32) {
    const CUresult result = context_.driver().cuStreamWaitValue32(stream_, Address(gate_), ++epoch_,
                                                                  CU_STREAM_WAIT_VALUE_GEQ);
    has_gate_ = result != CUDA_ERROR_NOT_SUPPORTED;
    if (has_gate_) MLC_TRY(context_.Check(result, "cuStreamWaitValue32"));
  }
  in_batch_ = true;
  for (size_t i : {0, 1}) MLC_CU(context_, cuEventRecord, events_[i].get(), stream_);
  return Ok();
}

// All of a group are known by themselves, so that its time says something.
bool StreamProfile::EndsGroup(uint32_t number, bool has_next) const {
  return !has_next || (number + 1) % length_ == phase_ || !profile_->IsRecorded(number) ||
         !profile_->IsRecorded(number + 1);
}

Status StreamProfile::After(uint32_t number, bool has_next) {
  ++group_;
  if (!EndsGroup(number, has_next)) return Ok();
  intervals_.push_back({number + 1 - group_, group_});
  group_ = 0;
  MLC_CU(context_, cuEventRecord, events_[intervals_.size() + 1].get(), stream_);
  return intervals_.size() < kBatch ? Ok() : Collect();
}

Status StreamProfile::Collect() {
  OpenGate();
  if (intervals_.empty()) return Ok();
  MLC_CU(context_, cuEventSynchronize, events_[intervals_.size() + 1].get());
  float empty_ms = 0;
  MLC_CU(context_, cuEventElapsedTime, &empty_ms, events_[0].get(), events_[1].get());
  event_ms_ = std::min(event_ms_, empty_ms);
  for (size_t i = 0; i < intervals_.size(); ++i) {
    float elapsed_ms = 0;
    MLC_CU(context_, cuEventElapsedTime, &elapsed_ms, events_[i + 1].get(), events_[i + 2].get());
    const double own_ms = std::max(0.0f, elapsed_ms - event_ms_);
    const auto own_ns = static_cast<uint64_t>(std::llround(own_ms * 1e6));
    profile_->Record(intervals_[i].number, own_ns, intervals_[i].length);
  }
  intervals_.clear();
  return Ok();
}

void StreamProfile::OpenGate() {
  if (in_batch_ && gate_) __atomic_store_n(gate_, epoch_, __ATOMIC_SEQ_CST);
  in_batch_ = false;
}

void StreamProfile::Abandon() {
  OpenGate();
  intervals_.clear();
  group_ = 0;
}

}  // namespace mlc::runtime::cuda

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
  turn_ = profile->NextRun() % 3;
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

// Both are known by themselves, so that a pair's time says something.
bool StreamProfile::StartsPair(uint32_t number, bool has_next) const {
  return !in_pair_ && has_next && turn_ > 0 && number % 2 == turn_ - 1 &&
         profile_->IsRecorded(number) && profile_->IsRecorded(number + 1);
}

Status StreamProfile::After(uint32_t number, bool has_next) {
  if (StartsPair(number, has_next)) {
    in_pair_ = true;
    return Ok();
  }
  intervals_.push_back({in_pair_ ? number - 1 : number, in_pair_});
  in_pair_ = false;
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
    if (intervals_[i].is_pair)
      profile_->RecordPair(intervals_[i].number, own_ns);
    else
      profile_->Record(intervals_[i].number, own_ns);
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
  in_pair_ = false;
}

}  // namespace mlc::runtime::cuda

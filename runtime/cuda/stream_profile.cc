// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/stream_profile.h"

#include <algorithm>

namespace mlc::runtime::cuda {

Status StreamProfile::Begin(CUstream stream, uint32_t* gate, Profile* profile) {
  stream_ = stream;
  gate_ = gate;
  profile_ = profile;
  numbers_.reserve(kBatch);
  Abandon();
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

Status StreamProfile::After(uint32_t number) {
  numbers_.push_back(number);
  MLC_CU(context_, cuEventRecord, events_[numbers_.size() + 1].get(), stream_);
  return numbers_.size() < kBatch ? Ok() : Collect();
}

Status StreamProfile::Collect() {
  OpenGate();
  if (numbers_.empty()) return Ok();
  MLC_CU(context_, cuEventSynchronize, events_[numbers_.size() + 1].get());
  float empty_ms = 0;
  MLC_CU(context_, cuEventElapsedTime, &empty_ms, events_[0].get(), events_[1].get());
  event_ms_ = std::min(event_ms_, empty_ms);
  for (size_t i = 0; i < numbers_.size(); ++i) {
    float elapsed_ms = 0;
    MLC_CU(context_, cuEventElapsedTime, &elapsed_ms, events_[i + 1].get(), events_[i + 2].get());
    const double own_ms = std::max(0.0f, elapsed_ms - event_ms_);
    profile_->Record(numbers_[i], static_cast<uint64_t>(own_ms * 1e6));
  }
  numbers_.clear();
  return Ok();
}

void StreamProfile::OpenGate() {
  if (in_batch_ && gate_) __atomic_store_n(gate_, epoch_, __ATOMIC_SEQ_CST);
  in_batch_ = false;
}

void StreamProfile::Abandon() {
  OpenGate();
  numbers_.clear();
}

}  // namespace mlc::runtime::cuda

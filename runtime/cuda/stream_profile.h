// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Times of instructions on a stream: an event behind each, less what an event costs by itself (two
// with nothing between them, the least of all batches).
#ifndef MLC_RUNTIME_CUDA_STREAM_PROFILE_H
#define MLC_RUNTIME_CUDA_STREAM_PROFILE_H

#include <limits>
#include <vector>

#include "runtime/cuda/context.h"
#include "runtime/exec/profile.h"

namespace mlc::runtime::cuda {

// Instructions go to the stream in batches that start together, once all of the batch is there:
// else the events would time how fast the host enqueues. The driver must have cuStreamWaitValue32
// for that; without it short instructions look longer.
class StreamProfile {
 public:
  explicit StreamProfile(const Context& context) : context_(context) {}

  // A run begins. `gate` is an int of pinned memory, null for a program that has not run before.
  Status Begin(CUstream stream, uint32_t* gate, Profile* profile);
  // Around enqueueing an instruction.
  Status Before();
  Status After(uint32_t number);
  // Starts what was enqueued, waits for it and records its times. Needed before anything else waits
  // for the stream.
  Status Collect();
  // After a failure: lets the stream go on, forgets the times.
  void Abandon();

 private:
  static constexpr size_t kBatch =
      128;  // NOTE: a full launch queue (1024) behind the gate would hang

  void OpenGate();

  const Context& context_;
  std::vector<Event> events_;  // two, then one behind each instruction of a batch
  std::vector<uint32_t> numbers_;
  CUstream stream_ = nullptr;
  uint32_t* gate_ = nullptr;
  uint32_t epoch_ = 0;
  float event_ms_ = std::numeric_limits<float>::max();
  bool has_gate_ = true;
  bool in_batch_ = false;  // the batch's first event is there, the gate is closed
  Profile* profile_ = nullptr;
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_STREAM_PROFILE_H

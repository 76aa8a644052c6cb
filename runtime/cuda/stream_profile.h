// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Times of instructions on a stream: an event behind each, less what an event costs by itself (two
// with nothing between them, the least of all batches). An event keeps the next kernel from starting
// early, so runs take turns: events behind all, then behind each second one, then behind each third
// one, from every place on; what several take together tells what they hide (runtime/exec/profile.h).
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
  // Around enqueueing an instruction. has_next: the next one of its block will be timed too, and
  // nothing else is enqueued before it.
  Status Before();
  Status After(uint32_t number, bool has_next);
  // Between those that are timed together: what is enqueued now comes right behind the last one, as
  // in a graph.
  bool in_group() const { return group_ > 0; }
  // Starts what was enqueued, waits for it and records its times. Needed before anything else waits
  // for the stream.
  Status Collect();
  // After a failure: lets the stream go on, forgets the times.
  void Abandon();

 private:
  static constexpr size_t kBatch =
      128;  // NOTE: a full launch queue (1024) behind the gate would hang; here are 515 at most

  // What lies between two events: instructions from `number` on.
  struct Interval {
    uint32_t number, length;
  };

  void OpenGate();
  bool EndsGroup(uint32_t number, bool has_next) const;

  const Context& context_;
  std::vector<Event> events_;  // two, then one behind each interval of a batch
  std::vector<Interval> intervals_;
  CUstream stream_ = nullptr;
  uint32_t* gate_ = nullptr;
  uint32_t epoch_ = 0;
  float event_ms_ = std::numeric_limits<float>::max();
  bool has_gate_ = true;
  bool in_batch_ = false;  // the batch's first event is there, the gate is closed
  uint32_t group_ = 0;   // instructions since the last event
  uint32_t length_ = 1;  // of groups, which begin where number % length_ == phase_
  uint32_t phase_ = 0;
  Profile* profile_ = nullptr;
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_STREAM_PROFILE_H

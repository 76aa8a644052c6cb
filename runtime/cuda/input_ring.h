// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Inputs copied ahead (mlc_session_options_t, cuda_inputs_ahead): while the kernels of one run read
// theirs, those of the next one come, on a stream that waits for nothing else.
#ifndef MLC_RUNTIME_CUDA_INPUT_RING_H
#define MLC_RUNTIME_CUDA_INPUT_RING_H

#include "runtime/cuda/context.h"
#include "runtime/memory/allocator.h"

namespace mlc::runtime::cuda {

// Two slots of device memory that runs take in turn. Of each run that has something to copy, in
// this order: memory(), BeginFill, copies on stream(), EndFill, the run's kernels, EndUse. Whoever
// leaves that order waits for stream() and the run's before the next one. Its stream, its events
// and the memory go with it: nothing may use them any more. The context is current in all calls and
// outlives the ring. DEVICE_FAILED.
class InputRing {
 public:
  // OUT_OF_MEMORY too.
  static Result<std::unique_ptr<InputRing>> Create(const Context& context);

  // Where the next run's inputs go. Its owner makes it large enough; what uses it comes before the
  // end of the last run's stream.
  DeviceMemory& memory() { return slots_[next_].memory; }
  CUstream stream() const { return stream_.get(); }

  // What is put on stream() from here on comes when the kernels that had the slot have ended.
  Status BeginFill();
  // What is put on `run` from here on comes when the slot is filled.
  Status EndFill(CUstream run);
  // All that reads the slot is on `run`: the other one is next.
  Status EndUse(CUstream run);

 private:
  struct Slot {
    DeviceMemory memory;
    Event filled;
    Event used;  // recorded first by the slot's first run; before that nobody waits for it
  };

  explicit InputRing(const Context& context) : context_(context) {}

  const Context& context_;
  Stream stream_;
  Slot slots_[2];
  size_t next_ = 0;
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_INPUT_RING_H

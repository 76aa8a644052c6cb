// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/input_ring.h"

namespace mlc::runtime::cuda {

Result<std::unique_ptr<InputRing>> InputRing::Create(const Context& context) {
  std::unique_ptr<InputRing> ring(new InputRing(context));
  MLC_TRY_ASSIGN(ring->stream_, MakeStream(context));
  for (Slot& slot : ring->slots_) {
    MLC_TRY_ASSIGN(slot.filled, MakeEvent(context));
    MLC_TRY_ASSIGN(slot.used, MakeEvent(context));
  }
  return ring;
}

Status InputRing::BeginFill() {
  MLC_CU(context_, cuStreamWaitEvent, stream_.get(), slots_[next_].used.get(), 0);
  return Ok();
}

Status InputRing::EndFill(CUstream run) {
  MLC_CU(context_, cuEventRecord, slots_[next_].filled.get(), stream_.get());
  MLC_CU(context_, cuStreamWaitEvent, run, slots_[next_].filled.get(), 0);
  return Ok();
}

Status InputRing::EndUse(CUstream run) {
  MLC_CU(context_, cuEventRecord, slots_[next_].used.get(), run);
  next_ = 1 - next_;
  return Ok();
}

}  // namespace mlc::runtime::cuda

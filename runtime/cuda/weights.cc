// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/weights.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/checked_math.h"
#include "runtime/cuda/kernel_abi.h"
#include "runtime/plan/access.h"

namespace mlc::runtime::cuda {
namespace {

std::vector<bool> UsedConstants(const plan::Plan& plan, uint32_t target) {
  std::vector<bool> used(Count(plan.constants()));
  for (const plan::Entry* entry : Items(plan.entries()))
    for (const plan::Program* program : Items(entry->programs())) {
      if (program->target() != target) continue;
      for (const plan::Buffer* buffer : Items(program->buffers()))
        if (buffer->kind() == plan::BufferKind::Constant) used[buffer->index()] = true;
    }
  return used;
}

}  // namespace

WeightsUpload::~WeightsUpload() {
  // After a failure copies may still read the ring and write the buffer.
  if (stream_) (void)Drain(device_.context(), stream_.get());
}

Status WeightsUpload::Start(const mlc_plan& plan, uint32_t target) {
  const plan::Plan& table = plan.file.plan();
  const std::vector<bool> used = UsedConstants(table, target);
  constants_ = std::make_shared<Constants>(used.size());
  std::vector<uint64_t> offsets(used.size());
  uint64_t total = 0;
  for (uint32_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    offsets[i] = total;
    if (!CheckedAdd(total, table.constants()->Get(i)->size(), &total) ||
        !CheckedAlignUp<uint64_t>(total, MLC_CUDA_ALIGNMENT, &total))
      return Error(MLC_STATUS_OUT_OF_RANGE, "the weights' sizes overflow");
  }
  if (total == 0) return Ok();
  MLC_TRY_ASSIGN(stream_, cuda::MakeStream(device_.context()));
  MLC_TRY_ASSIGN(memory_, DeviceMemory::Allocate(device_.memory(), total));
  for (uint32_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    (*constants_)[i] = memory_.data() + offsets[i];
    MLC_TRY(Copy(plan.file.ConstantData(i), table.constants()->Get(i)->size(), (*constants_)[i]));
  }
  return Flush();
}

// Small constants that follow each other leave as one copy, with what lies between them.
Status WeightsUpload::Copy(const unsigned char* data, uint64_t size_bytes, char* dst) {
  while (size_bytes > 0) {
    Slot& slot = slots_[slot_];
    if (filled_bytes_ == 0) {
      flush_to_ = dst;
      if (!slot.memory.data()) {
        MLC_TRY_ASSIGN(slot.memory, DeviceMemory::Allocate(device_.host_memory(), kSlotBytes));
        MLC_TRY_ASSIGN(slot.read, MakeEvent(device_.context()));
      }
      if (slot.used) MLC_CU(device_.context(), cuEventSynchronize, slot.read.get());
    }
    const auto at = static_cast<uint64_t>(dst - flush_to_);
    if (at >= kSlotBytes) {
      MLC_TRY(Flush());
      continue;
    }
    const uint64_t part = std::min(size_bytes, kSlotBytes - at);
    std::memcpy(slot.memory.data() + at, data, part);
    filled_bytes_ = at + part;
    data += part;
    dst += part;
    size_bytes -= part;
    if (filled_bytes_ == kSlotBytes) MLC_TRY(Flush());
  }
  return Ok();
}

Status WeightsUpload::Flush() {
  if (filled_bytes_ == 0) return Ok();
  Slot& slot = slots_[slot_];
  MLC_CU(device_.context(), cuMemcpyHtoDAsync, Address(flush_to_), slot.memory.data(),
         filled_bytes_, stream_.get());
  MLC_CU(device_.context(), cuEventRecord, slot.read.get(), stream_.get());
  slot.used = true;
  slot_ = (slot_ + 1) % kSlots;
  filled_bytes_ = 0;
  return Ok();
}

Status WeightsUpload::Finish() { return stream_ ? Drain(device_.context(), stream_.get()) : Ok(); }

}  // namespace mlc::runtime::cuda

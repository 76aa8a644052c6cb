// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Constants on their way to the device: one buffer, filled through a ring of pinned memory while
// the caller does something else.
#ifndef MLC_RUNTIME_CUDA_WEIGHTS_H
#define MLC_RUNTIME_CUDA_WEIGHTS_H

#include <array>

#include "runtime/cuda/cuda_device.h"
#include "runtime/exec/bound_program.h"

namespace mlc::runtime::cuda {

// Used by one thread, with the context current.
class WeightsUpload {
 public:
  explicit WeightsUpload(CudaDevice& device) : device_(device) {}
  WeightsUpload(const WeightsUpload&) = delete;
  ~WeightsUpload();

  // Places every constant that a program of the target uses at a multiple of 256 bytes and starts
  // the copies. OUT_OF_MEMORY, DEVICE_FAILED.
  Status Start(const mlc_plan& plan, uint32_t target);
  // Waits for them.
  Status Finish();

  DeviceMemory TakeMemory() { return std::move(memory_); }
  std::shared_ptr<const Constants> TakeConstants() { return std::move(constants_); }

 private:
  // NOTE: two slots keep the bus busy (one is filled while the other is read); four ride out page
  // faults of the mapped plan.
  static constexpr size_t kSlots = 4;
  static constexpr uint64_t kSlotBytes = uint64_t{4} << 20;

  struct Slot {
    DeviceMemory memory;  // pinned
    Event read;           // recorded behind the last copy from it
    bool used = false;
  };

  Status Copy(const unsigned char* data, uint64_t size_bytes, char* dst);
  Status Flush();

  CudaDevice& device_;
  Stream stream_;
  DeviceMemory memory_;
  std::shared_ptr<Constants> constants_;
  std::array<Slot, kSlots> slots_;
  size_t slot_ = 0;
  uint64_t filled_bytes_ = 0;  // of the present slot
  char* flush_to_ = nullptr;   // where it goes
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_WEIGHTS_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The machine code of one host target, mapped read-execute. It is position-independent, has no
// relocations and no writable data, so mapping is all there is to loading.
#ifndef MLC_RUNTIME_HOST_HOST_IMAGE_H
#define MLC_RUNTIME_HOST_HOST_IMAGE_H

#include "runtime/base/status.h"
#include "runtime/host/kernel_abi.h"
#include "runtime/plan/plan_file.h"

namespace mlc::runtime {

class HostImage {
 public:
  // Maps a HostCode segment: from the file where possible, else as a copy in anonymous pages. IO on
  // failure.
  static Result<HostImage> Map(const PlanFile& plan, uint32_t segment);
  HostImage() = default;
  HostImage(HostImage&& other) noexcept;
  HostImage& operator=(HostImage&& other) noexcept;
  ~HostImage();

  // An entry at an offset that the validator has checked.
  mlc_host_kernel Entry(uint64_t offset) const;

 private:
  void* base_ = nullptr;
  uint64_t size_bytes_ = 0;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_HOST_IMAGE_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which code of a plan a CUDA device runs.
#ifndef MLC_RUNTIME_CUDA_CHOOSE_TARGET_H
#define MLC_RUNTIME_CUDA_CHOOSE_TARGET_H

#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime::cuda {

// What decides.
struct DeviceTraits {
  int capability;      // 90 for sm_90
  int driver_version;  // 13000 for CUDA 13.0
  bool force_ptx;
};

// Targets that may run, the best first, and why others may not.
struct TargetChoice {
  std::vector<uint32_t> candidates;
  std::string refused;  // "sm_80 needs a device of compute capability 8.x; compute_80 needs .."
  bool driver_too_old = false;  // machine code for this device was refused for it
};

// Machine code: sm_90a on 9.0 only, before sm_90, which runs on 9.0 and later 9.x (the nearest is
// best). Behind it the forward path: compute_80 on 8.0 and later (the nearest is best). A target
// whose min_cuda the driver does not reach is refused.
TargetChoice RankTargets(const plan::Plan& plan, const plan::Entry& entry,
                         const DeviceTraits& device);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_CHOOSE_TARGET_H

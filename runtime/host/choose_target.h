// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_RUNTIME_HOST_CHOOSE_TARGET_H
#define MLC_RUNTIME_HOST_CHOOSE_TARGET_H

#include "runtime/base/status.h"
#include "runtime/host/cpu_features.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// The usable target of highest rank (the first of equals) that the entry has programs for, or
// NO_TARGET with what each target lacks.
Result<uint32_t> ChooseTarget(const plan::Plan& plan, const plan::Entry& entry,
                              const CpuFeatures& features);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_CHOOSE_TARGET_H

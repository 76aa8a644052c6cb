// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How many threads this process may usefully run.
#ifndef MLC_RUNTIME_HOST_CPU_BUDGET_H
#define MLC_RUNTIME_HOST_CPU_BUDGET_H

#include <cstdint>

namespace mlc::runtime {

// The smaller of the affinity mask's size and the CPU quota of the process's cgroups (version 1 or
// 2), at least 1.
uint32_t UsableCpus();

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_CPU_BUDGET_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_PROFILE_TABLE_H
#define MLC_TOOLS_COMMON_PROFILE_TABLE_H

#include <cstdio>
#include <optional>

#include "mlc/runtime.hpp"
#include "tools/common/peaks.h"

namespace mlc::tools {

// One line per instruction, the slowest first: time in a run, which does not count what was hidden
// behind the instruction before it, time by itself where that differs, share, achieved GFLOP/s and
// GB/s, kernel, nodes; with a peak also MFU and MBU, parts of what the device could do in the mean
// time by itself. measured_ms: what a run takes without profiling, which the last line compares with
// the sum; 0 when unknown.
void PrintProfile(std::FILE* file, const mlc_session_t* session, size_t runs,
                  const std::optional<Peak>& peak = std::nullopt, double measured_ms = 0);

// All launches of a run.
struct ProfileTotal {
  double us = 0;        // of a run, mean
  double alone_us = 0;  // the same, as if each had run by itself
  double mfu = 0;       // of the time in a run; 0 without a peak
  double mbu = 0;
};
ProfileTotal SumProfile(const mlc_session_t* session, size_t runs,
                        const std::optional<Peak>& peak = std::nullopt);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_PROFILE_TABLE_H

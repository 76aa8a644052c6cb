// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Achieved against possible: FLOP/s and bytes/s of each launch beside a device's peaks
// (../common/peaks.json).
#ifndef MLC_TOOLS_MLC_INSPECT_ROOFLINE_H
#define MLC_TOOLS_MLC_INSPECT_ROOFLINE_H

#include <nlohmann/json.hpp>

#include "tools/common/peaks.h"

namespace mlc::tools {

// Adds to each launch of a described target its intensity (FLOP per byte) and, with a report of
// mlc-run --profile --json (or null), its time_us and calls per run, achieved flops_per_s and
// bytes_per_s, mfu (of the peak for its dtype) and mbu; to the target "peak" (of the shortest type
// that is there) and "total" with the same over all launches of a run, mfu weighted by time. A
// profile's flops and bytes, those of its shapes, replace the plan's. ToolError(kUsage): a profile
// of another plan.
void AddRoofline(nlohmann::ordered_json& target, const nlohmann::ordered_json& profile,
                 const Peak& peak);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_ROOFLINE_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Achieved against possible: FLOP/s and bytes/s of each launch beside a device's peaks
// (peaks.json).
#ifndef MLC_TOOLS_MLC_INSPECT_ROOFLINE_H
#define MLC_TOOLS_MLC_INSPECT_ROOFLINE_H

#include <nlohmann/json.hpp>
#include <string>

namespace mlc::tools {

struct Peak {
  std::string name, source;
  double flops_per_s = 0;
  double bytes_per_s = 0;
};

// `text`: a row of peaks.json by name, "FLOPS:BYTES" a second, or empty for the row of `arch`. Rows
// of one core count `threads` times in FLOP/s. ToolError(kUsage) lists the rows.
Peak ChoosePeak(const std::string& text, const std::string& arch, unsigned threads);

// Adds to each launch of a described target its intensity (FLOP per byte) and, with a report of
// mlc-run --profile --json (or null), its time_us and calls per run, achieved flops_per_s and
// bytes_per_s, mfu and mbu (of the peaks); to the target "peak" and "total" with the same over all
// launches of a run. A profile's flops and bytes, those of its shapes, replace the plan's.
// ToolError(kUsage): a profile of another plan.
void AddRoofline(nlohmann::ordered_json& target, const nlohmann::ordered_json& profile,
                 const Peak& peak);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_ROOFLINE_H

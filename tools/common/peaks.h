// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What devices could reach at best: the rows of peaks.json.
#ifndef MLC_TOOLS_COMMON_PEAKS_H
#define MLC_TOOLS_COMMON_PEAKS_H

#include <optional>
#include <string>

#include "mlc/runtime.h"

namespace mlc::tools {

struct Peak {
  std::string name, source;
  double flops_per_s = 0;       // fp32
  double half_flops_per_s = 0;  // products of 16-bit floats
  double bytes_per_s = 0;

  double flops_of(mlc_dtype_t dtype) const {
    return dtype == MLC_DTYPE_FLOAT16 || dtype == MLC_DTYPE_BFLOAT16 ? half_flops_per_s
                                                                     : flops_per_s;
  }
};

// What runs: its code's arch ("x86-64-v3", "sm_90a"), the product's name as the driver gives it (""
// when unknown) and the number of cores, which rows of one core are multiplied by.
struct PeakOf {
  std::string arch;
  std::string product;
  unsigned threads = 1;
};

// The product's row, else without a product the arch's first. None: neither has one.
std::optional<Peak> FindPeak(const PeakOf& device);

// `text`: a row of peaks.json by name, "FLOPS:BYTES" a second (for all types), or empty for
// FindPeak. ToolError(kUsage) lists the rows.
Peak ChoosePeak(const std::string& text, const PeakOf& device);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_PEAKS_H

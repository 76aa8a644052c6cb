// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_COMPARE_H
#define MLC_TOOLS_COMMON_COMPARE_H

#include <string>

#include "tools/common/array.h"

namespace mlc::tools {

struct Difference {
  double max_abs_error = 0;
  double max_rel_error = 0;  // |ours - reference| / max(|reference|, smallest normal float)
  bool within = true;
  std::string why;  // shapes that differ, or the worst element
};

// Every element within atol + rtol * |reference|. NaN equals NaN, an infinity only itself.
Difference Compare(const Array& ours, const Array& reference, double rtol, double atol);

// What --verify asks of a plan beside its -O0 twin: floats within rtol 1e-3 and atol 1e-4 * max(1,
// standard deviation of the reference), everything else equal bit for bit.
Difference CompareWithOracle(const Array& ours, const Array& reference);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_COMPARE_H

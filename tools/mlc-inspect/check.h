// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_INSPECT_CHECK_H
#define MLC_TOOLS_MLC_INSPECT_CHECK_H

#include <map>
#include <string>
#include <vector>

namespace mlc::tools {

// What can be known without a device: all checksums, the shapes and the arena of each program at the
// given dims, and of CUDA programs that no launch and no two launches race (runtime/cuda/race_check).
// One line per program. Throws the first fault. Quadratic in a program's launches.
std::vector<std::string> CheckPlan(const std::string& path, const std::string& entry,
                                   const std::map<std::string, int64_t>& dims);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_CHECK_H

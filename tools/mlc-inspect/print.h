// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_INSPECT_PRINT_H
#define MLC_TOOLS_MLC_INSPECT_PRINT_H

#include <nlohmann/json.hpp>

namespace mlc::tools {

// The description as text on standard output: a summary, and with `schedule` every launch.
void PrintDescription(const nlohmann::ordered_json& description, bool schedule);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_PRINT_H

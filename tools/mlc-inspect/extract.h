// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_INSPECT_EXTRACT_H
#define MLC_TOOLS_MLC_INSPECT_EXTRACT_H

#include <string>
#include <vector>

#include "runtime/plan/plan_file.h"

namespace mlc::tools {

// Writes every target's code into a folder, which is made: host code as it is in the file
// (<arch>.bin) and with symbols (<arch>.elf); CUDA code as <arch>.cubin or <arch>.ptx, and all of it
// in cuda.fatbin. Returns the files' paths.
std::vector<std::string> ExtractCode(const runtime::PlanFile& file, const std::string& folder);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_EXTRACT_H

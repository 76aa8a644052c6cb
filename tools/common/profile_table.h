// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_PROFILE_TABLE_H
#define MLC_TOOLS_COMMON_PROFILE_TABLE_H

#include <cstdio>
#include <string>

#include "mlc/runtime.hpp"

namespace mlc::tools {

// One line per instruction, the slowest first: time per run, share, achieved GFLOP/s and GB/s,
// kernel, nodes.
void PrintProfile(std::FILE* file, const mlc_session_t* session, size_t runs);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_PROFILE_TABLE_H

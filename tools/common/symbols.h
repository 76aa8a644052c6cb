// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Values for a plan's symbols where no input says them.
#ifndef MLC_TOOLS_COMMON_SYMBOLS_H
#define MLC_TOOLS_COMMON_SYMBOLS_H

#include <map>
#include <string>
#include <vector>

#include "runtime/exec/signature.h"

namespace mlc::tools {

// "batch=2,seq=128" and several of them. ToolError(kUsage).
std::map<std::string, int64_t> ParseDims(const std::vector<std::string>& texts);

// One value per symbol: the given one, else the plan's opt value, else 1 for first dims and 64 for
// others, moved into the symbol's range; where 64 cannot run, the first of 1, 128, 256, .. 65536 that
// can. ToolError(kUsage): a name that the plan does not have.
std::vector<int64_t> ChooseSymbols(const mlc_signature& signature,
                                   const std::map<std::string, int64_t>& given);

// The values of the entry's expressions that its signature and the program (unless null) use.
std::vector<int64_t> EvaluateAt(const plan::Entry& entry, const plan::Program* program,
                                const std::vector<int64_t>& symbols);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_SYMBOLS_H

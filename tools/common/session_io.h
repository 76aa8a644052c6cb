// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_SESSION_IO_H
#define MLC_TOOLS_COMMON_SESSION_IO_H

#include <string>
#include <utility>
#include <vector>

#include "mlc/runtime.hpp"
#include "tools/common/array.h"

namespace mlc::tools {

// Lends the arrays to the session; they outlive its runs.
void SetInputs(Session& session, std::vector<Array>& inputs);

// Copies of the last run's outputs, with their names.
std::vector<std::pair<std::string, Array>> TakeOutputs(Session& session);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_SESSION_IO_H

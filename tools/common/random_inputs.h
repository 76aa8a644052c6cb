// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_RANDOM_INPUTS_H
#define MLC_TOOLS_COMMON_RANDOM_INPUTS_H

#include <vector>

#include "runtime/exec/signature.h"
#include "tools/common/array.h"

namespace mlc::tools {

// Inputs for the given symbols, the same for the same seed on every machine: floats in [-1, 1),
// uint8 anything (pictures, quantised values), other integers and bools 0 or 1 (in range for any
// vocabulary, mask or index), elements that set a symbol to its value.
std::vector<Array> RandomInputs(const mlc_signature& signature, const std::vector<int64_t>& symbols,
                                uint64_t seed);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_RANDOM_INPUTS_H

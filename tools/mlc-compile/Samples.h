// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_COMPILE_SAMPLES_H
#define MLC_TOOLS_MLC_COMPILE_SAMPLES_H

#include "compiler/Samples.h"

namespace mlc {

/// .npz files, whose members are named as the model's inputs, run on this machine.
Samples samplesOf(std::vector<std::string> files);

} // namespace mlc

#endif

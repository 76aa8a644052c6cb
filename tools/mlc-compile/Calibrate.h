// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_COMPILE_CALIBRATE_H
#define MLC_TOOLS_MLC_COMPILE_CALIBRATE_H

#include "compiler/Calibrate.h"

namespace mlc {

/// Runs what the compiler measures on this machine, once for each .npz file, whose members are named as the model's inputs. The error is an OptionError that names the file and what it lacks.
RangeRunner runOnSamples(std::vector<std::string> files);

} // namespace mlc

#endif

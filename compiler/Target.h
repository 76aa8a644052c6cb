// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The architectures that --arch may name.
#ifndef MLC_COMPILER_TARGET_H
#define MLC_COMPILER_TARGET_H

#include "backends/Backend.h"
#include "backends/Tuning.h"

namespace mlc {

using Backends = std::vector<std::shared_ptr<const Backend>>;

/// The backends of --arch, in the order given: host, x86-64-v2 to -v4, sm_75 to sm_120, native. With a CUDA architecture comes the forward path, last, unless `forward` is false. `cudaPath`: where the CUDA toolkit
/// is looked for first; `tuning`: measured choices for CUDA. Errors list what is known, or say what of a toolkit is missing.
llvm::Expected<Backends> makeBackends(llvm::ArrayRef<std::string> archs, const std::string &cudaPath = "", std::shared_ptr<const Tuning> tuning = std::make_shared<Tuning>(), bool forward = true);

} // namespace mlc

#endif

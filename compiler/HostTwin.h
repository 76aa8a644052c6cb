// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_COMPILER_HOSTTWIN_H
#define MLC_COMPILER_HOSTTWIN_H

#include "compiler/Compile.h"

namespace mlc {

/// A plan for this machine of a module that was fused for another target, to measure with `options.samples`; the module is changed. The same kernels on all but old machines (x86-64-v3), so that
/// what the numbers decide is the same.
llvm::Expected<Samples::Run> openTwin(mlir::ModuleOp fused, const CompileOptions &options);

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Running a graph module inside the compiler: what fold-constants computes with.
#ifndef MLC_COMPILER_EVALUATE_H
#define MLC_COMPILER_EVALUATE_H

#include "passes/Normalize/Passes.h"

namespace mlc {

/// Compiles for x86-64-v2, whatever the model is compiled for and wherever, and runs on one thread, so that the result is the same on every machine.
/// `optLevel` 0 keeps to the reference lowerings; `threads` generate code, 0 as many as the machine has; `cacheFolder` as in CompileOptions.
ConstantEvaluator compilingEvaluator(int optLevel, unsigned threads, std::string cacheFolder = {});

} // namespace mlc

#endif

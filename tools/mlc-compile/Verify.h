// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-compile --verify: a plan beside its -O0 twin, which compiles the reference lowering only.
#ifndef MLC_TOOLS_MLC_COMPILE_VERIFY_H
#define MLC_TOOLS_MLC_COMPILE_VERIFY_H

#include "compiler/Compile.h"
#include "tools/common/compare.h"

namespace mlc {

struct Verification {
  std::string arch; // whose code was run: the plan's best that this machine has
  struct Output {
    std::string name, bucket; // of the program that ran, "" for the generic one
    tools::Difference difference;
  };
  std::vector<Output> outputs;
  bool within() const;
};

/// Compiles `module` (as it was imported) with the options but -O0, runs the plan at `planPath` and that twin on the same seeded inputs (sizes: the opt points, else small
/// defaults, moved by one where a bucket holds them; then the same of each bucket) and compares their outputs by tools::CompareWithOracle. Throws tools::ToolError or mlc::Error when one of them does not run here.
llvm::Expected<Verification> verifyPlan(mlir::ModuleOp module, CompileOptions options, const std::string &planPath);

/// A line per output with its largest errors.
std::string verificationText(const Verification &verification);

} // namespace mlc

#endif

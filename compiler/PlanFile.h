// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From the plan dialect to the bytes of a plan file.
#ifndef MLC_COMPILER_PLANFILE_H
#define MLC_COMPILER_PLANFILE_H

#include "compiler/Compile.h"
#include "dialects/Graph/ShapeFacts.h"
#include "dialects/Plan/Plan.h"
#include "passes/Memory/LowerToPlan.h"

namespace mlc {

struct PlanParts {
  mlir::func::FuncOp func;                       // signature, symbols, names
  mlir::ModuleOp module;                         // metadata
  struct Program {
    plan_ir::ProgramOp op;
    unsigned target;
    const Bucket *bucket; // null: generic
  };
  std::vector<Program> programs;                 // of each target the generic one, then those of the buckets
  struct Target {
    const Backend *backend;
    TargetCode code;
    std::vector<NamedKernel> kernels; // without their modules
  };
  std::vector<Target> targets;
  ConstantTable *constants;
  graph::ShapeFacts *facts;
};

/// Writes to a file when `path` is not null, else to *bytes. Returns the plan's size.
llvm::Expected<uint64_t> writePlan(const PlanParts &parts, const CompileOptions &options, const std::string *path, std::string *bytes);

} // namespace mlc

#endif

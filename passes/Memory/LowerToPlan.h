// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From a function of regions, views and control flow to the plan dialect: buffers are declared, in-place results and views become aliases,
// results are written straight into the caller's outputs where that is possible.
#ifndef MLC_PASSES_MEMORY_LOWERTOPLAN_H
#define MLC_PASSES_MEMORY_LOWERTOPLAN_H

#include "dialects/Graph/ShapeFacts.h"
#include "dialects/Plan/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc {

/// Attributes of a region that a backend has compiled.
namespace kernel_attr {
inline constexpr const char *kKernel = "kernel";         // StringAttr: the kernel's name
inline constexpr const char *kScalars = "scalars";       // DimsAttr
inline constexpr const char *kGrid = "grid";             // DimsAttr of one
inline constexpr const char *kScratch = "scratch";       // DimsAttr of one, bytes
inline constexpr const char *kWorkspaces = "workspaces"; // DimsAttr, bytes each
inline constexpr const char *kTaskNs = "task_ns";        // FloatAttr
inline constexpr const char *kInPlace = "in_place";      // UnitAttr: result 0 may share an operand's memory of its size
} // namespace kernel_attr

/// I64Attr of a region: the parallel branch of its block that it belongs to (assign-streams); 0, the main one, when absent.
inline constexpr const char *kStreamAttr = "plan.stream";

/// The distinct constants of a plan, shared by its programs. An entry is a value that constant expressions compute; the same steps on equal bytes are the same entry.
class ConstantTable {
public:
  unsigned index(mlir::Value constant);
  llvm::ArrayRef<mlir::Value> values() const { return entries; }

private:
  /// Stands for all resources of the type and bytes of this one.
  const void *identity(mlir::ElementsAttr value);
  /// One number for all values of the same steps on equal bytes.
  unsigned stepsOf(mlir::Value v);

  llvm::DenseMap<const void *, const void *> identities;                     // of resources seen before
  llvm::DenseMap<uint64_t, llvm::SmallVector<mlir::ElementsAttr, 1>> byHash; // the first of each content
  llvm::StringMap<unsigned> steps;         // an op and the numbers of its operands
  llvm::DenseMap<unsigned, unsigned> bySteps; // entry
  std::vector<mlir::Value> entries;
};

/// Appends a plan.program for `func` to `module`. Emits an error at what cannot be lowered.
mlir::FailureOr<plan_ir::ProgramOp> lowerToPlan(mlir::func::FuncOp func, graph::ShapeFacts &facts, ConstantTable &constants, mlir::ModuleOp module, llvm::StringRef target);

/// Name of the model's node that an op comes from: the first name in its location, else the op's own.
std::string nodeName(mlir::Location loc, mlir::OperationName op);
std::string nodeName(mlir::Operation *op);

} // namespace mlc

#endif

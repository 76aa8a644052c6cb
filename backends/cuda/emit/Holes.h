// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The parts of a template that depend on the region: device functions of element positions, emitted by the reference lowering and printed as C++.
// Every hole takes the kernel's parameters as `const Params &p` (pointers p.b0, .., sizes p.s0, .., the fault pointer), so all holes of a kernel share one list of sizes.
#ifndef MLC_BACKENDS_CUDA_EMIT_HOLES_H
#define MLC_BACKENDS_CUDA_EMIT_HOLES_H

#include "backends/Backend.h"
#include "backends/reference/Emitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc::cuda {

class Holes {
public:
  Holes(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements) : region(region), facts(facts), placements(placements) {}

  graph::RegionOp region;
  graph::ShapeFacts &facts;

  /// A parameter of a hole beside `p`.
  struct Parameter {
    std::string name;
    mlir::Type type; // i64, or a vector of accumulators
  };
  /// Adds the function `name`. `body` gets an emitter of `width` lanes and the parameters' values, and gives the result, or none. False when it gives up or uses an op without a C++ spelling.
  bool add(llvm::StringRef name, llvm::ArrayRef<Parameter> parameters, int64_t width, mlir::Type result,
           llvm::function_ref<std::optional<mlir::Value>(reference::Emitter &, llvm::ArrayRef<mlir::Value>)> body);
  /// A function of the sizes alone: `static int64_t name(p)`.
  void addSize(llvm::StringRef name, const DimExpr &size);

  /// struct Params, then all functions.
  std::string text() const;
  /// "char *b0, .., long long s0, .., int *fault" of the kernel, and the initialiser of Params from these.
  std::string kernelParameters() const;
  std::string paramsInitializer() const;
  const std::vector<DimExpr> &sizes() const { return scalars; }
  unsigned numWorkspaces = 0;

private:
  unsigned numBuffers() const { return graph::RegionOp(region)->getNumOperands() + graph::RegionOp(region)->getNumResults() + numWorkspaces; }
  unsigned sizeIndex(const DimExpr &size);

  const Placements &placements;
  std::vector<DimExpr> scalars;
  std::string functions;
};

} // namespace mlc::cuda

#endif

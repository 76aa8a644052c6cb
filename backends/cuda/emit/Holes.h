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
#include "llvm/ADT/StringSet.h"

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
  /// Positions as parameters.
  std::vector<Parameter> positions(std::initializer_list<const char *> names) const;
  using IndexOf = llvm::function_ref<reference::Indices(reference::Emitter &, llvm::ArrayRef<mlir::Value> positions, bool lane)>;
  /// Adds `<name>Address`, where 16 bytes of `operand` lie together and aligned along the lane of `index`; returns whether they do. `isLinear`: whether equal steps of the parameters `along` (by number) are equal steps
  /// of the address wherever they start, so that they can be added to it.
  bool addAddress(const std::string &name, std::initializer_list<const char *> names, mlir::Value operand, IndexOf index, llvm::ArrayRef<unsigned> along = {}, bool *isLinear = nullptr);
  /// Adds `<name>Pack`, 16 bytes of elements computed together along the lane of `index`; returns whether that has a C++ spelling.
  bool addPack(const std::string &name, std::initializer_list<const char *> names, mlir::Value operand, IndexOf index);
  /// Adds `<name>Element`, one element of it.
  bool addElement(const std::string &name, std::initializer_list<const char *> names, mlir::Value operand, IndexOf index);
  /// Templates name all their holes, also those that a configuration does not call: adds `name` with an empty body unless it was added. `parameters` are the C++ types behind `p`.
  void complete(llvm::StringRef name, llvm::StringRef result, llvm::StringRef parameters);

  /// Whether an operand is the same in all runs: moves of what is constant outside.
  bool isConstant(mlir::Value operand) const;

  /// Cheaper functions for the holes (kernels/narrow_math.cuh), to stand ahead of them, where all results are halves; else nothing.
  llvm::StringRef mathSource() const;
  /// struct Params, then all functions.
  std::string text() const;
  /// The kernel around a template: `tile` has kSharedBytes, which must be what the launch gives; `call` is the function of (p, shared memory).
  /// `tensorMaps` more parameters follow as t0, .., whose addresses the call gets too.
  std::string kernel(int64_t threads, int64_t sharedBytes, llvm::StringRef tile, llvm::StringRef call, unsigned tensorMaps = 0) const;
  const std::vector<DimExpr> &sizes() const { return scalars; }
  /// The position of a size among the scalars, which it is added to.
  unsigned sizeIndex(const DimExpr &size);

private:
  unsigned numBuffers() const { return graph::RegionOp(region)->getNumOperands() + graph::RegionOp(region)->getNumResults(); }

  const Placements &placements;
  std::vector<DimExpr> scalars;
  std::string functions;
  llvm::StringSet<> added;
};

/// The value of a product, and of what widens it to f32 again, is its accumulator.
void rememberAccumulator(reference::Emitter &e, mlir::Value product, llvm::ArrayRef<reference::Index> index, mlir::Value accumulator);

} // namespace mlc::cuda

#endif

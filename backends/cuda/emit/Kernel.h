// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A CUDA kernel of the generic route under construction: a function over the region's buffers (runtime/cuda/kernel_abi.h), run by every thread of a grid of blocks.
// Element functions of the reference lowering give the values; the families here say which thread computes which.
#ifndef MLC_BACKENDS_CUDA_EMIT_KERNEL_H
#define MLC_BACKENDS_CUDA_EMIT_KERNEL_H

#include "backends/Backend.h"
#include "backends/cuda/CudaTarget.h"
#include "backends/reference/Emitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc::cuda {

constexpr int64_t kVectorBytes = 16; // the widest access of one thread
constexpr int64_t kWarp = 32;

class KernelBuilder {
public:
  /// `width`: elements that a thread treats as one vector.
  KernelBuilder(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements, int64_t width);

  graph::RegionOp region;
  graph::ShapeFacts &facts;
  Kernel kernel;
  mlir::OpBuilder b;
  mlir::Location loc;
  /// Emits elements; block arguments and results are set up as memory.
  std::unique_ptr<reference::Emitter> e;
  mlir::Value thread, block; // i64; below the kernel's threads, below its grid

  mlir::Block &body() { return region.getBody().front(); }
  mlir::Operation *terminator() { return body().getTerminator(); }
  /// The i64 value of an expression that is no number: a scalar argument.
  mlir::Value scalar(const DimExpr &e);
  /// Pointer to one more shared buffer of that many bytes.
  mlir::Value workspace(const DimExpr &bytes);
  /// Memory that the block's threads share: `elements` of `type`, which must be a type of 1, 2, 4 or 8 bytes.
  mlir::Value shared(mlir::Type type, int64_t elements);
  /// All threads of the block wait for each other, and see each other's writes.
  void barrier();
  /// The value of the lane whose number differs in the bits of `mask`, of a type of 32 or 64 bits.
  mlir::Value shuffleXor(mlir::Value v, int64_t mask);
  /// body(v) for each v below `extent`, one to a thread; sets grid and threads.
  void forEachThread(const DimExpr &extent, llvm::function_ref<void(mlir::Value)> body);
  /// Stores result `i` of the region at an index.
  void storeResult(unsigned i, llvm::ArrayRef<reference::Index> index);
  Kernel finish();

private:
  struct Argument {
    mlir::Value value;
    bool isInput;
  };
  void setMemory(mlir::Value inner, mlir::Value outer, mlir::Value pointer);
  mlir::Value addArgument(mlir::Type type);
  mlir::Value special(llvm::StringRef name);

  mlir::func::FuncOp func;
  mlir::Block *entry;
  const Placements &placements;
  std::vector<Argument> buffers; // inputs, results, workspaces
  std::vector<mlir::Value> scalars;
  mlir::Value fault;
  llvm::StringMap<mlir::Value> scalarValues;
  int numShared = 0;
};

/// Elements of 16 bytes that a region may treat as one vector along `line` of its results: 1 unless every result's extent there is a multiple of it.
int64_t vectorWidth(graph::RegionOp region, graph::ShapeFacts &facts, int64_t line);

/// Emits the kernel of a region by the first family that takes it. Fails with an error at the region when an op has no lowering.
mlir::FailureOr<Kernel> emitGeneric(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements);

// ---- families: each builds the kernel when it takes the region
mlir::FailureOr<Kernel> emitRows(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements);
mlir::FailureOr<Kernel> emitColumns(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements);
mlir::FailureOr<Kernel> emitNest(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements);
mlir::FailureOr<Kernel> emitMap(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements);

} // namespace mlc::cuda

#endif

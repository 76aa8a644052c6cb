// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A kernel under construction: the function that a graph.region becomes, with its arguments (runtime/host/kernel_abi.h) as SSA values.
#ifndef MLC_BACKENDS_HOST_EMIT_KERNEL_H
#define MLC_BACKENDS_HOST_EMIT_KERNEL_H

#include "backends/Backend.h"
#include "backends/host/HostTarget.h"
#include "backends/reference/Emitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlc::host {

/// How a region is compiled.
struct EmitOptions {
  const HostTarget &target;
  bool scalar;                  // -O0: no vectors, no designed kernels
  const Placements &placements; // operands and results that lie in larger values
};

class KernelBuilder {
public:
  KernelBuilder(graph::RegionOp region, graph::ShapeFacts &facts, const EmitOptions &options);

  graph::RegionOp region;
  graph::ShapeFacts &facts;
  const EmitOptions &options;
  Kernel kernel;
  mlir::OpBuilder b;
  mlir::Location loc;
  /// Emits elements; block arguments and results are set up as memory.
  std::unique_ptr<reference::Emitter> e;

  mlir::Block &body() { return region.getBody().front(); }
  mlir::Operation *terminator() { return body().getTerminator(); }
  mlir::Value begin, end, scratch;

  /// The i64 value of an expression: a constant or a scalar argument, loaded at entry.
  mlir::Value scalar(const DimExpr &e);
  /// Pointer to one more shared buffer of that many bytes.
  mlir::Value workspace(const DimExpr &bytes);
  /// for task in [begin, end)
  void forEachTask(llvm::function_ref<void(mlir::Value)> body);
  /// Whether the region computes something of many dependent steps (exp, erf, division, ..): then two vectors at once keep the units busy.
  bool isLatencyBound();
  /// Stores result `i` of the region (its yielded value's element) at an index.
  void storeResult(unsigned i, llvm::ArrayRef<reference::Index> index);
  Kernel finish();

private:
  mlir::Value argument(int64_t byteOffset, mlir::Type type);
  mlir::Value bufferPointer(unsigned number);
  /// `inner` is the value inside the region (or the result) whose memory is that of `outer`.
  void setMemory(mlir::Value inner, mlir::Value outer, mlir::Value pointer);
  mlir::Block *entry;
  mlir::Value args, buffers, scalars;
  mlir::Operation *entryEnd; // where scalar loads go
  llvm::StringMap<mlir::Value> scalarValues;
  llvm::DenseMap<mlir::Value, mlir::Value> resultMemory;
  std::vector<reference::Memory> results;
};

/// Emits the kernel of a region by its kind. Fails with an error at the region when an op has no lowering.
mlir::FailureOr<Kernel> emitKernel(graph::RegionOp region, graph::ShapeFacts &facts, const EmitOptions &options);

// ---- kernel families: each returns success when it took the region
mlir::LogicalResult emitMap(KernelBuilder &k);
mlir::LogicalResult emitRows(KernelBuilder &k);
mlir::LogicalResult emitNest(KernelBuilder &k);
mlir::LogicalResult emitGemm(KernelBuilder &k);
mlir::LogicalResult emitAttention(KernelBuilder &k);
mlir::LogicalResult emitConv(KernelBuilder &k);
mlir::LogicalResult emitDepthwise(KernelBuilder &k);
mlir::LogicalResult emitConcat(KernelBuilder &k);
mlir::LogicalResult emitColumns(KernelBuilder &k);

} // namespace mlc::host

#endif

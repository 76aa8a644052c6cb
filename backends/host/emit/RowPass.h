// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// One row (all elements along the last dim) of a region's values: reductions as passes over it, with vector accumulators. Rows and attention share it.
// A costly value (exp, ...) that a reduction computes and a later pass needs again is kept in the worker's scratch, which stays in L1.
#ifndef MLC_BACKENDS_HOST_EMIT_ROWPASS_H
#define MLC_BACKENDS_HOST_EMIT_ROWPASS_H

#include "backends/host/emit/Kernel.h"

namespace mlc::host {

/// Whether an op's formula takes many instructions.
bool isCostly(mlir::Operation *op);

class RowPass {
public:
  /// Rows of values with the given dims.
  RowPass(KernelBuilder &k, const Dims &dims) : k(k), e(*k.e), dims(dims), extent(dims.back().constant()) {}

  /// The row: all but the last position.
  reference::Indices index;

  /// Position i of the row, or the vector of positions from i on.
  reference::Indices at(mlir::Value i, bool lane);
  /// Runs body over the row: vectors while they fit, then single elements.
  void overRow(llvm::function_ref<void(mlir::Value, bool lane)> body);
  /// Emits the pass of a reduction over the last dim and remembers its result for this row.
  void reduce(mlir::Operation *op);

private:
  /// The row of `x` in scratch, as memory whose outer strides are 0.
  reference::Memory scratchRow(mlir::Value x);
  void storeKept(mlir::Value x, const reference::Memory &kept, mlir::Value i, bool lane, mlir::Value v);

  KernelBuilder &k;
  reference::Emitter &e;
  Dims dims;
  std::optional<int64_t> extent;
};

} // namespace mlc::host

#endif

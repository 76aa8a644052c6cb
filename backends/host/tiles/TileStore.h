// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_HOST_TILES_TILESTORE_H
#define MLC_BACKENDS_HOST_TILES_TILESTORE_H

#include "backends/host/emit/Kernel.h"
#include "backends/host/tiles/RegisterTile.h"

namespace mlc::host {

/// Runs the region's epilogue on a finished tile and stores its results. Row r is stored when rowValid[r] holds; `indexOf(r, column)` gives the result index of
/// the tile's first column in that row (its last entry is the column position). Columns at or past `columns` are dropped.
/// `anchor` is the value inside the region that the accumulators are.
void storeTile(KernelBuilder &k, RegisterTile &tile, mlir::Value anchor, llvm::ArrayRef<mlir::Value> rowValid, llvm::function_ref<reference::Indices(int64_t row)> indexOf,
               mlir::Value firstColumn, mlir::Value columns, bool exact);

/// The same with `store(row, index)` in place of storing the region's results.
void storeTile(KernelBuilder &k, RegisterTile &tile, mlir::Value anchor, llvm::ArrayRef<mlir::Value> rowValid, llvm::function_ref<reference::Indices(int64_t row)> indexOf,
               mlir::Value firstColumn, mlir::Value columns, bool exact, llvm::function_ref<void(int64_t row, const reference::Indices &index)> store);

/// Asks for the elements of the tile that the epilogue will read from operands of the result's shape (a residual), so that they arrive while the tile is computed.
void prefetchEpilogue(KernelBuilder &k, RegisterTile &tile, mlir::Value anchor, mlir::Value left, int64_t rows, llvm::function_ref<reference::Indices(int64_t row)> indexOf,
                      mlir::Value firstColumn);

} // namespace mlc::host

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How the rows of a product (or the pixels of a convolution) and its panels of columns are cut into register tiles and tasks.
#ifndef MLC_BACKENDS_HOST_TILES_BLOCKING_H
#define MLC_BACKENDS_HOST_TILES_BLOCKING_H

#include "backends/host/HostTarget.h"
#include "backends/reference/Emitter.h"

namespace mlc::host {

/// Tiles of `rows` x `panels` fill a task of up to tilesPerBlock x panelsPerGroup / panels of them; there are blocks x groups tasks, groups varying fastest.
struct Blocking {
  int64_t rows = 1, panels = 1;
  bool whole = false; // every tile has all its rows
  int64_t tilesPerBlock = 1, panelsPerGroup = 1;
  DimExpr blocks, groups;

  int64_t blockRows() const { return rows * tilesPerBlock; }
  DimExpr tasks() const { return blocks * groups; }
  double taskNanoseconds(const DimExpr &M, double depth) const;
};

/// M rows times `panels` panels of 16 columns, `depth` products per element. Rows are chosen to leave the least of the last tile empty, tasks to be even
/// and enough for several threads as long as each is worth a thread's while.
Blocking chooseBlocking(const HostTarget &target, const DimExpr &M, const DimExpr &panels, double depth);

/// The tile's rows from `first` (a multiple of their number) as indices in `dims`, whose product is M. valid[r] is null when row r always exists;
/// a row that does not repeats the one before it.
struct TileRows {
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> index;
  llvm::SmallVector<mlir::Value> valid;
};
TileRows tileRows(reference::Emitter &e, mlir::Value first, int64_t rows, bool whole, llvm::ArrayRef<DimExpr> dims);

/// body(first panel, panels at once, columns of a panel) over the panels [low, high) of `columns` columns: `n` at once while they fit, then one by one. When the
/// last panel is known to be at most half full, it comes by itself with that many columns, and lanes no wider than it needs.
void forPanels(reference::Emitter &e, mlir::Value low, mlir::Value high, int64_t n, const DimExpr &columns,
               llvm::function_ref<void(mlir::Value panel, int64_t panels, int64_t panelColumns)> body);

/// Whether all columns exist that a tile of forPanels computes, given the `panelColumns` it was called with.
bool isWhole(const DimExpr &columns, int64_t panelColumns);

} // namespace mlc::host

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The register tile that products and convolutions share: `rows` rows of one operand, read element by element and broadcast, times `panels` panels of 16 packed
// columns of the other. The accumulators (rows x panels x 16/width vectors) are loop-carried SSA values, so they stay in registers.
// Sizes: 6x16 on AVX2 (12 accumulators, 2 panel loads, 1 broadcast = 15 of 16 registers), 7x32 on AVX-512 (14 accumulators; image sizes are multiples of 7), 3x16 on SSE.
#ifndef MLC_BACKENDS_HOST_TILES_REGISTERTILE_H
#define MLC_BACKENDS_HOST_TILES_REGISTERTILE_H

#include "backends/reference/Emitter.h"

namespace mlc::host {

/// Columns of a packed panel; the same for every level, so that one packed copy serves all.
inline constexpr int64_t kPanel = 16;

class RegisterTile {
public:
  /// Only the first `panelColumns` columns of each panel are computed, rounded up to whole vectors.
  RegisterTile(reference::Emitter &e, int64_t rows, int64_t panels, int64_t panelColumns = kPanel) : e(e), rows(rows), panels(panels), panelColumns(panelColumns) {}

  /// All accumulators zero.
  void clear();
  /// acc[r][n] += sum_{k < depth} left[r][k] * right[p][k * 16 + n]: left rows and right panels by pointer, f32.
  void accumulate(llvm::ArrayRef<mlir::Value> left, llvm::ArrayRef<mlir::Value> right, mlir::Value depth);
  /// Accumulators as values, to carry them through an outer loop.
  llvm::SmallVector<mlir::Value> &values() { return acc; }
  /// Calls `store(row, column offset in the tile, vector)` for every vector of a row.
  void forEachVector(int64_t row, llvm::function_ref<void(int64_t column, mlir::Value vector)> store);

  int64_t vectorsPerPanel() const { return (panelColumns + e.width - 1) / e.width; }
  int64_t columns() const { return panels * kPanel; }

private:
  reference::Emitter &e;
  int64_t rows, panels, panelColumns;
  llvm::SmallVector<mlir::Value> acc; // [row][panel][vector]
};

/// pointer + elements of f32
mlir::Value advance(reference::Emitter &e, mlir::Value pointer, mlir::Value elements);

} // namespace mlc::host

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What the passes that compute constants share: how large a folded value may be, and how it is kept.
#ifndef MLC_PASSES_NORMALIZE_FOLDING_H
#define MLC_PASSES_NORMALIZE_FOLDING_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace mlc {

/// Constants up to this size are written into the code; larger ones stay where they are in memory.
inline constexpr int64_t kInlineBytes = 1024;

/// Whether a folded value of `bytes` may replace constants of `sources` bytes: a plan never grows by folding, but for what is small.
inline bool isWorthFolding(int64_t bytes, int64_t sources) { return bytes <= std::max<int64_t>(64 << 10, 2 * sources); }

/// Size of a value in storage form, 0 when it has no elements, no fixed size or elements that share bytes.
int64_t storedBytes(mlir::Value v);

/// Whether the weight was left out of the module's text.
inline bool isElided(mlir::ElementsAttr value) {
  auto resource = mlir::dyn_cast<mlir::DenseResourceElementsAttr>(value);
  return resource && !resource.getRawHandle().getBlob();
}

/// The constant of those bytes, in storage form.
mlir::ElementsAttr foldedAttribute(mlir::RankedTensorType type, mlir::AsmResourceBlob blob);

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Normalize/Folding.h"

using namespace mlir;

namespace mlc {

int64_t storedBytes(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return 0;
  unsigned bits = type.getElementTypeBitWidth();
  return bits == 1 || bits % 8 == 0 ? (bits + 7) / 8 * type.getNumElements() : 0;
}

ElementsAttr foldedAttribute(RankedTensorType type, AsmResourceBlob blob) {
  ArrayRef<char> bytes = blob.getData();
  if (static_cast<int64_t>(bytes.size()) > kInlineBytes)
    return DenseResourceElementsAttr::get(type, "folded", std::move(blob));
  if (!type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  SmallVector<bool> bits(llvm::map_range(bytes, [](char c) { return c != 0; }));
  return DenseElementsAttr::get(type, bits);
}

} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_COMPILER_CONSTANTS_H
#define MLC_COMPILER_CONSTANTS_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Value.h"
#include "runtime/plan/moves.h"
#include "llvm/ADT/ArrayRef.h"
#include <vector>

namespace mlc {

/// Bytes of a constant in storage form (row-major, bool as one byte, 4-bit types two per byte): borrowed from the model, or owned when steps had to be executed.
class ConstantBytes {
public:
  ConstantBytes() = default;
  explicit ConstantBytes(std::vector<char> owned) : owned(std::move(owned)) {}
  /// Evaluates a constant expression (passes/Fuse/Regions.h). The value's defining op must be alive while the bytes are borrowed.
  static ConstantBytes of(mlir::Value v);
  /// The same of a constant's attribute; empty when it is a resource without a blob.
  static ConstantBytes of(mlir::ElementsAttr value);
  llvm::ArrayRef<char> bytes() const { return owned.empty() ? borrowed : llvm::ArrayRef<char>(owned); }

private:
  llvm::ArrayRef<char> borrowed;
  std::vector<char> owned;
};

/// What an op of a constant expression (isMoveByNumbers) does.
runtime::Move moveOf(mlir::Operation *op);

} // namespace mlc

#endif

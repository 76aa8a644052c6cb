// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Why a reader did not take in what makes one of its operands: kept on the reader until explain-fusion prints it.
#ifndef MLC_PASSES_FUSE_NOTES_H
#define MLC_PASSES_FUSE_NOTES_H

#include "mlir/IR/Operation.h"

namespace mlc {

/// DictionaryAttr on a reader: from the number of an operand to the last reason.
inline constexpr const char *kDeclinedAttr = "graph.declined";

class FusionNotes {
public:
  /// Without `on` nothing is kept and no reason is spelled out.
  explicit FusionNotes(bool on) : on(on) {}
  bool areOn() const { return on; }
  void decline(mlir::Value operand, mlir::Operation *reader, llvm::function_ref<std::string()> why) const;

private:
  bool on;
};

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_ELEMENTTYPES_H
#define MLC_BACKENDS_ELEMENTTYPES_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc {

/// Refuses element types that the reference lowering does not compute with, naming the op or input; `target` starts the message.
mlir::LogicalResult checkElementTypes(mlir::func::FuncOp func, llvm::StringRef target);

} // namespace mlc

#endif

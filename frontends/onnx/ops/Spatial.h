// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The window of a convolution or pooling, read from a node's attributes.
#ifndef MLC_FRONTENDS_ONNX_OPS_SPATIAL_H
#define MLC_FRONTENDS_ONNX_OPS_SPATIAL_H

#include "frontends/onnx/Node.h"

namespace mlc::importer {

struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, pads; // pads: begins, then ends
  bool same = false;                                           // auto_pad SAME_*
};

/// strides, dilations, pads and auto_pad for a kernel over the spatial dims `in`.
mlir::FailureOr<Window> readWindow(Node &n, llvm::ArrayRef<DimExpr> in, llvm::ArrayRef<int64_t> kernel);
/// The same for weights [Cout, C/group, R, S..].
mlir::FailureOr<Window> readConvWindow(Node &n, Value x, Value w);
Value makeConv(Node &n, Value x, Value w, Value bias, const Window &window);

} // namespace mlc::importer

#endif

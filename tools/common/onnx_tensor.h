// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// ONNX's stored tensors (.pb), as its conformance suite has them.
#ifndef MLC_TOOLS_COMMON_ONNX_TENSOR_H
#define MLC_TOOLS_COMMON_ONNX_TENSOR_H

#include <string>

#include "tools/common/array.h"

namespace mlc::tools {

// ToolError(kUsage): no TensorProto, strings, external data, or fewer elements than the dims say.
Array ReadOnnxTensor(const std::string& path);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_ONNX_TENSOR_H

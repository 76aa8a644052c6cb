// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// ONNX's stored tensors (.pb), as its conformance suite has them, and the initializers of a model.
#ifndef MLC_TOOLS_COMMON_ONNX_TENSOR_H
#define MLC_TOOLS_COMMON_ONNX_TENSOR_H

#include <memory>
#include <string>

#include "tools/common/array.h"

namespace mlc::tools {

// ToolError(kUsage): no TensorProto, strings, external data, or fewer elements than the dims say.
Array ReadOnnxTensor(const std::string& path);

// The initializers and Constant nodes (by their output) of a model's top graph. External data is read when it is asked for, from files
// beside the model or below.
class OnnxWeights {
 public:
  // ToolError(kModelFault): no ONNX model.
  explicit OnnxWeights(const std::string& path);
  ~OnnxWeights();
  // ToolError(kModelFault): damage, or there is no such initializer.
  Array Get(const std::string& name) const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_ONNX_TENSOR_H

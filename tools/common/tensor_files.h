// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Sets of named tensors in files: an .npz archive, or a folder as ONNX's conformance suite has
// them.
#ifndef MLC_TOOLS_COMMON_TENSOR_FILES_H
#define MLC_TOOLS_COMMON_TENSOR_FILES_H

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mlc/runtime.h"
#include "tools/common/array.h"

namespace mlc::tools {

// A tensor from .npy or .pb, told by the name's end.
Array ReadTensor(const std::string& path);

// The tensors of `path` by name: members of an .npz, or files <role>_<i>.npy/.pb (tensor i of
// `infos`) and <name>.npy/.pb of a folder. Names that `infos` lacks are ignored.
std::map<std::string, Array> ReadTensors(const std::string& path, const std::string& role,
                                         const std::vector<mlc_tensor_info_t>& infos);

// An .npz at `path`, or <role>_<i>.npy in a folder: one that exists, or any path with a slash at
// its end.
void WriteTensors(const std::string& path, const std::string& role,
                  const std::vector<std::pair<std::string, Array>>& tensors);

// The array as `info` wants it: types that NumPy lacks arrive as unsigned integers of their width,
// packed ones as bytes (their dims must then be fixed). ToolError(kUsage) when the type does not
// fit.
Array Reinterpret(Array array, const mlc_tensor_info_t& info);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_TENSOR_FILES_H

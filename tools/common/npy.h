// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// NumPy's .npy and .npz files (format versions 1 to 3). Types that NumPy does not have are kept as
// unsigned integers of their width: bf16 as uint16, fp8 as uint8; packed sub-byte types as a vector
// of uint8.
//
// Why not xtensor: its readers are templates over one element type and know neither bf16 nor a type
// chosen at run time.
#ifndef MLC_TOOLS_COMMON_NPY_H
#define MLC_TOOLS_COMMON_NPY_H

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/common/array.h"

namespace mlc::tools {

// `name` is for messages. ToolError(kUsage) on damage, Fortran order, big-endian and object arrays.
Array ParseNpy(std::string_view bytes, const std::string& name);
std::string FormatNpy(const Array& array);

Array ReadNpy(const std::string& path);
std::map<std::string, Array> ReadNpz(const std::string& path);

// Both write beside and rename.
void WriteNpy(const std::string& path, const Array& array);
void WriteNpz(const std::string& path, const std::vector<std::pair<std::string, Array>>& arrays);

std::string ReadWholeFile(const std::string& path);
// Writes beside and renames.
void WriteWholeFile(const std::string& path, std::string_view bytes);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_NPY_H

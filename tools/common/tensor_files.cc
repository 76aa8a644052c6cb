// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/tensor_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "runtime/base/dtype.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/common/onnx_tensor.h"

namespace mlc::tools {
namespace {

namespace fs = std::filesystem;

// stem.npy, else stem.pb, else nothing.
std::optional<Array> ReadEither(const fs::path& stem) {
  for (const char* suffix : {".npy", ".pb"}) {
    const std::string path = stem.string() + suffix;
    if (fs::exists(path)) return ReadTensor(path);
  }
  return std::nullopt;
}

bool IsPacked(mlc_dtype_t dtype) { return mlc_dtype_bits(dtype) < 8; }

bool IsUnsigned(mlc_dtype_t dtype) { return dtype == MLC_DTYPE_UINT8 || dtype == MLC_DTYPE_UINT16; }

}  // namespace

Array ReadTensor(const std::string& path) {
  return path.ends_with(".pb") ? ReadOnnxTensor(path) : ReadNpy(path);
}

std::map<std::string, Array> ReadTensors(const std::string& path, const std::string& role,
                                         const std::vector<mlc_tensor_info_t>& infos) {
  if (!fs::is_directory(path)) return ReadNpz(path);
  std::map<std::string, Array> tensors;
  for (size_t i = 0; i < infos.size(); ++i) {
    std::optional<Array> array = ReadEither(fs::path(path) / (role + "_" + std::to_string(i)));
    if (!array) array = ReadEither(fs::path(path) / infos[i].name);
    if (array) tensors[infos[i].name] = std::move(*array);
  }
  return tensors;
}

void WriteTensors(const std::string& path, const std::string& role,
                  const std::vector<std::pair<std::string, Array>>& tensors) {
  if (!path.ends_with('/') && !fs::is_directory(path)) return WriteNpz(path, tensors);
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw ToolError(kSystem, "cannot make the folder '" + path + "': " + error.message());
  for (size_t i = 0; i < tensors.size(); ++i)
    WriteNpy((fs::path(path) / (role + "_" + std::to_string(i) + ".npy")).string(),
             tensors[i].second);
}

Array Reinterpret(Array array, const mlc_tensor_info_t& info) {
  if (array.dtype == info.dtype) return array;
  const bool same_width = mlc_dtype_bits(array.dtype) == mlc_dtype_bits(info.dtype);
  if (IsPacked(info.dtype) && array.dtype == MLC_DTYPE_UINT8) {
    int64_t size_bytes = 0;
    if (!runtime::DenseSizeBytes(info.dtype, info.dims, info.rank, &size_bytes) ||
        static_cast<uint64_t>(size_bytes) != array.bytes.size())
      throw ToolError(kUsage, std::string("'") + info.name + "': " + mlc_dtype_name(info.dtype) +
                                  " is read from packed bytes for fixed dims only");
    array.dims.assign(info.dims, info.dims + info.rank);
  } else if (!same_width || !IsUnsigned(array.dtype)) {
    throw ToolError(kUsage, std::string("'") + info.name + "': the file has " + TypeText(array) +
                                " but the plan wants " + mlc_dtype_name(info.dtype));
  }
  array.dtype = info.dtype;
  return array;
}

}  // namespace mlc::tools

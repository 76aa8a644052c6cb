// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/onnx_tensor.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "onnx_tensor.pb.h"
#include "runtime/base/dtype.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"

namespace mlc::tools {
namespace {

// The elements of a typed field as To, the dtype's own type.
template <typename To, typename Field>
std::string Narrow(const Field& field) {
  std::string bytes;
  for (auto element : field) {
    const To value = static_cast<To>(element);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return bytes;
}

std::string TypedData(const TensorProto& tensor) {
  switch (tensor.data_type()) {
    case MLC_DTYPE_FLOAT32:
    case MLC_DTYPE_COMPLEX64:
      return Narrow<float>(tensor.float_data());
    case MLC_DTYPE_FLOAT64:
    case MLC_DTYPE_COMPLEX128:
      return Narrow<double>(tensor.double_data());
    case MLC_DTYPE_INT64:
      return Narrow<int64_t>(tensor.int64_data());
    case MLC_DTYPE_UINT32:
      return Narrow<uint32_t>(tensor.uint64_data());
    case MLC_DTYPE_UINT64:
      return Narrow<uint64_t>(tensor.uint64_data());
    case MLC_DTYPE_INT32:
      return Narrow<int32_t>(tensor.int32_data());
    case MLC_DTYPE_INT16:
    case MLC_DTYPE_UINT16:
    case MLC_DTYPE_FLOAT16:
    case MLC_DTYPE_BFLOAT16:
      return Narrow<uint16_t>(tensor.int32_data());
    default:  // one byte, or several elements packed into one
      return Narrow<uint8_t>(tensor.int32_data());
  }
}

// `place` is for messages; `raw` stands for the tensor's own data when it is not null.
Array ToArray(const TensorProto& tensor, const std::string* raw, const std::string& place,
              ExitCode fault) {
  Array array;
  int64_t size_bytes = 0;
  array.dims.assign(tensor.dims().begin(), tensor.dims().end());
  if (!runtime::DenseSizeBytes(tensor.data_type(), array.dims.data(), array.dims.size(),
                               &size_bytes))
    throw ToolError(fault, place + ": its element type or shape is not supported");
  array.dtype = static_cast<mlc_dtype_t>(tensor.data_type());
  array.bytes = raw ? *raw : tensor.has_raw_data() ? tensor.raw_data() : TypedData(tensor);
  if (array.bytes.size() != static_cast<uint64_t>(size_bytes))
    throw ToolError(fault, place + ": it holds " + std::to_string(array.bytes.size()) +
                               " bytes but its shape needs " + std::to_string(size_bytes));
  return array;
}

// The bytes that external_data names.
std::string ReadExternal(const TensorProto& tensor, const std::filesystem::path& folder,
                         const std::string& place) {
  std::filesystem::path location;
  uint64_t offset = 0, length = 0;
  bool has_length = false;
  for (const StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = std::strtoull(entry.value().c_str(), nullptr, 10);
    if (entry.key() == "length") {
      length = std::strtoull(entry.value().c_str(), nullptr, 10);
      has_length = true;
    }
  }
  const bool leaves = std::find(location.begin(), location.end(), "..") != location.end();
  if (location.empty() || location.is_absolute() || leaves)
    throw ToolError(kModelFault, place + ": its external data '" + location.string() +
                                     "' is not inside of the model's folder");
  const std::filesystem::path path = folder / location;
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error || offset > size || (has_length && length > size - offset))
    throw ToolError(kModelFault, place + ": its external data '" + location.string() +
                                     "' is missing or too short");
  std::string bytes(has_length ? length : size - offset, '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    throw ToolError(kSystem, place + ": cannot read '" + path.string() + "'");
  return bytes;
}

}  // namespace

Array ReadOnnxTensor(const std::string& path) {
  TensorProto tensor;
  if (!tensor.ParseFromString(ReadWholeFile(path)) || !tensor.has_data_type())
    throw ToolError(kUsage, "'" + path + "': this is not an ONNX tensor");
  if (tensor.data_location() != 0)
    throw ToolError(kUsage, "'" + path + "': external data is not supported here");
  return ToArray(tensor, nullptr, "'" + path + "'", kUsage);
}

struct OnnxWeights::Model {
  ModelProto proto;
  std::filesystem::path folder;
  std::map<std::string, const TensorProto*> tensors;
};

OnnxWeights::OnnxWeights(const std::string& path) : model_(std::make_unique<Model>()) {
  if (!model_->proto.ParseFromString(ReadWholeFile(path)) || !model_->proto.has_graph())
    throw ToolError(kModelFault, "'" + path + "': this is not an ONNX model");
  model_->folder = std::filesystem::path(path).parent_path();
  for (const TensorProto& tensor : model_->proto.graph().initializer())
    model_->tensors[tensor.name()] = &tensor;
  for (const NodeProto& node : model_->proto.graph().node())
    for (const AttributeProto& attribute : node.attribute())
      if (node.op_type() == "Constant" && node.output_size() == 1 && attribute.name() == "value")
        model_->tensors[node.output(0)] = &attribute.t();
}

OnnxWeights::~OnnxWeights() = default;

Array OnnxWeights::Get(const std::string& name) const {
  const auto found = model_->tensors.find(name);
  if (found == model_->tensors.end())
    throw ToolError(kModelFault, "the model has no initializer or Constant '" + name + "'");
  const std::string place = "initializer '" + name + "'";
  if (found->second->data_location() == 0)
    return ToArray(*found->second, nullptr, place, kModelFault);
  const std::string raw = ReadExternal(*found->second, model_->folder, place);
  return ToArray(*found->second, &raw, place, kModelFault);
}

}  // namespace mlc::tools

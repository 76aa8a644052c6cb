// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/onnx_tensor.h"

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

}  // namespace

Array ReadOnnxTensor(const std::string& path) {
  TensorProto tensor;
  if (!tensor.ParseFromString(ReadWholeFile(path)) || !tensor.has_data_type())
    throw ToolError(kUsage, "'" + path + "': this is not an ONNX tensor");
  if (tensor.data_location() != 0)
    throw ToolError(kUsage, "'" + path + "': external data is not supported here");
  Array array;
  int64_t size_bytes = 0;
  array.dims.assign(tensor.dims().begin(), tensor.dims().end());
  if (!runtime::DenseSizeBytes(tensor.data_type(), array.dims.data(), array.dims.size(),
                               &size_bytes))
    throw ToolError(kUsage, "'" + path + "': its element type or shape is not supported");
  array.dtype = static_cast<mlc_dtype_t>(tensor.data_type());
  array.bytes = tensor.has_raw_data() ? tensor.raw_data() : TypedData(tensor);
  if (array.bytes.size() != static_cast<uint64_t>(size_bytes))
    throw ToolError(kUsage, "'" + path + "': it holds " + std::to_string(array.bytes.size()) +
                                " bytes but its shape needs " + std::to_string(size_bytes));
  return array;
}

}  // namespace mlc::tools

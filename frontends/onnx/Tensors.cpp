// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "frontends/onnx/Tensors.h"
#include "dialects/Graph/ShapeFacts.h"

using namespace mlir;
using ::onnx::TensorProto;

namespace mlc::importer {
namespace {

llvm::Error failed(const Twine &message) { return llvm::createStringError(message); }

unsigned bitsOf(Type type) { return type.getIntOrFloatBitWidth() == 1 ? 8 : type.getIntOrFloatBitWidth(); }

/// Copies a typed repeated field, each entry as `Element`.
template <typename Element, typename Field> void append(std::string &bytes, const Field &field) {
  for (auto v : field) {
    Element e = static_cast<Element>(v);
    bytes.append(reinterpret_cast<const char *>(&e), sizeof(Element));
  }
}

/// The bytes of a tensor that uses the typed fields, as raw_data would hold them.
std::string typedData(const TensorProto &t) {
  std::string bytes;
  switch (t.data_type()) {
  case TensorProto::FLOAT: append<float>(bytes, t.float_data()); break;
  case TensorProto::DOUBLE: append<double>(bytes, t.double_data()); break;
  case TensorProto::INT64: append<int64_t>(bytes, t.int64_data()); break;
  case TensorProto::UINT64: append<uint64_t>(bytes, t.uint64_data()); break;
  case TensorProto::UINT32: append<uint32_t>(bytes, t.uint64_data()); break;
  case TensorProto::INT32: append<int32_t>(bytes, t.int32_data()); break;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16: append<uint16_t>(bytes, t.int32_data()); break;
  default: append<uint8_t>(bytes, t.int32_data()); break; // 8 bits, or 4-bit pairs
  }
  return bytes;
}

/// A dense attribute from bytes as ONNX lays them out.
ElementsAttr denseFrom(RankedTensorType type, ArrayRef<char> bytes) {
  unsigned width = type.getElementType().getIntOrFloatBitWidth();
  if (width == 1) {
    SmallVector<bool> bits(llvm::map_range(bytes, [](char c) { return c != 0; }));
    return DenseElementsAttr::get(type, bits);
  }
  if (width >= 8)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  SmallVector<char> spread;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    uint8_t byte = bytes[i * width / 8];
    spread.push_back(static_cast<char>(byte >> (i * width % 8) & ((1 << width) - 1)));
  }
  return DenseElementsAttr::getFromRawBuffer(type, spread);
}

} // namespace

Type elementTypeOf(int32_t onnxType, MLIRContext *c) {
  auto integer = [&](unsigned width, bool isUnsigned = false) -> Type {
    return IntegerType::get(c, width, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
  };
  switch (onnxType) {
  case TensorProto::FLOAT: return Float32Type::get(c);
  case TensorProto::DOUBLE: return Float64Type::get(c);
  case TensorProto::FLOAT16: return Float16Type::get(c);
  case TensorProto::BFLOAT16: return BFloat16Type::get(c);
  case TensorProto::FLOAT8E4M3FN: return Float8E4M3FNType::get(c);
  case TensorProto::FLOAT8E4M3FNUZ: return Float8E4M3FNUZType::get(c);
  case TensorProto::FLOAT8E5M2: return Float8E5M2Type::get(c);
  case TensorProto::FLOAT8E5M2FNUZ: return Float8E5M2FNUZType::get(c);
  case TensorProto::FLOAT8E8M0: return Float8E8M0FNUType::get(c);
  case TensorProto::FLOAT4E2M1: return Float4E2M1FNType::get(c);
  case TensorProto::BOOL: return integer(1);
  case TensorProto::INT4: return integer(4);
  case TensorProto::INT8: return integer(8);
  case TensorProto::INT16: return integer(16);
  case TensorProto::INT32: return integer(32);
  case TensorProto::INT64: return integer(64);
  case TensorProto::UINT4: return integer(4, true);
  case TensorProto::UINT8: return integer(8, true);
  case TensorProto::UINT16: return integer(16, true);
  case TensorProto::UINT32: return integer(32, true);
  case TensorProto::UINT64: return integer(64, true);
  case TensorProto::INT2: return integer(2);
  case TensorProto::UINT2: return integer(2, true);
  default: return {};
  }
}

std::string nameOfElementType(int32_t onnxType) {
  return TensorProto::DataType_IsValid(onnxType) ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(onnxType)) : std::to_string(onnxType);
}

llvm::Expected<ElementsAttr> toAttribute(const TensorProto &tensor, const std::shared_ptr<ModelFile> &file, MLIRContext *context) {
  Type element = elementTypeOf(tensor.data_type(), context);
  if (!element)
    return failed("it has elements of type " + nameOfElementType(tensor.data_type()) + ", which are not supported");
  if (tensor.has_segment())
    return failed("it is stored in segments, which is not supported");
  // Sizes first, nothing is allocated before they agree with the payload.
  int64_t count = 1, bits = 0;
  for (int64_t d : tensor.dims())
    if (d < 0 || __builtin_mul_overflow(count, d, &count))
      return failed("its dims are negative or too large: dim " + Twine(d));
  if (tensor.dims_size() > 64 || __builtin_mul_overflow(count, bitsOf(element), &bits) || bits > INT64_MAX - 7)
    return failed("its dims are too many or too large");
  uint64_t expected = static_cast<uint64_t>(bits + 7) / 8;
  auto raw = file->rawData(tensor);
  if (!raw)
    return raw.takeError();
  std::shared_ptr<std::string> typed;
  ArrayRef<char> bytes;
  if (*raw) {
    bytes = **raw;
  } else {
    typed = std::make_shared<std::string>(typedData(tensor));
    bytes = ArrayRef<char>(typed->data(), typed->size());
  }
  if (bytes.size() != expected)
    return failed("it has " + Twine(bytes.size()) + " bytes of data, but its dims need " + Twine(expected));
  auto type = RankedTensorType::get(SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()), element);
  bool shapeLike = isa<IntegerType>(element) && count <= graph::ShapeFacts::kMaxElements;
  if (bytes.size() <= kSmallBytes || shapeLike)
    return denseFrom(type, bytes);
  size_t align = std::max<size_t>(1, bitsOf(element) / 8);
  if (reinterpret_cast<uintptr_t>(bytes.data()) % align)
    align = 1;
  // The deleter owns nothing but a reference: the bytes go when the last blob of the file does.
  auto blob = UnmanagedAsmResourceBlob::allocateWithAlign(bytes, align, [file, typed](void *, size_t, size_t) {});
  return DenseResourceElementsAttr::get(type, tensor.name().empty() ? "weights" : tensor.name(), std::move(blob));
}

} // namespace mlc::importer

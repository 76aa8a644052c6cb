// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "frontends/onnx/ModelFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace mlc::importer {
namespace {

/// Key of the external_data entry that stands for a payload which PayloadCutter took out.
constexpr const char *kBlobKey = "mlc.blob";
constexpr int kMaxNesting = 96; // protobuf itself stops at 100

/// Copies a serialized model and leaves large raw_data out: protobuf would copy each into a string. What is cut is noted as a slice of the source.
class PayloadCutter {
public:
  explicit PayloadCutter(std::vector<ArrayRef<char>> &blobs) : blobs(blobs) {}

  enum Message { Model, Function, Graph, Node, Attribute, Tensor, Other };

  /// Appends the message's copy to `out`; false when the bytes are not a protobuf message.
  bool copy(StringRef in, Message message, std::string &out, int depth = 0) {
    if (depth > kMaxNesting)
      return false;
    while (!in.empty()) {
      const char *start = in.data();
      uint64_t tag, length;
      if (!varint(in, tag) || tag >> 32)
        return false;
      switch (tag & 7) {
      case 0:
        if (!varint(in, length))
          return false;
        break;
      case 1:
      case 5: {
        size_t n = (tag & 7) == 1 ? 8 : 4;
        if (in.size() < n)
          return false;
        in = in.drop_front(n);
        break;
      }
      case 2: {
        if (!varint(in, length) || length > in.size())
          return false;
        StringRef payload = in.take_front(length);
        in = in.drop_front(length);
        if (message == Tensor && tag >> 3 == 9 && length > kSmallBytes) {
          cut(payload, out);
          continue;
        }
        Message inner = child(message, tag >> 3);
        if (inner == Other)
          break;
        std::string nested;
        if (!copy(payload, inner, nested, depth + 1))
          return false;
        putVarint(out, tag);
        putVarint(out, nested.size());
        out += nested;
        continue;
      }
      default:
        return false;
      }
      out.append(start, in.data() - start);
    }
    return true;
  }

private:
  /// The kind of message in a field, by the field numbers of onnx.proto.
  static Message child(Message message, unsigned field) {
    switch (message) {
    case Model: return field == 7 ? Graph : field == 25 ? Function : Other;
    case Function: return field == 7 ? Node : Other;
    case Graph: return field == 1 ? Node : field == 5 ? Tensor : Other;
    case Node: return field == 5 ? Attribute : Other;
    case Attribute: return field == 5 || field == 10 ? Tensor : field == 6 || field == 11 ? Graph : Other;
    default: return Other;
    }
  }
  static bool varint(StringRef &in, uint64_t &value) {
    value = 0;
    for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
      uint8_t byte = in.front();
      in = in.drop_front();
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128)
        return true;
    }
    return false;
  }
  static void putVarint(std::string &out, uint64_t value) {
    for (; value > 127; value >>= 7)
      out += static_cast<char>(value | 128);
    out += static_cast<char>(value);
  }
  void cut(StringRef payload, std::string &out) {
    ::onnx::StringStringEntryProto entry;
    entry.set_key(kBlobKey);
    entry.set_value(std::to_string(blobs.size()));
    blobs.emplace_back(payload.data(), payload.size());
    std::string text = entry.SerializeAsString();
    putVarint(out, 13 << 3 | 2); // TensorProto.external_data
    putVarint(out, text.size());
    out += text;
  }
  std::vector<ArrayRef<char>> &blobs;
};

Error failed(const Twine &message) { return createStringError(message); }

} // namespace

Expected<std::shared_ptr<ModelFile>> ModelFile::parse(std::unique_ptr<MemoryBuffer> buffer, StringRef folder) {
  auto file = std::make_shared<ModelFile>();
  file->buffer = std::move(buffer);
  file->folder = folder.str();
  std::string light;
  if (!PayloadCutter(file->blobs).copy(file->buffer->getBuffer(), PayloadCutter::Model, light) || light.size() > INT32_MAX ||
      !file->model.ParseFromString(light))
    return failed("not a complete ONNX file: the protobuf is malformed, truncated or nested too deeply");
  if (!file->model.has_graph())
    return failed("not an ONNX model: it has no graph");
  return file;
}

Expected<std::optional<ArrayRef<char>>> ModelFile::rawData(const ::onnx::TensorProto &tensor) {
  for (const auto &entry : tensor.external_data())
    if (entry.key() == kBlobKey) {
      size_t index;
      if (StringRef(entry.value()).getAsInteger(10, index) || index >= blobs.size())
        return failed("it has the reserved external data key 'mlc.blob'");
      return blobs[index];
    }
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL) {
    auto bytes = external(tensor);
    if (!bytes)
      return bytes.takeError();
    return *bytes;
  }
  if (!tensor.has_raw_data())
    return std::nullopt;
  return ArrayRef<char>(tensor.raw_data().data(), tensor.raw_data().size());
}

Expected<ArrayRef<char>> ModelFile::external(const ::onnx::TensorProto &tensor) {
  StringRef location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const auto &entry : tensor.external_data()) {
    uint64_t number = 0;
    bool isNumber = !StringRef(entry.value()).getAsInteger(10, number);
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset" && isNumber)
      offset = number;
    else if (entry.key() == "length" && isNumber)
      length = number;
    else if (entry.key() == "offset" || entry.key() == "length")
      return failed("its external data has the " + entry.key() + " '" + entry.value() + "', which is not a number");
  }
  if (folder.empty())
    return failed("its data lies in the file '" + location + "', but the model was not read from a folder");
  bool escapes = location.empty() || sys::path::is_absolute(location) || location.contains('\\') || location.contains('\0') ||
                 llvm::is_contained(llvm::split(location, '/'), "..");
  SmallString<256> path(folder), realFolder, realPath;
  sys::path::append(path, location);
  if (!escapes && !sys::fs::real_path(folder, realFolder) && !sys::fs::real_path(path, realPath)) {
    if (!realFolder.ends_with("/"))
      realFolder += '/';
    escapes = !realPath.starts_with(realFolder);
  }
  if (escapes)
    return failed("its external data path '" + location + "' leaves the model's folder");
  auto &mapped = files[location];
  if (!mapped) {
    if (!sys::fs::is_regular_file(path))
      return failed("its external data file '" + location + "' is missing");
    auto opened = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!opened)
      return failed("cannot read its external data file '" + location + "': " + opened.getError().message());
    mapped = std::move(*opened);
  }
  uint64_t size = mapped->getBufferSize();
  if (offset > size || (length && *length > size - offset))
    return failed(formatv("its external data, {0} bytes at {1}, lies outside '{2}' of {3} bytes", length.value_or(0), offset, location, size).str());
  return ArrayRef<char>(mapped->getBufferStart() + offset, length.value_or(size - offset));
}

} // namespace mlc::importer

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/npy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/base/dtype.h"
#include "tools/common/error.h"

namespace mlc::tools {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

struct NpyType {
  const char* descr;  // without the byte order
  mlc_dtype_t dtype;
};

// The first row of a descr is what is read, any row of a dtype what is written.
constexpr NpyType kTypes[] = {
    {"f4", MLC_DTYPE_FLOAT32},        {"f8", MLC_DTYPE_FLOAT64},
    {"f2", MLC_DTYPE_FLOAT16},        {"i1", MLC_DTYPE_INT8},
    {"i2", MLC_DTYPE_INT16},          {"i4", MLC_DTYPE_INT32},
    {"i8", MLC_DTYPE_INT64},          {"u1", MLC_DTYPE_UINT8},
    {"u2", MLC_DTYPE_UINT16},         {"u4", MLC_DTYPE_UINT32},
    {"u8", MLC_DTYPE_UINT64},         {"b1", MLC_DTYPE_BOOL},
    {"c8", MLC_DTYPE_COMPLEX64},      {"c16", MLC_DTYPE_COMPLEX128},
    {"u2", MLC_DTYPE_BFLOAT16},       {"u1", MLC_DTYPE_FLOAT8E4M3FN},
    {"u1", MLC_DTYPE_FLOAT8E4M3FNUZ}, {"u1", MLC_DTYPE_FLOAT8E5M2},
    {"u1", MLC_DTYPE_FLOAT8E5M2FNUZ}, {"u1", MLC_DTYPE_FLOAT8E8M0},
};

[[noreturn]] void Fail(const std::string& name, const std::string& what) {
  throw ToolError(kUsage, "'" + name + "': " + what);
}

// The text after "'key':" in the header's Python dictionary.
std::string_view ValueOf(std::string_view header, std::string_view key, const std::string& name) {
  const size_t at = header.find("'" + std::string(key) + "':");
  if (at == std::string_view::npos) Fail(name, "the .npy header has no " + std::string(key));
  std::string_view value = header.substr(at + key.size() + 3);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

mlc_dtype_t ParseDescr(std::string_view value, const std::string& name) {
  const size_t end = value.find('\'', 1);
  if (value.empty() || value[0] != '\'' || end == std::string_view::npos || end < 3)
    Fail(name, "structured arrays are not supported");
  const std::string_view descr = value.substr(2, end - 2);
  if (value[1] == '>') Fail(name, "big-endian arrays are not supported");
  for (const NpyType& type : kTypes)
    if (descr == type.descr) return type.dtype;
  Fail(name, "arrays of type '" + std::string(value.substr(1, end - 1)) + "' are not supported");
}

std::vector<int64_t> ParseShape(std::string_view value, const std::string& name) {
  const size_t end = value.find(')');
  if (value.empty() || value[0] != '(' || end == std::string_view::npos)
    Fail(name, "the .npy header has no shape");
  std::vector<int64_t> dims;
  const std::string text(value.substr(1, end - 1));
  for (const char* at = text.c_str(); *at;) {
    char* next = nullptr;
    const long long dim = std::strtoll(at, &next, 10);
    if (next == at || dim < 0) Fail(name, "the .npy shape is damaged");
    dims.push_back(dim);
    at = next + std::strspn(next, ", ");
  }
  return dims;
}

// Reorders elements that were stored with the first dim fastest.
void MakeRowMajor(Array& array) {
  int64_t count = 1;
  for (int64_t dim : array.dims) count *= dim;
  if (count == 0) return;
  const size_t element_bytes = array.bytes.size() / static_cast<size_t>(count);
  std::string ordered(array.bytes.size(), '\0');
  std::vector<int64_t> index(array.dims.size(), 0);
  for (int64_t to = 0; to < count; ++to) {
    int64_t from = 0;
    for (size_t axis = array.dims.size(); axis-- > 0;) from = from * array.dims[axis] + index[axis];
    std::memcpy(&ordered[static_cast<size_t>(to) * element_bytes],
                &array.bytes[static_cast<size_t>(from) * element_bytes], element_bytes);
    for (size_t axis = array.dims.size(); axis-- > 0;) {
      if (++index[axis] < array.dims[axis]) break;
      index[axis] = 0;
    }
  }
  array.bytes = std::move(ordered);
}

}  // namespace

Array ParseNpy(std::string_view bytes, const std::string& name) {
  if (bytes.size() < 12 || bytes.substr(0, 6) != kMagic) Fail(name, "this is not a .npy array");
  const bool wide = bytes[6] >= 2;
  uint32_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data() + 8, wide ? 4 : 2);
  const size_t start = wide ? 12 : 10;
  if (header_bytes > bytes.size() - start) Fail(name, "the .npy header is cut off");
  const std::string_view header = bytes.substr(start, header_bytes);
  const bool column_major = ValueOf(header, "fortran_order", name).substr(0, 4) == "True";

  Array array;
  array.dtype = ParseDescr(ValueOf(header, "descr", name), name);
  array.dims = ParseShape(ValueOf(header, "shape", name), name);
  const std::string_view data = bytes.substr(start + header_bytes);
  int64_t size_bytes = 0;
  if (!runtime::DenseSizeBytes(array.dtype, array.dims.data(), array.dims.size(), &size_bytes) ||
      static_cast<uint64_t>(size_bytes) > data.size())
    Fail(name, "it holds fewer elements than its shape says");
  array.bytes = data.substr(0, static_cast<size_t>(size_bytes));
  if (column_major) MakeRowMajor(array);
  return array;
}

std::string FormatNpy(const Array& array) {
  const char* descr = nullptr;
  for (const NpyType& type : kTypes)
    if (type.dtype == array.dtype && !descr) descr = type.descr;
  std::vector<int64_t> dims = array.dims;
  if (!descr) {
    descr = "u1";
    dims = {static_cast<int64_t>(array.bytes.size())};
  }
  const bool one_byte = descr[1] == '1' && descr[2] == 0;
  std::string header = std::string("{'descr': '") + (one_byte ? '|' : '<') + descr +
                       "', 'fortran_order': False, 'shape': (";
  for (int64_t dim : dims) header += std::to_string(dim) + ",";
  header += "), }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1,
                ' ');  // data starts at a multiple of 64
  header += '\n';

  const auto header_bytes = static_cast<uint16_t>(header.size());
  std::string bytes(kMagic);
  bytes += {'\x01', '\x00'};
  bytes.append(reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes);
  return bytes + header + array.bytes;
}

Array ReadNpy(const std::string& path) { return ParseNpy(ReadWholeFile(path), path); }

void WriteNpy(const std::string& path, const Array& array) {
  WriteWholeFile(path, FormatNpy(array));
}

}  // namespace mlc::tools

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/array.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "tools/common/error.h"

namespace mlc::tools {
namespace {

// A float of `exponent` and `mantissa` bits under the sign. `special` tells how Inf and NaN are
// written.
enum class Special {
  kIeee,          // all exponent bits set: Inf and NaN
  kNanOnly,       // all bits set: NaN; no Inf
  kNegativeZero,  // only 0x80: NaN ("uz")
  kNone
};

double DecodeSmallFloat(uint32_t bits, int exponent_bits, int mantissa_bits, int bias,
                        Special special) {
  const uint32_t mantissa = bits & ((1u << mantissa_bits) - 1);
  const uint32_t exponent = (bits >> mantissa_bits) & ((1u << exponent_bits) - 1);
  const bool negative = bits >> (exponent_bits + mantissa_bits) & 1;
  const uint32_t top = (1u << exponent_bits) - 1;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  if (special == Special::kNegativeZero && negative && exponent == 0 && mantissa == 0) return nan;
  if (special == Special::kIeee && exponent == top)
    value = mantissa ? nan : std::numeric_limits<double>::infinity();
  else if (special == Special::kNanOnly && exponent == top && mantissa == (1u << mantissa_bits) - 1)
    return nan;
  else if (exponent == 0)
    value = std::ldexp(mantissa, 1 - bias - mantissa_bits);
  else
    value = std::ldexp((1u << mantissa_bits) + mantissa,
                       static_cast<int>(exponent) - bias - mantissa_bits);
  return negative ? -value : value;
}

template <typename T>
std::vector<double> Convert(const Array& array) {
  std::vector<double> values(array.bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

template <typename T, typename Decode>
std::vector<double> ConvertWith(const Array& array, Decode decode) {
  std::vector<double> values(array.bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = decode(value);
  }
  return values;
}

// Elements of 2 or 4 bits, several per byte.
template <typename Decode>
std::vector<double> ConvertPacked(const Array& array, size_t bits, Decode decode) {
  std::vector<double> values(static_cast<size_t>(array.num_elems()));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto byte = static_cast<unsigned char>(array.bytes[i * bits / 8]);
    values[i] = decode(byte >> (i * bits % 8) & ((1u << bits) - 1));
  }
  return values;
}

double SignExtend(uint32_t value, uint32_t bits) {
  return static_cast<double>(value) - (value >> (bits - 1) ? 1 << bits : 0);
}

}  // namespace

std::string TypeText(const Array& array) {
  std::string text = std::string(mlc_dtype_name(array.dtype)) + " [";
  for (size_t i = 0; i < array.dims.size(); ++i)
    text += (i ? ", " : "") + std::to_string(array.dims[i]);
  return text + "]";
}

std::vector<double> ToDoubles(const Array& array) {
  auto small = [](int exponent_bits, int mantissa_bits, int bias, Special special) {
    return [=](uint32_t bits) {
      return DecodeSmallFloat(bits, exponent_bits, mantissa_bits, bias, special);
    };
  };
  switch (array.dtype) {
    case MLC_DTYPE_FLOAT32:
    case MLC_DTYPE_COMPLEX64:
      return Convert<float>(array);
    case MLC_DTYPE_FLOAT64:
    case MLC_DTYPE_COMPLEX128:
      return Convert<double>(array);
    case MLC_DTYPE_INT8:
      return Convert<int8_t>(array);
    case MLC_DTYPE_INT16:
      return Convert<int16_t>(array);
    case MLC_DTYPE_INT32:
      return Convert<int32_t>(array);
    case MLC_DTYPE_INT64:
      return Convert<int64_t>(array);
    case MLC_DTYPE_UINT8:
    case MLC_DTYPE_BOOL:
      return Convert<uint8_t>(array);
    case MLC_DTYPE_UINT16:
      return Convert<uint16_t>(array);
    case MLC_DTYPE_UINT32:
      return Convert<uint32_t>(array);
    case MLC_DTYPE_UINT64:
      return Convert<uint64_t>(array);
    case MLC_DTYPE_FLOAT16:
      return ConvertWith<uint16_t>(array, small(5, 10, 15, Special::kIeee));
    case MLC_DTYPE_BFLOAT16:
      return ConvertWith<uint16_t>(array, small(8, 7, 127, Special::kIeee));
    case MLC_DTYPE_FLOAT8E4M3FN:
      return ConvertWith<uint8_t>(array, small(4, 3, 7, Special::kNanOnly));
    case MLC_DTYPE_FLOAT8E4M3FNUZ:
      return ConvertWith<uint8_t>(array, small(4, 3, 8, Special::kNegativeZero));
    case MLC_DTYPE_FLOAT8E5M2:
      return ConvertWith<uint8_t>(array, small(5, 2, 15, Special::kIeee));
    case MLC_DTYPE_FLOAT8E5M2FNUZ:
      return ConvertWith<uint8_t>(array, small(5, 2, 16, Special::kNegativeZero));
    case MLC_DTYPE_FLOAT8E8M0:
      return ConvertWith<uint8_t>(array, [](uint8_t bits) {
        return bits == 255 ? std::nan("") : std::ldexp(1.0, bits - 127);
      });
    case MLC_DTYPE_UINT4:
      return ConvertPacked(array, 4, [](uint32_t bits) { return static_cast<double>(bits); });
    case MLC_DTYPE_INT4:
      return ConvertPacked(array, 4, [](uint32_t bits) { return SignExtend(bits, 4); });
    case MLC_DTYPE_FLOAT4E2M1:
      return ConvertPacked(array, 4, small(2, 1, 1, Special::kNone));
    case MLC_DTYPE_UINT2:
      return ConvertPacked(array, 2, [](uint32_t bits) { return static_cast<double>(bits); });
    case MLC_DTYPE_INT2:
      return ConvertPacked(array, 2, [](uint32_t bits) { return SignExtend(bits, 2); });
    default:
      throw ToolError(kUsage, std::string("elements of type ") + mlc_dtype_name(array.dtype) +
                                  " cannot be compared");
  }
}

}  // namespace mlc::tools

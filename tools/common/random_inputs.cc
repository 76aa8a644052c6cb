// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/random_inputs.h"

#include <cstring>
#include <random>

#include "runtime/base/dtype.h"
#include "runtime/plan/access.h"
#include "tools/common/error.h"
#include "tools/common/symbols.h"

namespace mlc::tools {
namespace {

// 24 random bits as a float in [-1, 1): exact in every type from float32 on.
float UnitFloat(std::mt19937_64& random) {
  return static_cast<float>(random() >> 40) * 0x1p-23f - 1.0f;
}

// A half or brain float in [-1, 1): sign, an exponent just below the bias, random mantissa.
uint16_t SmallFloat(std::mt19937_64& random, int mantissa_bits, uint16_t bias) {
  const uint64_t bits = random();
  const auto exponent = static_cast<uint16_t>(bias - 1 - (bits >> 62));
  const auto mantissa = static_cast<uint16_t>(bits & ((1u << mantissa_bits) - 1));
  const auto sign = static_cast<uint16_t>((bits >> 40 & 1) << 15);
  return static_cast<uint16_t>(sign | exponent << mantissa_bits | mantissa);
}

template <typename T, typename Next>
void Fill(std::string& bytes, Next next) {
  for (size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    const T value = static_cast<T>(next());
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
}

void FillRandom(Array& array, std::mt19937_64& random) {
  auto bit = [&] { return random() >> 63; };
  auto unit = [&] { return UnitFloat(random); };
  switch (array.dtype) {
    case MLC_DTYPE_FLOAT32:
    case MLC_DTYPE_COMPLEX64:
      return Fill<float>(array.bytes, unit);
    case MLC_DTYPE_FLOAT64:
    case MLC_DTYPE_COMPLEX128:
      return Fill<double>(array.bytes, unit);
    case MLC_DTYPE_FLOAT16:
      return Fill<uint16_t>(array.bytes, [&] { return SmallFloat(random, 10, 15); });
    case MLC_DTYPE_BFLOAT16:
      return Fill<uint16_t>(array.bytes, [&] { return SmallFloat(random, 7, 127); });
    case MLC_DTYPE_INT64:
    case MLC_DTYPE_UINT64:
      return Fill<int64_t>(array.bytes, bit);
    case MLC_DTYPE_INT32:
    case MLC_DTYPE_UINT32:
      return Fill<int32_t>(array.bytes, bit);
    case MLC_DTYPE_INT16:
    case MLC_DTYPE_UINT16:
      return Fill<int16_t>(array.bytes, bit);
    case MLC_DTYPE_UINT8:
      return Fill<uint8_t>(array.bytes, [&] { return random() >> 56; });
    default:  // 8 bits and fewer
      return Fill<uint8_t>(array.bytes, bit);
  }
}

void SetElement(Array& array, uint32_t index, int64_t value) {
  const size_t width = mlc_dtype_bits(array.dtype) / 8;
  if ((index + 1) * width > array.bytes.size())
    throw ToolError(kUsage, "a size of the plan is element " + std::to_string(index) +
                                " of an input that has fewer; give the input with --input");
  std::memcpy(array.bytes.data() + index * width, &value, width);  // little-endian
}

}  // namespace

std::vector<Array> RandomInputs(const mlc_signature& signature, const std::vector<int64_t>& symbols,
                                uint64_t seed) {
  const std::vector<int64_t> values = EvaluateAt(*signature.entry, nullptr, symbols);
  std::mt19937_64 random(seed);
  std::vector<Array> inputs;
  for (const plan::IO* io : runtime::Items(signature.entry->inputs())) {
    Array& array = inputs.emplace_back();
    array.dtype = static_cast<mlc_dtype_t>(io->dtype());
    for (uint32_t dim : runtime::Items(io->dims())) array.dims.push_back(values[dim]);
    int64_t size_bytes = 0;
    if (!runtime::DenseSizeBytes(array.dtype, array.dims.data(), array.dims.size(), &size_bytes) ||
        size_bytes > int64_t{1} << 36)
      throw ToolError(kUsage, std::string("input '") + io->name()->c_str() + "' would be " +
                                  TypeText(array) + ": choose other --dims");
    array.bytes.resize(static_cast<size_t>(size_bytes));
    FillRandom(array, random);
  }
  for (size_t i = 0; i < symbols.size(); ++i) {
    const mlc_symbol_info_t& symbol = signature.symbols[i];
    if (symbol.source == MLC_SYMBOL_INPUT_ELEMENT)
      SetElement(inputs[symbol.input], symbol.index, symbols[i]);
  }
  return inputs;
}

}  // namespace mlc::tools

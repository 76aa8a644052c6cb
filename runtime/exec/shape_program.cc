// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/shape_program.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "runtime/base/checked_math.h"
#include "runtime/base/dtype.h"
#include "runtime/plan/access.h"

namespace mlc::runtime {
namespace {

constexpr uint32_t kMaxTextDepth = 12;
constexpr size_t kMaxTextLength = 120;

int64_t LoadElement(const void* data, int32_t dtype, uint32_t index) {
  if (dtype == MLC_DTYPE_INT32) {
    int32_t value;
    std::memcpy(&value, static_cast<const char*>(data) + index * sizeof value, sizeof value);
    return value;
  }
  int64_t value;
  std::memcpy(&value, static_cast<const char*>(data) + index * sizeof value, sizeof value);
  return value;
}

// Element symbols read from tensors whose element count is known only now.
Status ReadElement(const plan::Symbol& symbol, const plan::IO& input, const InputView& view,
                   int64_t* out_value) {
  int64_t size_bytes = 0, before_end = 0;
  if (!DenseSizeBytes(input.dtype(), view.dims, Count(input.dims()), &size_bytes) ||
      !DenseSizeBytes(input.dtype(), int64_t{symbol.index()} + 1, &before_end) ||
      before_end > size_bytes)
    return Error(MLC_STATUS_SHAPE_MISMATCH,
                 "input '%s' has too few elements: element %u sets the size '%s'",
                 Text(input.name()), symbol.index(), Text(symbol.name()));
  *out_value = LoadElement(view.data, input.dtype(), symbol.index());
  return Ok();
}

bool InRange(const plan::Symbol& symbol, int64_t value) {
  return value >= symbol.min() && value <= symbol.max() && value % symbol.divisor() == 0;
}

Status RangeError(const plan::Entry& entry, const plan::Symbol& symbol, int64_t value) {
  const bool is_dim = symbol.source() == plan::SymbolSource::InputDim;
  return Error(MLC_STATUS_OUT_OF_RANGE,
               "'%s' is %" PRId64 " (%s %u of input '%s') but the plan was compiled for %" PRId64
               " to %" PRId64 " in steps of %" PRId64
               ": change the input or compile with a wider --dims",
               Text(symbol.name()), value, is_dim ? "dimension" : "element", symbol.index(),
               Text(entry.inputs()->Get(symbol.input())->name()), symbol.min(), symbol.max(),
               symbol.divisor());
}

bool IsDivision(plan::ExprOp op) {
  return op == plan::ExprOp::FloorDiv || op == plan::ExprOp::CeilDiv || op == plan::ExprOp::Mod;
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t CeilDiv(int64_t a, int64_t b) { return a / b + (a % b > 0); }
int64_t FloorMod(int64_t a, int64_t b) { return a % b < 0 ? a % b + b : a % b; }

// False on overflow. Divisors are positive.
bool Apply(plan::ExprOp op, int64_t a, int64_t b, int64_t* out) {
  switch (op) {
    case plan::ExprOp::Add:
      return CheckedAdd(a, b, out);
    case plan::ExprOp::Mul:
      return CheckedMul(a, b, out);
    case plan::ExprOp::FloorDiv:
      *out = FloorDiv(a, b);
      return true;
    case plan::ExprOp::CeilDiv:
      *out = CeilDiv(a, b);
      return true;
    case plan::ExprOp::Mod:
      *out = FloorMod(a, b);
      return true;
    case plan::ExprOp::Min:
      *out = std::min(a, b);
      return true;
    case plan::ExprOp::Max:
      *out = std::max(a, b);
      return true;
    case plan::ExprOp::Const:
    case plan::ExprOp::Symbol:
      break;
  }
  return false;
}

std::string TextOf(const plan::Entry& entry, uint32_t expr, uint32_t depth) {
  if (depth == 0) return "...";
  const plan::ExprNode& node = *entry.exprs()->Get(expr);
  if (node.op() == plan::ExprOp::Const) return std::to_string(node.a());
  if (node.op() == plan::ExprOp::Symbol)
    return Text(entry.symbols()->Get(static_cast<uint32_t>(node.a()))->name());
  const std::string a = TextOf(entry, static_cast<uint32_t>(node.a()), depth - 1);
  const std::string b = TextOf(entry, static_cast<uint32_t>(node.b()), depth - 1);
  auto is_sum = [&](int64_t operand) {
    return entry.exprs()->Get(static_cast<uint32_t>(operand))->op() == plan::ExprOp::Add;
  };
  auto factor = [&](int64_t operand, const std::string& text) {
    return is_sum(operand) ? "(" + text + ")" : text;
  };
  switch (node.op()) {
    case plan::ExprOp::Add:
      return a + " + " + b;
    case plan::ExprOp::Mul:
      return factor(node.a(), a) + " * " + factor(node.b(), b);
    case plan::ExprOp::FloorDiv:
      return "floordiv(" + a + ", " + b + ")";
    case plan::ExprOp::CeilDiv:
      return "ceildiv(" + a + ", " + b + ")";
    case plan::ExprOp::Mod:
      return "mod(" + a + ", " + b + ")";
    case plan::ExprOp::Min:
      return "min(" + a + ", " + b + ")";
    default:
      return "max(" + a + ", " + b + ")";
  }
}

}  // namespace

Status BindSymbols(const plan::Entry& entry, std::span<const InputView> inputs,
                   std::span<int64_t> symbols) {
  for (uint32_t i = 0; i < symbols.size(); ++i) {
    const plan::Symbol& symbol = *entry.symbols()->Get(i);
    const InputView& view = inputs[symbol.input()];
    if (symbol.source() == plan::SymbolSource::InputDim)
      symbols[i] = view.dims[symbol.index()];
    else
      MLC_TRY(ReadElement(symbol, *entry.inputs()->Get(symbol.input()), view, &symbols[i]));
  }
  return CheckSymbols(entry, symbols);
}

Status CheckSymbols(const plan::Entry& entry, std::span<const int64_t> symbols) {
  for (uint32_t i = 0; i < symbols.size(); ++i) {
    const plan::Symbol& symbol = *entry.symbols()->Get(i);
    if (!InRange(symbol, symbols[i])) return RangeError(entry, symbol, symbols[i]);
  }
  return Ok();
}

Status EvaluateExprs(const plan::Entry& entry, const std::vector<bool>& needed,
                     std::span<const int64_t> symbols, std::span<int64_t> values) {
  for (uint32_t i = 0; i < values.size(); ++i) {
    values[i] = 0;
    if (!needed[i]) continue;
    const plan::ExprNode& node = *entry.exprs()->Get(i);
    if (node.op() == plan::ExprOp::Const) {
      values[i] = node.a();
      continue;
    }
    const auto a = static_cast<size_t>(node.a()), b = static_cast<size_t>(node.b());
    if (node.op() == plan::ExprOp::Symbol) {
      values[i] = symbols[a];
      continue;
    }
    if (IsDivision(node.op()) && values[b] <= 0)
      return Error(MLC_STATUS_DATA_FAULT, "the size %s divides by %" PRId64 " for these inputs",
                   ExprText(entry, i).c_str(), values[b]);
    if (!Apply(node.op(), values[a], values[b], &values[i]))
      return Error(MLC_STATUS_OUT_OF_RANGE, "the size %s overflows for these inputs",
                   ExprText(entry, i).c_str());
  }
  return Ok();
}

Status CheckInputDims(const plan::Entry& entry, std::span<const InputView> inputs,
                      std::span<const int64_t> values) {
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    const plan::IO& input = *entry.inputs()->Get(i);
    for (uint32_t d = 0; d < Count(input.dims()); ++d) {
      const uint32_t expr = input.dims()->Get(d);
      if (inputs[i].dims[d] == values[expr]) continue;
      const bool fixed = entry.exprs()->Get(expr)->op() == plan::ExprOp::Const;
      return Error(MLC_STATUS_SHAPE_MISMATCH,
                   "input '%s', dimension %u: it is %" PRId64 " but must be %s%s%" PRId64 "%s",
                   Text(input.name()), d, inputs[i].dims[d],
                   fixed ? "" : ExprText(entry, expr).c_str(), fixed ? "" : " = ", values[expr],
                   fixed ? "" : ", as the other dimensions say");
    }
  }
  return Ok();
}

std::string ExprText(const plan::Entry& entry, uint32_t expr) {
  std::string text = TextOf(entry, expr, kMaxTextDepth);
  if (text.size() > kMaxTextLength) text.replace(kMaxTextLength, std::string::npos, "...");
  return text;
}

}  // namespace mlc::runtime

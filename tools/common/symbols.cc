// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/symbols.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "runtime/exec/needed_exprs.h"
#include "runtime/exec/shape_checks.h"
#include "runtime/exec/shape_program.h"
#include "runtime/plan/access.h"
#include "tools/common/error.h"

namespace mlc::tools {
namespace {

// Sizes that are tried, one after the other, for dims that nobody names.
constexpr int64_t kSizes[] = {64, 1, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};

// `size` for a dim that nobody names, 1 for first dims, moved into the symbol's range.
int64_t DefaultOf(const mlc_symbol_info_t& symbol, int64_t size) {
  if (symbol.opt > 0) return symbol.opt;
  const bool first_dim = symbol.source == MLC_SYMBOL_INPUT_DIM && symbol.index == 0;
  const int64_t wanted = std::clamp<int64_t>(first_dim ? 1 : size, symbol.min, symbol.max);
  const int64_t down = wanted / symbol.divisor * symbol.divisor;
  return down >= symbol.min ? down : down + symbol.divisor;
}

std::vector<int64_t> SymbolsOf(const mlc_signature& signature,
                               const std::map<std::string, int64_t>& given, int64_t size) {
  std::vector<int64_t> values;
  for (const mlc_symbol_info_t& symbol : signature.symbols) {
    const auto found = given.find(symbol.name);
    values.push_back(found != given.end() ? found->second : DefaultOf(symbol, size));
  }
  return values;
}

// Whether the plan runs with these symbols, as far as its checks at the start tell, and gives
// something.
bool Fit(const plan::Entry& entry, const std::vector<int64_t>& symbols) {
  std::vector<int64_t> values(runtime::Count(entry.exprs()));
  const plan::Program& program = *entry.programs()->Get(0);
  const std::vector<bool> needed = runtime::NeededExprs(entry, &program);
  if (!runtime::EvaluateExprs(entry, needed, symbols, values).ok()) return false;
  for (const plan::IO* output : runtime::Items(entry.outputs()))
    for (uint32_t dim : runtime::Items(output->dims()))
      if (values[dim] <= 0) return false;
  const plan::Block& start = *program.blocks()->Get(0);
  return runtime::FindFailedCheck(entry, start, values) == nullptr;
}

}  // namespace

std::map<std::string, int64_t> ParseDims(const std::vector<std::string>& texts) {
  std::map<std::string, int64_t> values;
  for (const std::string& text : texts) {
    std::istringstream items(text);
    for (std::string item; std::getline(items, item, ',');) {
      const size_t equals = item.rfind('=');
      char* end = nullptr;
      const char* number = equals == std::string::npos ? "" : item.c_str() + equals + 1;
      const int64_t value = std::strtoll(number, &end, 10);
      if (equals == 0 || *number == 0 || *end != 0)
        throw ToolError(kUsage, "--dims wants NAME=VALUE, got '" + item + "'");
      values[item.substr(0, equals)] = value;
    }
  }
  return values;
}

std::vector<int64_t> ChooseSymbols(const mlc_signature& signature,
                                   const std::map<std::string, int64_t>& given) {
  for (const auto& [name, value] : given) {
    auto has_name = [&name = name](const mlc_symbol_info_t& symbol) { return symbol.name == name; };
    if (std::any_of(signature.symbols.begin(), signature.symbols.end(), has_name)) continue;
    std::string names;
    for (const mlc_symbol_info_t& symbol : signature.symbols)
      names += std::string(names.empty() ? "" : ", ") + symbol.name;
    throw ToolError(kUsage, "--dims: the plan has no dimension '" + name + "'; it has " +
                                (names.empty() ? "none" : names));
  }
  for (int64_t size : kSizes)
    if (auto symbols = SymbolsOf(signature, given, size); Fit(*signature.entry, symbols))
      return symbols;
  return SymbolsOf(signature, given, kSizes[0]);
}

std::vector<int64_t> EvaluateAt(const plan::Entry& entry, const plan::Program* program,
                                const std::vector<int64_t>& symbols) {
  std::vector<int64_t> values(runtime::Count(entry.exprs()));
  const std::vector<bool> needed = runtime::NeededExprs(entry, program);
  Check(runtime::EvaluateExprs(entry, needed, symbols, values).Release());
  return values;
}

}  // namespace mlc::tools

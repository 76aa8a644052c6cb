// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/symbols.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "runtime/exec/shape_program.h"
#include "runtime/plan/access.h"
#include "tools/common/error.h"

namespace mlc::tools {
namespace {

// The default size of a dim that nobody names, moved into the symbol's range.
int64_t DefaultOf(const mlc_symbol_info_t& symbol) {
  if (symbol.opt > 0) return symbol.opt;
  const bool first_dim = symbol.source == MLC_SYMBOL_INPUT_DIM && symbol.index == 0;
  const int64_t wanted = std::clamp<int64_t>(first_dim ? 1 : 64, symbol.min, symbol.max);
  const int64_t down = wanted / symbol.divisor * symbol.divisor;
  return down >= symbol.min ? down : down + symbol.divisor;
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
  std::vector<int64_t> values;
  std::string names;
  for (const mlc_symbol_info_t& symbol : signature.symbols) {
    const auto found = given.find(symbol.name);
    values.push_back(found != given.end() ? found->second : DefaultOf(symbol));
    names += std::string(names.empty() ? "" : ", ") + symbol.name;
  }
  for (const auto& [name, value] : given) {
    auto has_name = [&name = name](const mlc_symbol_info_t& symbol) { return symbol.name == name; };
    if (std::none_of(signature.symbols.begin(), signature.symbols.end(), has_name))
      throw ToolError(kUsage, "--dims: the plan has no dimension '" + name + "'; it has " +
                                  (names.empty() ? "none" : names));
  }
  return values;
}

std::vector<int64_t> EvaluateAt(const plan::Entry& entry, const std::vector<int64_t>& symbols) {
  std::vector<int64_t> values(runtime::Count(entry.exprs()));
  Check(runtime::EvaluateExprs(entry, symbols, values).Release());
  return values;
}

}  // namespace mlc::tools

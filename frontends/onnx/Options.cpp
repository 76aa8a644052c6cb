// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "frontends/onnx/Options.h"

using namespace llvm;

namespace mlc {
namespace {

SmallVector<StringRef> entries(StringRef text) {
  SmallVector<StringRef> parts, out;
  SplitString(text, parts, ";,");
  for (StringRef p : parts)
    if (!p.trim().empty())
      out.push_back(p.trim());
  return out;
}

bool number(StringRef text, int64_t &value) { return !text.trim().getAsInteger(10, value) && value >= 0; }

} // namespace

bool parseShapes(StringRef text, OnnxImportOptions &options, std::string &error) {
  for (StringRef entry : entries(text)) {
    // Names may hold '=' and ':', dims cannot.
    auto [name, dims] = entry.rsplit('=');
    SmallVector<StringRef> parts;
    dims.split(parts, 'x');
    SmallVector<int64_t> values;
    for (StringRef p : parts) {
      int64_t v = -1;
      if (p.trim() != "?" && p.trim() != "-1" && !number(p, v)) {
        error = "--shape needs NAME=1x3x224x224, got '" + entry.str() + "'";
        return false;
      }
      values.push_back(v);
    }
    if (dims.trim().empty())
      values.clear();
    options.shapes[name.trim()] = values;
  }
  return true;
}

bool parseSymbols(StringRef text, OnnxImportOptions &options, std::string &error) {
  for (StringRef entry : entries(text)) {
    auto [name, range] = entry.rsplit('=');
    SmallVector<StringRef> parts;
    range.split(parts, ':');
    SmallVector<int64_t> v(parts.size());
    bool good = !name.empty() && !parts.empty() && parts.size() <= 3;
    for (size_t i = 0; good && i < parts.size(); ++i)
      good = number(parts[i], v[i]) && (i == 0 || v[i] >= v[i - 1]);
    if (!good) {
      error = "--dims needs NAME=MIN:OPT:MAX with ascending numbers, got '" + entry.str() + "'";
      return false;
    }
    SymbolInfo info{.min = v.front(), .opt = v.size() == 3 ? v[1] : v.back(), .max = v.back()};
    options.symbols[name.trim()] = info;
  }
  return true;
}

} // namespace mlc

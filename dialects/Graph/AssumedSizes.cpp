// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/AssumedSizes.h"

using namespace mlir;

namespace mlc::graph {

AssumedSizes::AssumedSizes(func::FuncOp func, ShapeFacts &facts) {
  DenseSet<StringRef> firstDims;
  for (Value arg : func.getArguments())
    if (facts.rank(arg) > 0)
      if (auto name = facts.dim(arg, 0).asSymbol())
        firstDims.insert(*name);
  for (auto &entry : facts.symbols) {
    const SymbolInfo &info = entry.second;
    int64_t wanted = info.opt > 0 ? info.opt : std::clamp<int64_t>(firstDims.contains(entry.first()) ? 1 : 64, info.min, info.max);
    int64_t down = wanted / info.divisor * info.divisor;
    values[entry.first()] = down >= info.min ? down : down + info.divisor;
  }
}

int64_t AssumedSizes::operator()(const DimExpr &e) const {
  if (auto number = e.constant())
    return *number;
  DimExpr value = e.substitute([&](StringRef name) -> std::optional<DimExpr> {
    auto it = values.find(name);
    return DimExpr(it == values.end() ? 64 : it->second);
  });
  return value.constant().value_or(0);
}

} // namespace mlc::graph

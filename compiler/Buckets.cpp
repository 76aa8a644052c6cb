// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "compiler/Buckets.h"
#include "dialects/Graph/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace mlc {
namespace {

Bucket symbolsOf(ModuleOp module) {
  Bucket symbols;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (auto declared = main ? main->getAttrOfType<DictionaryAttr>(graph::kSymbolsAttr) : DictionaryAttr())
    for (NamedAttribute s : declared)
      if (auto info = dyn_cast<DenseI64ArrayAttr>(s.getValue()); info && info.size() == 4)
        symbols[s.getName().str()] = {info[0], info[1], info[2], info[3]};
  return symbols;
}

std::string namesOf(const Bucket &symbols) {
  std::string names;
  for (const auto &[name, info] : symbols)
    names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "none" : names;
}

Bucket optPoint(const Bucket &symbols) {
  Bucket point;
  for (const auto &[name, info] : symbols)
    if (info.opt > 0)
      point[name] = {.min = info.opt, .opt = info.opt, .max = info.opt};
  return point;
}

/// What keeps the bucket from being a part of the symbols' ranges; "" when nothing does.
std::string faultOf(const Bucket &bucket, const Bucket &symbols) {
  bool narrower = false;
  for (const auto &[name, range] : bucket) {
    auto found = symbols.find(name);
    if (found == symbols.end())
      return "the model has no symbolic dim '" + name + "'; it has: " + namesOf(symbols);
    const SymbolInfo &all = found->second;
    if (range.min < all.min || range.max > all.max)
      return "'" + name + "' ranges from " + std::to_string(all.min) + " to " + std::to_string(all.max) + "; widen it with --dims";
    if (range.min == range.max && range.min % all.divisor != 0)
      return "'" + name + "' is a multiple of " + std::to_string(all.divisor);
    narrower |= range.min > all.min || range.max < all.max;
  }
  return narrower ? "" : "it holds every shape, as the generic program does";
}

/// How many shapes it holds. Exact where it matters; rounded as every machine does.
double sizeOf(const Bucket &bucket, const Bucket &symbols) {
  double shapes = 1;
  for (const auto &[name, info] : symbols) {
    auto own = bucket.find(name);
    const SymbolInfo &range = own == bucket.end() ? info : own->second;
    shapes *= static_cast<double>(range.max) - static_cast<double>(range.min) + 1;
  }
  return shapes;
}

bool sameShapes(const Bucket &a, const Bucket &b) {
  auto equal = [](const auto &x, const auto &y) { return x.first == y.first && x.second.min == y.second.min && x.second.max == y.second.max; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

} // namespace

std::string bucketText(const Bucket &bucket) {
  std::string text;
  for (const auto &[name, range] : bucket) {
    text += (text.empty() ? "" : ",") + name + "=" + std::to_string(range.min);
    if (range.max > range.min)
      text += ":" + std::to_string(range.opt) + ":" + std::to_string(range.max);
  }
  return text;
}

llvm::Error resolveBuckets(ModuleOp module, std::vector<Bucket> &buckets) {
  Bucket symbols = symbolsOf(module);
  for (Bucket &bucket : buckets) {
    bool opt = bucket.empty();
    if (opt)
      bucket = optPoint(symbols);
    if (bucket.empty())
      return llvm::createStringError("--bucket opt: no dim has an opt point; give one with --dims NAME=MIN:OPT:MAX");
    if (std::string fault = faultOf(bucket, symbols); !fault.empty())
      return llvm::createStringError("--bucket " + (opt ? "opt" : bucketText(bucket)) + ": " + fault);
  }
  for (size_t i = 0; i < buckets.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (sameShapes(buckets[i], buckets[k]))
        return llvm::createStringError("--bucket " + bucketText(buckets[i]) + " is given twice");
  llvm::stable_sort(buckets, [&](const Bucket &a, const Bucket &b) { return sizeOf(a, symbols) < sizeOf(b, symbols); });
  return llvm::Error::success();
}

} // namespace mlc

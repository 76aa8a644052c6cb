// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Options.h"
#include "mlir/IR/Location.h"
#include "dialects/Graph/NodeNames.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/Path.h"
#include <cstdlib>
#include <set>

namespace mlc {

namespace {

/// NAME=MIN:OPT:MAX or NAME=N, several separated by commas, into `ranges`, each name once.
llvm::Error parseRanges(llvm::StringRef flag, llvm::StringRef text, llvm::function_ref<bool(llvm::StringRef, SymbolInfo)> add) {
  llvm::SmallVector<llvm::StringRef> items;
  text.split(items, ',');
  for (llvm::StringRef item : items) {
    auto [name, range] = item.rsplit('=');
    llvm::SmallVector<llvm::StringRef> parts;
    range.split(parts, ':');
    llvm::SmallVector<int64_t> n;
    bool good = !name.empty() && name != item && (parts.size() == 1 || parts.size() == 3);
    for (llvm::StringRef part : parts) {
      int64_t v = 0;
      good = good && !part.getAsInteger(10, v) && v >= 0;
      n.push_back(v);
    }
    if (good && n.size() == 1)
      n = {n[0], n[0], n[0]};
    if (!good || n[0] > n[1] || n[1] > n[2])
      return llvm::createStringError(flag + " takes NAME=MIN:OPT:MAX with MIN <= OPT <= MAX, or NAME=N, several separated by commas, got '" + item + "'");
    if (!add(name, {.min = n[0], .opt = n[1], .max = n[2]}))
      return llvm::createStringError(flag + " gives '" + name + "' twice");
  }
  return llvm::Error::success();
}

} // namespace

llvm::Error parseShapeOptions(llvm::ArrayRef<std::string> shapes, llvm::ArrayRef<std::string> dims, OnnxImportOptions &options, std::string &flags) {
  for (llvm::StringRef text : shapes) {
    auto [name, list] = text.rsplit('=');
    llvm::SmallVector<llvm::StringRef> parts;
    list.split(parts, 'x');
    llvm::SmallVector<int64_t> extents;
    bool good = !name.empty() && name != text;
    for (llvm::StringRef part : parts) {
      int64_t n = -1;
      good = good && (part == "?" || (!part.getAsInteger(10, n) && n >= 0));
      extents.push_back(n);
    }
    if (!good)
      return llvm::createStringError("--shape takes INPUT=1x3x224x224 ('?' keeps a dim), got '" + text.str() + "'");
    options.shapes[name] = extents;
    flags += " --shape " + text.str();
  }
  for (llvm::StringRef text : dims) {
    if (auto error = parseRanges("--dims", text, [&](llvm::StringRef name, SymbolInfo range) { return options.symbols.try_emplace(name, range).second; }))
      return error;
    flags += " --dims " + text.str();
  }
  return llvm::Error::success();
}

llvm::Error parseBuckets(llvm::ArrayRef<std::string> texts, std::vector<Bucket> &buckets, std::string &flags) {
  for (llvm::StringRef text : texts) {
    Bucket &bucket = buckets.emplace_back();
    if (text != "opt")
      if (auto error = parseRanges("--bucket", text, [&](llvm::StringRef name, SymbolInfo range) { return bucket.try_emplace(name.str(), range).second; }))
        return error;
    flags += " --bucket " + text.str();
  }
  return llvm::Error::success();
}

namespace {

using NamedShapes = llvm::StringMap<llvm::SmallVector<int64_t>>;

llvm::Error parseShapeList(llvm::StringRef flag, llvm::StringRef text, NamedShapes &shapes) {
  llvm::SmallVector<llvm::StringRef> items;
  text.split(items, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef item : items) {
    auto [name, list] = item.rsplit(':'); // names may hold a ':', dims cannot
    llvm::SmallVector<llvm::StringRef> parts;
    list.split(parts, 'x');
    llvm::SmallVector<int64_t> dims;
    bool good = !name.empty() && name != item;
    for (llvm::StringRef part : parts) {
      int64_t n = 0;
      good = good && !part.getAsInteger(10, n) && n >= 0;
      dims.push_back(n);
    }
    if (!good || !shapes.try_emplace(name, dims).second)
      return llvm::createStringError(flag + " takes INPUT:1x3x224x224,..., each input once, got '" + text + "'");
  }
  return llvm::Error::success();
}

} // namespace

llvm::Error parseShapeRanges(llvm::StringRef min, llvm::StringRef opt, llvm::StringRef max, OnnxImportOptions &options, std::string &flags) {
  NamedShapes low, usual, high;
  if (auto error = parseShapeList("--optShapes", opt, usual))
    return error;
  if (auto error = parseShapeList("--minShapes", min.empty() ? opt : min, low))
    return error;
  if (auto error = parseShapeList("--maxShapes", max.empty() ? opt : max, high))
    return error;
  if (low.size() != usual.size() || high.size() != usual.size())
    return llvm::createStringError("--minShapes, --optShapes and --maxShapes must name the same inputs");
  for (const auto &entry : usual) {
    ShapeRange range{low.lookup(entry.getKey()), entry.getValue(), high.lookup(entry.getKey())};
    bool good = range.min.size() == range.opt.size() && range.max.size() == range.opt.size();
    for (size_t i = 0; good && i < range.opt.size(); ++i)
      good = range.min[i] <= range.opt[i] && range.opt[i] <= range.max[i];
    if (!good)
      return llvm::createStringError("the shapes of '" + entry.getKey() + "' must have as many dims in --minShapes, --optShapes and --maxShapes, min <= opt <= max in each");
    options.shapeRanges[entry.getKey()] = range;
  }
  if (!opt.empty())
    flags += (" --minShapes=" + (min.empty() ? opt : min) + " --optShapes=" + opt + " --maxShapes=" + (max.empty() ? opt : max)).str();
  return llvm::Error::success();
}

llvm::Error parseKeep(llvm::ArrayRef<std::string> names, OnnxImportOptions &options, std::string &flags) {
  for (const std::string &name : names) {
    if (name.empty() || llvm::is_contained(options.keep, name))
      return llvm::createStringError("--keep takes names of tensors, each once, got '" + llvm::join(names, ",") + "'");
    options.keep.push_back(name);
  }
  if (!names.empty())
    flags += " --keep " + llvm::join(names, ",");
  return llvm::Error::success();
}

llvm::Error parseKeepFp32(llvm::ArrayRef<std::string> names, std::string &flags) {
  for (const std::string &name : names) {
    if (name.empty() || llvm::StringRef(name).contains(';'))
      return llvm::createStringError("--keep-fp32 takes names of nodes or tensors, without ';', got '" + name + "'");
    if (auto pattern = llvm::GlobPattern::create(name); !pattern)
      return llvm::createStringError("--keep-fp32 " + name + ": " + llvm::toString(pattern.takeError()));
    flags += " --keep-fp32 " + name;
  }
  return llvm::Error::success();
}

llvm::Expected<std::vector<std::string>> nodesNamed(mlir::ModuleOp module, llvm::ArrayRef<std::string> names, const llvm::StringMap<std::string> &nodesByTensor) {
  if (names.empty())
    return std::vector<std::string>();
  llvm::SmallVector<llvm::StringRef> nodes;
  llvm::StringSet<> all;
  module.walk([&](mlir::Operation *op) {
    nodes.clear();
    graph::collectNames(op->getLoc(), nodes);
    for (llvm::StringRef node : nodes)
      all.insert(node);
  });
  std::set<std::string> found;
  for (const std::string &name : names) {
    // A name is itself, whatever characters it has ('[', '*'), before it is a pattern.
    size_t matches = 0;
    bool exact = all.contains(name) || nodesByTensor.contains(name);
    auto pattern = llvm::cantFail(llvm::GlobPattern::create(name));
    auto means = [&](llvm::StringRef candidate) { return exact ? candidate == name : pattern.match(candidate); };
    auto take = [&](llvm::StringRef candidate, llvm::StringRef node) {
      if (means(candidate)) {
        found.insert(node.str());
        ++matches;
      }
    };
    for (const auto &node : all)
      take(node.getKey(), node.getKey());
    for (const auto &entry : nodesByTensor)
      take(entry.getKey(), entry.getValue());
    if (!matches)
      return llvm::createStringError("--keep-fp32 " + name + " means no node and no tensor of the model; mlc-inspect --schedule lists the nodes of a plan");
  }
  return std::vector<std::string>(found.begin(), found.end());
}

std::string cacheFolder() {
  if (const char *given = std::getenv("MLC_CACHE_DIR"))
    return given;
  llvm::SmallString<128> path;
  if (!llvm::sys::path::cache_directory(path))
    return "";
  llvm::sys::path::append(path, "mlc");
  return path.str().str();
}

static void printLocation(mlir::Location loc, llvm::raw_ostream &os) {
  if (auto name = mlir::dyn_cast<mlir::NameLoc>(loc))
    os << "node '" << name.getName().getValue() << "': ";
  else if (auto fused = mlir::dyn_cast<mlir::FusedLoc>(loc); fused && !fused.getLocations().empty())
    printLocation(fused.getLocations().front(), os);
  else if (auto file = mlir::dyn_cast<mlir::FileLineColLoc>(loc))
    os << file.getFilename().getValue() << ':' << file.getLine() << ':' << file.getColumn() << ": ";
}

void printDiagnostic(const mlir::Diagnostic &d, llvm::raw_ostream &os) {
  switch (d.getSeverity()) {
  case mlir::DiagnosticSeverity::Error: os << "mlc-compile: error: "; break;
  case mlir::DiagnosticSeverity::Warning: os << "mlc-compile: warning: "; break;
  default: os << "  note: "; break;
  }
  printLocation(d.getLocation(), os);
  os << d.str() << '\n';
  for (const mlir::Diagnostic &note : d.getNotes())
    printDiagnostic(note, os);
}

} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. Read the options. 2. Match the inputs' dims with the wanted ones, which gives symbols their values. 3. Rewrite every #graph.dims. 4. Infer again.
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;

namespace mlc {
#define GEN_PASS_DEF_SPECIALIZESHAPES
#include "passes/Normalize/Passes.h.inc"

namespace {

struct SpecializeShapes : impl::SpecializeShapesBase<SpecializeShapes> {
  using SpecializeShapesBase::SpecializeShapesBase;

  llvm::StringMap<int64_t> values;       // of symbols
  llvm::StringMap<SymbolInfo> narrowed; // ranges of others

  std::optional<DimExpr> valueOf(StringRef name) const {
    auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional<DimExpr>(it->second);
  }

  LogicalResult error(const Twine &message) { return getOperation().emitError() << "cannot specialize: " << message; }

  LogicalResult readDims() {
    SmallVector<StringRef> entries;
    StringRef(dims).split(entries, ',', -1, /*KeepEmpty=*/false);
    for (StringRef entry : entries) {
      auto [name, text] = entry.rsplit('=');
      SmallVector<StringRef> parts;
      SmallVector<int64_t> numbers;
      text.split(parts, ':');
      for (StringRef part : parts)
        if (part.trim().getAsInteger(10, numbers.emplace_back()))
          numbers.clear(); // too few in the end
      if (numbers.size() == 1 && parts.size() == 1)
        values[name.trim()] = numbers[0];
      else if (numbers.size() == 3 && parts.size() == 3)
        narrowed[name.trim()] = {.min = numbers[0], .opt = numbers[1], .max = numbers[2]};
      else
        return error("'" + entry + "' is neither NAME=NUMBER nor NAME=MIN:OPT:MAX");
    }
    return success();
  }

  /// One input: `wanted` is "1x3x?".
  LogicalResult match(unsigned index, StringRef wanted) {
    func::FuncOp func = getOperation();
    auto name = func.getArgAttrOfType<StringAttr>(index, graph::kNameAttr);
    auto have = func.getArgAttrOfType<graph::DimsAttr>(index, graph::kDimsAttr);
    SmallVector<StringRef> parts;
    if (!wanted.trim().empty())
      wanted.split(parts, 'x');
    if (!have || parts.size() != have.size())
      return error("input '" + name.getValue() + "' does not have " + Twine(parts.size()) + " dims");
    for (auto [part, dim] : llvm::zip(parts, have.getDims())) {
      int64_t value;
      if (part.trim() == "?")
        continue;
      if (part.trim().getAsInteger(10, value) || value < 0)
        return error("'" + part + "' is no dim");
      if (auto symbol = dim.asSymbol()) {
        auto [it, fresh] = values.try_emplace(*symbol, value);
        if (!fresh && it->second != value)
          return error("symbol '" + *symbol + "' would be " + Twine(it->second) + " and " + Twine(value));
      } else if (dim.constant().value_or(value) != value) {
        return error("input '" + name.getValue() + "' has a dim of " + dim.str() + ", not " + Twine(value));
      }
    }
    return success();
  }

  LogicalResult readShapes() {
    func::FuncOp func = getOperation();
    SmallVector<StringRef> entries;
    StringRef(shapes).split(entries, ';', -1, /*KeepEmpty=*/false);
    for (StringRef entry : entries) {
      auto [name, wanted] = entry.rsplit('=');
      bool found = false;
      for (unsigned i = 0; i < func.getNumArguments() && !found; ++i) {
        auto own = func.getArgAttrOfType<StringAttr>(i, graph::kNameAttr);
        found = own && own.getValue() == name.trim();
        if (found && failed(match(i, wanted)))
          return failure();
      }
      if (!found)
        return error("there is no input '" + name + "'");
    }
    return success();
  }

  LogicalResult checkRanges() {
    auto symbols = getOperation()->getAttrOfType<DictionaryAttr>(graph::kSymbolsAttr);
    NamedAttrList left;
    for (NamedAttribute s : symbols ? symbols : DictionaryAttr::get(&getContext())) {
      StringRef name = s.getName().getValue();
      auto info = cast<DenseI64ArrayAttr>(s.getValue()).asArrayRef();
      auto within = [&](int64_t value) { return value >= info[0] && value <= info[2]; };
      if (auto range = narrowed.find(name); range != narrowed.end()) {
        const SymbolInfo &to = range->second;
        if (!within(to.min) || !within(to.max) || to.min > to.opt || to.opt > to.max)
          return error("symbol '" + name + "' cannot range over " + Twine(to.min) + ":" + Twine(to.opt) + ":" + Twine(to.max) + ": its range is " + Twine(info[0]) + " to " + Twine(info[2]));
        left.push_back(NamedAttribute(s.getName(), DenseI64ArrayAttr::get(&getContext(), {to.min, to.opt, to.max, info[3]})));
      } else if (auto it = values.find(name); it == values.end()) {
        left.push_back(s);
      } else if (!within(it->second) || (info[3] > 1 && it->second % info[3])) {
        return error("symbol '" + name + "' cannot be " + Twine(it->second) + ": its range is " + Twine(info[0]) + " to " + Twine(info[2]) + ", its divisor " + Twine(info[3]));
      }
    }
    getOperation()->setAttr(graph::kSymbolsAttr, left.getDictionary(&getContext()));
    return success();
  }

  graph::DimsAttr substituted(graph::DimsAttr attr) {
    Dims out;
    for (const DimExpr &d : attr.getDims())
      out.push_back(d.substitute([&](StringRef name) { return valueOf(name); }));
    return graph::DimsAttr::get(&getContext(), ArrayRef<DimExpr>(out));
  }

  void rewrite() {
    func::FuncOp func = getOperation();
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      for (const char *name : {graph::kDimsAttr, graph::kElementsAttr})
        if (auto attr = func.getArgAttrOfType<graph::DimsAttr>(i, name))
          func.setArgAttr(i, name, substituted(attr));
      if (auto dims = func.getArgAttrOfType<graph::DimsAttr>(i, graph::kDimsAttr))
        func.getArgument(i).setType(graph::typeOf(cast<RankedTensorType>(func.getArgument(i).getType()).getElementType(), dims.getDims()));
    }
    func.walk([&](Operation *op) {
      if (op == func)
        return;
      for (NamedAttribute a : llvm::to_vector(op->getAttrs()))
        if (auto dims = dyn_cast<graph::DimsAttr>(a.getValue()))
          op->setAttr(a.getName(), substituted(dims));
    });
  }

  void runOnOperation() override {
    values.clear();
    narrowed.clear();
    if (failed(readDims()) || failed(readShapes()) || failed(checkRanges()))
      return signalPassFailure();
    rewrite();
    graph::ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    func::FuncOp func = getOperation();
    func.setFunctionType(FunctionType::get(&getContext(), func.getBody().front().getArgumentTypes(), func.getBody().front().getTerminator()->getOperandTypes()));
  }
};

} // namespace
} // namespace mlc

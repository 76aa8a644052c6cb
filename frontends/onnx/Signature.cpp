// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The model as a function: inputs with their dims as symbols, outputs, metadata.
#include "frontends/onnx/GraphImporter.h"
#include "frontends/onnx/Registry.h"
#include "frontends/onnx/Tensors.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using ::onnx::GraphProto;
using ::onnx::ValueInfoProto;

namespace mlc::importer {
namespace {

constexpr int64_t kMaxDim = 1LL << 40;
constexpr int64_t kMaxInputElements = 64; // of integer inputs that may give shapes

/// A name that DimExpr can read.
std::string symbolName(StringRef name) {
  std::string out;
  for (char c : name)
    out += llvm::isAlnum(c) || c == '_' || c == '.' ? c : '_';
  if (out.empty() || llvm::isDigit(out[0]))
    out.insert(out.begin(), '_');
  return out;
}

} // namespace

LogicalResult GraphImporter::checkModel() {
  const auto &model = file->model;
  for (const auto &opset : model.opset_import()) {
    StringRef domain = opset.domain() == "ai.onnx" ? StringRef() : StringRef(opset.domain());
    if (domain.empty() && opset.version() > kNewestOpset)
      return reportModel("it uses opset " + Twine(opset.version()) + "; opsets up to " + Twine(kNewestOpset) + " are supported"), failure();
    scope->opsets[domain] = opset.version();
  }
  // IR versions below 3 had no opset_import: it is opset 1 then.
  if (model.opset_import_size() == 0)
    scope->opsets[""] = 1;
  for (const auto &f : model.functions())
    functions[((f.domain() == "ai.onnx" ? "" : f.domain()) + "\n" + f.name() + "\n" + f.overload())] = &f;
  return success();
}

DimExpr GraphImporter::declare(StringRef name) {
  auto given = options.symbols.find(name);
  auto &info = facts.symbols[name];
  if (given != options.symbols.end())
    info = given->second;
  else if (name.contains_insensitive("past"))
    info.min = 0; // a cache that is empty at first
  if (info.min == info.max)
    return DimExpr(info.min);
  return DimExpr::symbol(name);
}

/// What the model says of an input's dim: a number, an expression over its dim_params, or nothing.
static std::optional<DimExpr> declaredDim(const ::onnx::TensorShapeProto::Dimension &d) {
  if (d.has_dim_value() && d.dim_value() != -1)
    return DimExpr(d.dim_value());
  if (!d.has_dim_param() || !llvm::any_of(d.dim_param(), llvm::isAlnum)) // '?' names nothing
    return {};
  auto e = DimExpr::parse(d.dim_param());
  if (!e)
    e = DimExpr::symbol(symbolName(d.dim_param()));
  return e->constant() == -1 ? std::nullopt : std::optional<DimExpr>(*e);
}

static std::string unnamedDim(StringRef input, size_t axis) { return symbolName(input) + "_" + std::to_string(axis); }

/// Turns the ranges of inputs into ranges of the symbols that are dims of them.
LogicalResult GraphImporter::addShapeRanges(const GraphProto &graph) {
  for (const ValueInfoProto &input : graph.input()) {
    auto given = options.shapeRanges.find(input.name());
    if (given == options.shapeRanges.end() || !input.type().tensor_type().has_shape())
      continue;
    const auto &shape = input.type().tensor_type().shape();
    const ShapeRange &range = given->second;
    if (static_cast<size_t>(shape.dim_size()) != range.min.size())
      return reportOption("input '" + input.name() + "' has " + Twine(shape.dim_size()) + " dims, but its shape range gives " + Twine(range.min.size())), failure();
    for (int i = 0; i < shape.dim_size(); ++i) {
      auto dim = declaredDim(shape.dim(i));
      std::string name = dim ? std::string(dim->asSymbol().value_or("")) : unnamedDim(input.name(), i);
      if (name.empty())
        continue; // numbers and expressions are checked when all symbols are known
      SymbolInfo info{.min = range.min[i], .opt = range.opt[i], .max = range.max[i]};
      auto [known, fresh] = options.symbols.try_emplace(name, info);
      if (!fresh && std::tuple(known->second.min, known->second.opt, known->second.max) != std::tuple(info.min, info.opt, info.max))
        return reportOption("dim " + Twine(i) + " of input '" + input.name() + "' is '" + name + "', for which another range is given too"), failure();
    }
  }
  return success();
}

/// Dims that are numbers or expressions must have the range that was given for them.
LogicalResult GraphImporter::checkShapeRanges(const ValueInfoProto &input, ArrayRef<DimExpr> dims) {
  auto given = options.shapeRanges.find(input.name());
  if (given == options.shapeRanges.end())
    return success();
  const ShapeRange &range = given->second;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    auto at = [&](int64_t SymbolInfo::*which) { return dim.substitute([&](StringRef s) { return DimExpr(facts.symbols.lookup(s).*which); }).constant(); };
    if (at(&SymbolInfo::min) == range.min[i] && at(&SymbolInfo::opt) == range.opt[i] && at(&SymbolInfo::max) == range.max[i])
      continue;
    return reportOption("dim " + Twine(i) + " of input '" + input.name() + "' is " + dim.str() + ", which does not range from " + Twine(range.min[i]) + " over " + Twine(range.opt[i]) + " to " +
                        Twine(range.max[i])),
           failure();
  }
  return success();
}

FailureOr<Dims> GraphImporter::inputDims(const ValueInfoProto &input, Type &elementType) {
  if (!input.type().has_tensor_type())
    return note("it is not a tensor"), failure();
  const auto &type = input.type().tensor_type();
  elementType = elementTypeOf(type.elem_type(), &context);
  if (!elementType)
    return note("its elements have type " + nameOfElementType(type.elem_type()) + ", which is not supported"), failure();
  auto given = options.shapes.find(input.name());
  const SmallVector<int64_t> *override = given == options.shapes.end() ? nullptr : &given->second;
  if (!type.has_shape() && !override)
    return note("it has no shape; give it one with --shape"), failure();
  size_t rank = type.has_shape() ? type.shape().dim_size() : override->size();
  if (rank > 64)
    return note("it has more than 64 dims"), failure();
  if (override && override->size() != rank)
    return note("it has " + Twine(rank) + " dims, but --shape gives " + Twine(override->size())), failure();
  Dims dims;
  int64_t count = 1;
  for (size_t i = 0; i < rank; ++i) {
    auto *d = type.has_shape() ? &type.shape().dim(i) : nullptr;
    std::optional<DimExpr> dim;
    if (override && (*override)[i] >= 0)
      dim = DimExpr((*override)[i]);
    else if (auto e = d ? declaredDim(*d) : std::nullopt) {
      e->forEachSymbol([&](StringRef s) { declare(s); });
      dim = e->substitute([&](StringRef s) { return declare(s); });
    }
    if (!dim)
      dim = declare(unnamedDim(input.name(), i));
    if (auto c = dim->constant()) {
      if (*c < 0 || *c > kMaxDim || __builtin_mul_overflow(count, std::max<int64_t>(*c, 1), &count) || count > kMaxDim)
        return note("its dim " + Twine(i) + " is " + Twine(*c) + ", which is negative or too large"), failure();
    }
    dims.push_back(*dim);
  }
  return dims;
}

void GraphImporter::addInputElements(const ValueInfoProto &input, Value argument) {
  auto type = cast<RankedTensorType>(argument.getType());
  auto element = dyn_cast<IntegerType>(type.getElementType());
  if (!element || (element.getWidth() != 32 && element.getWidth() != 64) || element.isUnsigned() || !type.hasStaticShape() || type.getNumElements() > kMaxInputElements)
    return;
  Dims elements;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    std::string name = symbolName(input.name()) + "." + std::to_string(i);
    while (facts.symbols.contains(name))
      name += "_";
    facts.symbols[name] = SymbolInfo{.min = std::numeric_limits<int64_t>::min(), .opt = 0};
    elements.push_back(DimExpr::symbol(name));
  }
  facts.setElements(argument, elements);
  inputElements[input.name()] = elements;
}

LogicalResult GraphImporter::addInputs(const GraphProto &graph) {
  SmallVector<const ValueInfoProto *> tensors;
  SmallVector<Type> types;
  std::vector<Dims> dims;
  if (failed(addShapeRanges(graph)))
    return failure();
  for (const ValueInfoProto &input : graph.input()) {
    if (scope->initializers.contains(input.name()))
      continue; // files of IR version 3 list initializers too
    Type element;
    notes.clear();
    auto d = inputDims(input, element);
    if (failed(d)) {
      reportModel("input '" + input.name() + "': " + notes);
      notes.clear();
      continue;
    }
    tensors.push_back(&input);
    dims.push_back(*d);
    types.push_back(graph::typeOf(element, *d));
  }
  if (errorCount)
    return failure();
  auto isInput = [&](StringRef name) { return llvm::any_of(tensors, [&](auto *t) { return t->name() == name; }); };
  for (const auto &given : options.shapes)
    if (!isInput(given.getKey()))
      return reportOption("--shape names '" + given.getKey() + "', which is no input of the model"), failure();
  for (const auto &given : options.symbols)
    if (!facts.symbols.contains(given.getKey()))
      return reportOption("--dims names '" + given.getKey() + "', which is no symbolic dim of the model's inputs"), failure();
  for (const auto &given : options.shapeRanges)
    if (!isInput(given.getKey()))
      return reportOption("--optShapes names '" + given.getKey() + "', which is no input of the model"), failure();
  for (auto [i, input] : llvm::enumerate(tensors))
    if (failed(checkShapeRanges(*input, dims[i])))
      return failure();
  func = func::FuncOp::create(builder, builder.getUnknownLoc(), "main", builder.getFunctionType(types, {}));
  Block *body = func.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  SmallVector<DictionaryAttr> attrs; // set all at once: each change of one makes a new list of all
  for (auto [i, input] : llvm::enumerate(tensors)) {
    Value argument = body->getArgument(i);
    facts.set(argument, cast<RankedTensorType>(types[i]).getElementType(), dims[i]);
    attrs.push_back(builder.getDictionaryAttr({builder.getNamedAttr(graph::kNameAttr, builder.getStringAttr(input->name())),
                                               builder.getNamedAttr(graph::kDimsAttr, graph::DimsAttr::get(&context, ArrayRef<DimExpr>(dims[i])))}));
    if (!scope->values.try_emplace(input->name(), argument).second)
      return reportModel("input '" + input->name() + "' is given twice"), failure();
    argument.setLoc(NameLoc::get(builder.getStringAttr(input->name())));
  }
  func.setAllArgAttrs(attrs);
  for (auto [i, input] : llvm::enumerate(tensors))
    addInputElements(*input, body->getArgument(i));
  return success();
}

/// Names of the top graph's tensors that look like `name`, the nearest first: those within a third of its length of edits, then those that contain it.
std::string GraphImporter::namesLike(StringRef name) const {
  constexpr size_t kListed = 5;
  std::vector<std::pair<unsigned, StringRef>> found;
  unsigned limit = std::max<unsigned>(2, name.size() / 3);
  auto consider = [&](StringRef other) {
    unsigned distance = name.edit_distance(other, /*AllowReplacements=*/true, limit);
    if (distance <= limit)
      found.emplace_back(distance, other);
    else if (other.contains_insensitive(name))
      found.emplace_back(limit + other.size(), other);
  };
  for (const auto &v : scope->values)
    consider(v.getKey());
  for (const auto &v : scope->initializers)
    if (!scope->values.contains(v.getKey()))
      consider(v.getKey());
  llvm::sort(found);
  std::string text;
  for (const auto &[distance, other] : llvm::ArrayRef(found).take_front(kListed))
    text += (text.empty() ? "'" : ", '") + other.str() + "'";
  return text;
}

/// The tensor that --keep names, or null after an error.
Value GraphImporter::keptValue(const GraphProto &graph, StringRef name) {
  if (llvm::any_of(graph.output(), [&](const ValueInfoProto &o) { return o.name() == name; })) {
    reportOption("--keep names '" + name + "', which is an output already");
    return {};
  }
  Value v = lookup(name);
  if (!v && !scope->failed.contains(name)) {
    std::string like = namesLike(name);
    reportOption("--keep names '" + name + "', which is no tensor of the model's top graph" + (like.empty() ? "" : "; near matches: " + like));
  }
  return v;
}

LogicalResult GraphImporter::addOutputs(const GraphProto &graph) {
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> names;
  auto addName = [&](StringRef name) { names.push_back(builder.getDictionaryAttr(builder.getNamedAttr(graph::kNameAttr, builder.getStringAttr(name)))); };
  for (const ValueInfoProto &output : graph.output()) {
    notes.clear();
    Value v = lookup(output.name());
    if (!v && (!notes.empty() || !scope->failed.contains(output.name())))
      reportModel("output '" + output.name() + "' " + (notes.empty() ? std::string("is not produced by any node") : "cannot be made: " + notes));
    results.push_back(v);
    addName(output.name());
  }
  for (const std::string &name : options.keep) {
    results.push_back(keptValue(graph, name));
    addName(name);
  }
  if (errorCount || llvm::is_contained(results, Value()))
    return failure();
  if (results.empty())
    return reportModel("it has no outputs"), failure();
  func::ReturnOp::create(builder, builder.getUnknownLoc(), results);
  func.setFunctionType(builder.getFunctionType(func.getArgumentTypes(), ValueRange(results).getTypes()));
  func.setAllResultAttrs(names);
  return success();
}

void GraphImporter::declareSymbols(func::FuncOp func) {
  llvm::StringSet<> used;
  auto use = [&](graph::DimsAttr dims) {
    for (const DimExpr &d : dims.getDims())
      if (!d.constant())
        d.forEachSymbol([&](StringRef s) { used.insert(s); });
  };
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    use(func.getArgAttrOfType<graph::DimsAttr>(i, graph::kDimsAttr));
  func.walk([&](Operation *op) {
    for (NamedAttribute a : op->getAttrs())
      if (auto dims = dyn_cast<graph::DimsAttr>(a.getValue()))
        use(dims);
  });
  SmallVector<DictionaryAttr> attrs;
  func.getAllArgAttrs(attrs);
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto it = inputElements.find(func.getArgAttrOfType<StringAttr>(i, graph::kNameAttr).getValue());
    if (it == inputElements.end())
      continue;
    bool any = llvm::any_of(it->second, [&](const DimExpr &e) { return used.contains(*e.asSymbol()); });
    if (any) {
      NamedAttrList more(attrs[i]);
      more.set(graph::kElementsAttr, graph::DimsAttr::get(&context, ArrayRef<DimExpr>(it->second)));
      attrs[i] = more.getDictionary(&context);
    }
    if (any)
      for (const DimExpr &e : it->second)
        used.insert(*e.asSymbol());
  }
  func.setAllArgAttrs(attrs);
  NamedAttrList declared;
  for (auto &s : used)
    if (auto it = facts.symbols.find(s.getKey()); it != facts.symbols.end())
      declared.set(s.getKey(), builder.getDenseI64ArrayAttr({it->second.min, it->second.opt, it->second.max, it->second.divisor}));
  func->setAttr(graph::kSymbolsAttr, declared.getDictionary(&context));
}

OwningOpRef<ModuleOp> GraphImporter::runModel() {
  const auto &model = file->model;
  Scope top;
  scope = &top;
  OwningOpRef<ModuleOp> module = ModuleOp::create(FileLineColLoc::get(&context, modelName, 0, 0));
  builder.setInsertionPointToEnd(module->getBody());
  if (failed(checkModel()))
    return {};
  if (failed(addInitializers(top, model.graph())))
    return reportModel(notes), OwningOpRef<ModuleOp>();
  if (failed(addInputs(model.graph())))
    return {};
  importNodes(model.graph().node());
  if (failed(addOutputs(model.graph())))
    return {};
  declareSymbols(func);
  NamedAttrList metadata;
  for (const auto &entry : model.metadata_props())
    if (!entry.key().empty())
      metadata.set(entry.key(), builder.getStringAttr(entry.value()));
  (*module)->setAttr(graph::kMetadataAttr, metadata.getDictionary(&context));
  scope = nullptr;
  return module;
}

} // namespace mlc::importer

namespace mlc {

OwningOpRef<ModuleOp> importOnnx(std::unique_ptr<llvm::MemoryBuffer> buffer, StringRef folder, const OnnxImportOptions &options, MLIRContext &context) {
  std::string name = buffer->getBufferIdentifier().str();
  auto file = importer::ModelFile::parse(std::move(buffer), folder);
  if (!file) {
    emitError(FileLineColLoc::get(&context, name, 0, 0)) << llvm::toString(file.takeError());
    return {};
  }
  return importer::GraphImporter(*file, options, context, name).run();
}

OwningOpRef<ModuleOp> importOnnxFile(StringRef path, const OnnxImportOptions &options, MLIRContext &context) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) {
    emitError(FileLineColLoc::get(&context, path, 0, 0)) << "cannot read the file: " << buffer.getError().message();
    return {};
  }
  StringRef folder = llvm::sys::path::parent_path(path);
  return importOnnx(std::move(*buffer), folder.empty() ? "." : folder, options, context);
}

} // namespace mlc

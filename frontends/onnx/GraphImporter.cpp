// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Nodes, scopes and errors. The model's signature is in Signature.cpp.
#include "frontends/onnx/GraphImporter.h"
#include "frontends/onnx/Registry.h"
#include "frontends/onnx/Tensors.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;

namespace mlc::importer {
namespace {

constexpr unsigned kMaxDepth = 32;       // nested graphs and function calls
constexpr size_t kMaxErrors = 100;       // listed
constexpr size_t kMaxNodes = 1 << 20;    // imported; function calls count once per call
constexpr int64_t kMaxElements = 1LL << 46;
constexpr size_t kMaxRank = 64;
constexpr size_t kMaxName = 1024;        // longer ones are cut: a call repeats the names of its function's nodes

StringRef plainDomain(StringRef domain) { return domain == "ai.onnx" ? StringRef() : domain; }

std::string functionKey(StringRef domain, StringRef name, StringRef overload) { return (plainDomain(domain) + "\n" + name + "\n" + overload).str(); }

/// A printable form of a name from the file.
std::string shown(StringRef name) {
  std::string out;
  for (char c : name.take_front(200))
    out += llvm::isPrint(c) || (c & 0x80) ? c : '?';
  return out;
}

} // namespace

GraphImporter::GraphImporter(std::shared_ptr<ModelFile> file, const OnnxImportOptions &options, MLIRContext &context, StringRef name)
    : builder(&context), file(std::move(file)), options(options), context(context), modelName(name) {}

// ---- errors

void GraphImporter::note(const Twine &message) {
  if (!notes.empty())
    notes += "; ";
  notes += message.str();
}

void GraphImporter::report(const NodeProto &node, StringRef name, StringRef why) {
  ++errorCount;
  if (errors.size() >= kMaxErrors)
    return;
  std::string line;
  llvm::raw_string_ostream os(line);
  StringRef domain = node.domain();
  os << "node '" << shown(name) << "' (" << shown(node.op_type()) << ", domain " << (plainDomain(domain).empty() ? "ai.onnx" : shown(domain)) << ", opset " << opsetOf(domain)
     << "): " << why;
  errors.push_back(line);
}

void GraphImporter::reportModel(const Twine &why) {
  ++errorCount;
  if (errors.size() < kMaxErrors)
    errors.push_back(why.str());
}

void GraphImporter::reportOption(const Twine &why) {
  reportModel(why);
  if (options.wrongOption)
    *options.wrongOption = true;
}

OwningOpRef<ModuleOp> GraphImporter::run() {
  // What ops say while they are inferred becomes part of the node's line.
  OwningOpRef<ModuleOp> module;
  // NOTE: printing the op numbers all values of the function, once for each node that cannot be imported.
  bool printsOps = context.shouldPrintOpOnDiagnostic();
  context.printOpOnDiagnostic(false);
  llvm::scope_exit restore([&] { context.printOpOnDiagnostic(printsOps); });
  {
    ScopedDiagnosticHandler collect(&context, [&](Diagnostic &d) {
      if (d.getSeverity() == DiagnosticSeverity::Error)
        note(d.str());
      return success();
    });
    module = runModel();
  }
  if (errors.empty())
    return module;
  std::string text;
  for (const std::string &e : errors)
    text += "\n  " + e;
  if (errorCount > errors.size())
    text += "\n  and " + std::to_string(errorCount - errors.size()) + " more";
  emitError(FileLineColLoc::get(&context, modelName, 0, 0)) << "cannot import the model:" << text;
  return {};
}

// ---- ops

Operation *GraphImporter::create(Location loc, StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attrs, unsigned numResults, ArrayRef<int32_t> segments) {
  auto registered = RegisteredOperationName::lookup(name, &context);
  SmallVector<NamedAttribute> all(attrs);
  if (!segments.empty())
    all.push_back(builder.getNamedAttr("operandSegmentSizes", builder.getDenseI32ArrayAttr(segments)));
  OperationState state(loc, name);
  state.addOperands(operands);
  state.addAttributes(all);
  state.addTypes(SmallVector<Type>(numResults, RankedTensorType::get({}, builder.getI1Type())));
  // A wrong attribute would be dropped silently by `create`, so it is checked before.
  if (failed(registered->verifyInherentAttrs(state.attributes, [&] { return emitError(loc); })))
    return nullptr;
  Operation *op = builder.create(state);
  bool good = succeeded(facts.infer(op)) && succeeded(op->getName().verifyInvariants(op)) && expressionsFit(op);
  for (Value r : op->getResults()) {
    if (!good)
      break;
    if (facts.dims(r).size() > kMaxRank) {
      note("its result has " + Twine(facts.dims(r).size()) + " dims, more than " + Twine(kMaxRank));
      good = false;
      break;
    }
    DimExpr count = 1;
    for (const DimExpr &d : facts.dims(r)) {
      auto c = d.constant();
      good = good && (!c || (*c >= 0 && *c <= kMaxElements));
      count = c && good ? count * d : count;
      good = good && count.constant().value_or(0) <= kMaxElements;
    }
    if (!good)
      note("its result has dims " + graph::describe(facts.dims(r)) + ", which are negative or too large");
  }
  if (good) {
    floats.infer(op, facts);
    return op;
  }
  facts.forget(op);
  op->erase();
  return nullptr;
}

bool GraphImporter::expressionsFit(Operation *op) {
  auto tooLarge = [](const DimExpr &e) { return e.tooLarge(); };
  bool fit = llvm::none_of(op->getResults(), [&](Value r) { return llvm::any_of(facts.dims(r), tooLarge); });
  for (NamedAttribute a : op->getAttrs())
    if (auto dims = dyn_cast<graph::DimsAttr>(a.getValue()))
      fit = fit && llvm::none_of(dims.getDims(), tooLarge);
  if (!fit)
    note("the expressions of its dims are too large; give the model's inputs fixed dims with --shape");
  return fit;
}

LogicalResult GraphImporter::adopt(Operation *op) {
  if (succeeded(facts.infer(op)) && succeeded(op->getName().verifyInvariants(op)))
    return success();
  op->walk([&](Operation *inner) { facts.forget(inner); });
  op->erase();
  return failure();
}

Value GraphImporter::constant(ElementsAttr value, Location loc) {
  Value &known = constants[value];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(builder);
  if (lastConstant)
    builder.setInsertionPointAfter(lastConstant);
  else
    builder.setInsertionPointToStart(&func.getBody().front());
  auto op = graph::ConstantOp::create(builder, loc, value);
  (void)facts.infer(op);
  lastConstant = op;
  return known = op.getResult();
}

void GraphImporter::noteWeight(const Scope &in, ElementsAttr value, StringRef name) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  if (resource && !in.parent && !in.call && options.initializers)
    options.initializers->try_emplace(resource.getRawHandle().getBlob()->getData().data(), name.str());
}

FailureOr<ElementsAttr> GraphImporter::attributeOf(const TensorProto &tensor) {
  auto value = toAttribute(tensor, file, &context);
  if (value)
    return *value;
  note("tensor '" + shown(tensor.name()) + "': " + llvm::toString(value.takeError()));
  return failure();
}

// ---- names

int64_t GraphImporter::opsetOf(StringRef domain) const {
  for (const Scope *s = scope; s; s = s->parent)
    if (!s->opsets.empty())
      return s->opsets.lookup(plainDomain(domain));
  return 0;
}

bool GraphImporter::isAbsent(StringRef name) const {
  for (const Scope *s = scope; s; s = s->parent)
    if (s->absent.contains(name))
      return true;
  return false;
}

Value GraphImporter::lookup(StringRef name) {
  for (const Scope *s = scope; s; s = s->parent) {
    auto it = s->values.find(name);
    if (it != s->values.end())
      return it->second;
    if (s->failed.contains(name))
      return {};
    auto initializer = s->initializers.find(name);
    if (initializer == s->initializers.end())
      continue;
    auto value = attributeOf(*initializer->second);
    if (failed(value))
      return {};
    noteWeight(*s, *value, name);
    Value v = constant(*value, NameLoc::get(StringAttr::get(&context, name)));
    const_cast<Scope *>(s)->values[name] = v;
    return v;
  }
  return {};
}

const AttributeProto *GraphImporter::callAttribute(StringRef name) const {
  const Scope *s = scope;
  while (s && !s->call)
    s = s->parent;
  if (!s)
    return nullptr;
  for (const AttributeProto &a : s->call->attribute())
    if (a.name() == name) {
      if (a.ref_attr_name().empty())
        return &a;
      // The call is itself in a function: ask that one's call.
      auto *self = const_cast<GraphImporter *>(this);
      Scope *inner = self->scope;
      self->scope = const_cast<Scope *>(s->caller);
      const AttributeProto *outer = callAttribute(a.ref_attr_name());
      self->scope = inner;
      return outer;
    }
  for (const AttributeProto &a : s->function->attribute_proto())
    if (a.name() == name)
      return &a;
  return nullptr;
}

LogicalResult GraphImporter::addInitializers(Scope &into, const GraphProto &graph) {
  for (const TensorProto &t : graph.initializer()) {
    if (t.name().empty() || !into.initializers.try_emplace(t.name(), &t).second) {
      note("initializer '" + shown(t.name()) + "' has no name or is given twice");
      return failure();
    }
  }
  if (graph.sparse_initializer_size()) {
    note("sparse initializers are not supported");
    return failure();
  }
  return success();
}

// ---- nodes

void GraphImporter::importNodes(const google::protobuf::RepeatedPtrField<NodeProto> &nodes) {
  size_t index = 0;
  for (const NodeProto &node : nodes)
    importNode(node, index++);
}

void GraphImporter::importNode(const NodeProto &node, size_t index) {
  std::string name = scope->prefix + (node.name().empty() ? node.op_type() + "_" + std::to_string(index) : node.name());
  if (name.size() > kMaxName)
    name = name.substr(0, kMaxName / 2) + "..." + name.substr(name.size() - kMaxName / 2);
  Location loc = NameLoc::get(StringAttr::get(&context, name));
  notes.clear();
  SmallVector<Value> operands;
  bool poisoned = false;
  for (const std::string &input : node.input()) {
    bool absent = input.empty() || isAbsent(input);
    Value v = absent ? Value() : lookup(input);
    operands.push_back(v);
    if (v || absent || !notes.empty())
      continue;
    bool produced = false;
    for (const Scope *s = scope; s && !produced; s = s->parent)
      produced = s->failed.contains(input);
    if (produced)
      poisoned = true; // its producer is in the list already
    else
      note("its input '" + shown(input) + "' is no graph input, initializer or output of an earlier node (a missing tensor, or a cycle)");
  }
  SmallVector<Value> results;
  bool good = false;
  if (notes.empty()) {
    if (!poisoned)
      good = succeeded(importInto(node, loc, operands, results));
    else if (!functionFor(node) && !Registry::get().lookup((node.domain().empty() || node.domain() == "ai.onnx" ? "" : node.domain() + ".") + node.op_type(), opsetOf(node.domain())))
      note("this operator is not supported");
  }
  for (int i = 0; good && i < node.output_size(); ++i) {
    const std::string &output = node.output(i);
    if (output.empty())
      continue;
    if (options.nodesByTensor)
      options.nodesByTensor->try_emplace(scope->prefix + output, name);
    if (i >= static_cast<int>(results.size())) {
      note("its output " + Twine(i) + " ('" + shown(output) + "') is not supported");
      good = false;
    } else if (!scope->values.try_emplace(output, results[i]).second) {
      note("its output '" + shown(output) + "' is given twice");
      good = false;
    } else if (auto constant = results[i].getDefiningOp<graph::ConstantOp>(); constant && node.op_type() == "Constant") {
      noteWeight(*scope, constant.getValue(), output);
    }
  }
  if (good)
    return;
  for (const std::string &output : node.output())
    if (!output.empty() && !scope->values.contains(output))
      scope->failed.insert(output);
  if (!notes.empty() || !poisoned)
    report(node, name, notes.empty() ? "it cannot be imported" : StringRef(notes));
  notes.clear();
}

LogicalResult GraphImporter::importInto(const NodeProto &node, Location loc, ArrayRef<Value> operands, SmallVector<Value> &results) {
  if (++nodeCount > kMaxNodes)
    return note("the model has more than 1,048,576 nodes, function calls counted each time"), failure();
  if (const FunctionProto *function = functionFor(node))
    return importCall(*function, node, cast<NameLoc>(loc).getName(), operands, results);
  StringRef domain = plainDomain(node.domain());
  int64_t opset = opsetOf(node.domain());
  if (opset == 0 && domain.empty())
    return note("the model does not import an opset of its domain"), failure();
  bool known;
  const OpImport *import = Registry::get().lookup(domain.empty() ? node.op_type() : (domain + "." + node.op_type()).str(), std::max<int64_t>(opset, 1), &known);
  if (!import)
    return note(known ? "this operator is not supported at this opset" : "this operator is not supported"), failure();
  Node n(*this, node, std::max<int64_t>(opset, 1), loc, operands);
  if (failed(import->function ? import->function(n) : importByRecord(n, *import->record)) || !n.attributesFit())
    return failure();
  results.assign(n.results().begin(), n.results().end());
  return success();
}

// ---- graphs in graphs

FailureOr<SmallVector<Value>> GraphImporter::importSubgraph(const GraphProto &graph, ArrayRef<Value> arguments) {
  if (depth >= kMaxDepth)
    return note("graphs are nested too deeply"), failure();
  if (graph.input_size() != static_cast<int>(arguments.size()))
    return note("its graph '" + shown(graph.name()) + "' has " + Twine(graph.input_size()) + " inputs, expected " + Twine(arguments.size())), failure();
  ++depth;
  Scope inner;
  inner.parent = scope;
  inner.prefix = scope->prefix;
  scope = &inner;
  llvm::scope_exit leave([&] { scope = const_cast<Scope *>(inner.parent), --depth; });
  std::string outerNotes = std::move(notes);
  notes.clear();
  for (auto [input, value] : llvm::zip(graph.input(), arguments))
    inner.values[input.name()] = value;
  size_t before = errorCount;
  if (failed(addInitializers(inner, graph)))
    return failure();
  importNodes(graph.node());
  notes = std::move(outerNotes);
  SmallVector<Value> outputs;
  for (const auto &output : graph.output()) {
    Value v = lookup(output.name());
    if (!v && errorCount == before)
      note("its graph's output '" + shown(output.name()) + "' is not produced");
    outputs.push_back(v);
  }
  if (errorCount > before)
    note("nodes inside it cannot be imported");
  if (llvm::is_contained(outputs, Value()) || errorCount > before)
    return failure();
  return outputs;
}

const FunctionProto *GraphImporter::functionFor(const NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  auto it = functions.find(functionKey(node.domain(), node.op_type(), node.overload()));
  return it == functions.end() ? nullptr : it->second;
}

LogicalResult GraphImporter::importCall(const FunctionProto &function, const NodeProto &node, StringRef name, ArrayRef<Value> operands, SmallVector<Value> &results) {
  if (depth >= kMaxDepth)
    return note("functions call each other too deeply"), failure();
  for (const Scope *s = scope; s; s = s->parent ? s->parent : s->caller)
    if (s->function == &function)
      return note("its function calls itself"), failure();
  if (static_cast<int>(operands.size()) > function.input_size())
    return note("it has more inputs than its function"), failure();
  ++depth;
  Scope body;
  body.call = &node;
  body.function = &function;
  body.caller = scope;
  body.prefix = (name + "/").str();
  for (const auto &opset : function.opset_import())
    body.opsets[plainDomain(opset.domain())] = opset.version();
  if (body.opsets.empty())
    for (const Scope *s = scope; s && body.opsets.empty(); s = s->parent)
      body.opsets = s->opsets;
  for (auto [i, v] : llvm::enumerate(operands))
    if (v)
      body.values[function.input(i)] = v;
  for (const std::string &input : function.input())
    if (!body.values.contains(input))
      body.absent.insert(input);
  Scope *outer = scope;
  scope = &body;
  size_t before = errorCount;
  importNodes(function.node());
  notes.clear();
  for (const std::string &output : function.output()) {
    Value v = lookup(output);
    if (!v && errorCount == before)
      note("its function's output '" + shown(output) + "' is not produced");
    results.push_back(v);
  }
  scope = outer;
  --depth;
  if (errorCount > before)
    note("nodes of its function cannot be imported");
  // An output that the call does not use may be missing.
  for (int i = 0; i < node.output_size(); ++i)
    if (!node.output(i).empty() && (i >= static_cast<int>(results.size()) || !results[i]))
      return failure();
  return success(errorCount == before);
}

} // namespace mlc::importer

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "compiler/PlanFile.h"
#include "compiler/Constants.h"
#include "llvm/Support/FileSystem.h"
#include "runtime/plan/crc32c.h"
#include "runtime/plan/format.h"
#include "runtime/plan/plan_generated.h"
#include "runtime/plan/plan_writer.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

constexpr uint32_t kNone = 0xffffffff;
constexpr const char *kElementsAttr = "graph.elements";

/// The ONNX number of an element type.
int32_t dtypeNumber(Type type) {
  if (auto i = dyn_cast<IntegerType>(type)) {
    bool u = i.isUnsigned();
    switch (i.getWidth()) {
    case 1: return 9;
    case 4: return u ? 21 : 22;
    case 8: return u ? 2 : 3;
    case 16: return u ? 4 : 5;
    case 32: return u ? 12 : 6;
    case 64: return u ? 13 : 7;
    default: return 0;
    }
  }
  return TypeSwitch<Type, int32_t>(type)
      .Case<Float32Type>([](auto) { return 1; })
      .Case<Float16Type>([](auto) { return 10; })
      .Case<Float64Type>([](auto) { return 11; })
      .Case<BFloat16Type>([](auto) { return 16; })
      .Case<Float8E4M3FNType>([](auto) { return 17; })
      .Case<Float8E4M3FNUZType>([](auto) { return 18; })
      .Case<Float8E5M2Type>([](auto) { return 19; })
      .Case<Float8E5M2FNUZType>([](auto) { return 20; })
      .Default([](auto) { return 0; });
}

/// Expressions of an entry as the nodes of its shape program.
class ExprTable {
public:
  uint32_t operator()(const DimExpr &e) {
    uint32_t sum = kNone;
    for (const DimExpr::Term &t : e.terms()) {
      uint32_t p = kNone;
      if (t.coefficient != 1 || t.atoms.empty())
        p = node(plan::ExprOp::Const, t.coefficient, 0);
      for (const auto &atom : t.atoms) {
        uint32_t a = atomNode(*atom);
        p = p == kNone ? a : node(plan::ExprOp::Mul, p, a);
      }
      sum = sum == kNone ? p : node(plan::ExprOp::Add, sum, p);
    }
    return sum == kNone ? node(plan::ExprOp::Const, 0, 0) : sum;
  }

  /// Symbols in the order of first use; the caller makes sure that each is bound.
  uint32_t symbol(StringRef name) {
    auto [it, fresh] = symbolIndex.try_emplace(name, symbols.size());
    if (fresh)
      symbols.push_back(name.str());
    return it->second;
  }

  std::vector<plan::ExprNode> nodes;
  std::vector<std::string> symbols;

private:
  uint32_t node(plan::ExprOp op, int64_t a, int64_t b) {
    auto [it, fresh] = index.try_emplace({static_cast<int>(op), a, b}, nodes.size());
    if (fresh)
      nodes.push_back(plan::ExprNode(op, a, b));
    return it->second;
  }
  uint32_t atomNode(const DimExpr::Atom &atom) {
    using Kind = DimExpr::Kind;
    if (atom.kind == Kind::Symbol)
      return node(plan::ExprOp::Symbol, symbol(atom.text), 0);
    uint32_t a = (*this)(atom.args[0]), b = (*this)(atom.args[1]);
    switch (atom.kind) {
    case Kind::FloorDiv: return node(plan::ExprOp::FloorDiv, a, b);
    case Kind::CeilDiv: return node(plan::ExprOp::CeilDiv, a, b);
    case Kind::Mod: return node(plan::ExprOp::Mod, a, b);
    case Kind::Min: return node(plan::ExprOp::Min, a, b);
    default: return node(plan::ExprOp::Max, a, b);
    }
  }
  std::map<std::tuple<int, int64_t, int64_t>, uint32_t> index;
  llvm::StringMap<uint32_t> symbolIndex;
};

using Builder = flatbuffers::FlatBufferBuilder;
template <typename T> using Vec = flatbuffers::Offset<flatbuffers::Vector<T>>;
template <typename T> using Off = flatbuffers::Offset<T>;

/// How constants come from the model's initializers, for plans without weights.
class RecipeTable {
public:
  RecipeTable(Builder &fb, const llvm::DenseMap<const void *, std::string> &initializers) : fb(fb), initializers(initializers) {}

  /// Adds the recipe of constant `index`; false when something in it is no initializer.
  bool add(uint32_t index, Value v) {
    std::vector<Off<plan::Move>> steps;
    llvm::DenseMap<Value, uint32_t> added;
    if (!addSteps(v, steps, added))
      return false;
    auto bits = cast<RankedTensorType>(v.getType()).getElementType().getIntOrFloatBitWidth();
    recipes.push_back(plan::CreateRecipeDirect(fb, index, (bits + 7) / 8, &steps));
    return true;
  }

  std::vector<Off<plan::WeightSource>> sources;
  std::vector<Off<plan::Recipe>> recipes;

private:
  /// Appends what makes `v`, unless it was added before.
  bool addSteps(Value v, std::vector<Off<plan::Move>> &steps, llvm::DenseMap<Value, uint32_t> &added) {
    if (added.contains(v))
      return true;
    Operation *op = v.getDefiningOp();
    runtime::Move move;
    std::vector<uint32_t> inputs;
    if (isa<ConstantOp>(op)) {
      ConstantBytes bytes = ConstantBytes::of(v);
      auto name = initializers.find(bytes.bytes().data());
      if (name == initializers.end())
        return false;
      ArrayRef<int64_t> shape = cast<RankedTensorType>(v.getType()).getShape();
      move.dims.assign(shape.begin(), shape.end());
      move.a = {sourceIndex(name->second, bytes.bytes())};
    } else {
      move = moveOf(op);
      for (Value operand : op->getOperands()) {
        if (!addSteps(operand, steps, added))
          return false;
        inputs.push_back(added.lookup(operand));
      }
    }
    added[v] = steps.size();
    steps.push_back(plan::CreateMoveDirect(fb, move.op, &inputs, &move.dims, &move.a, &move.b));
    return true;
  }

  int64_t sourceIndex(StringRef name, ArrayRef<char> bytes) {
    auto [it, fresh] = sourceNumbers.try_emplace(name, sources.size());
    if (fresh)
      sources.push_back(plan::CreateWeightSourceDirect(fb, name.str().c_str(), bytes.size(), runtime::Crc32c(bytes.data(), bytes.size())));
    return it->second;
  }

  Builder &fb;
  const llvm::DenseMap<const void *, std::string> &initializers;
  llvm::StringMap<int64_t> sourceNumbers;
};

class Serializer {
public:
  Serializer(const PlanParts &parts, const CompileOptions &options) : parts(parts), options(options) {}

  llvm::Expected<uint64_t> write(const std::string *path, std::string *bytes) {
    layoutWeights();
    auto entry = entryTable();
    if (!entry)
      return entry.takeError();
    std::vector<Off<plan::Target>> targets;
    for (const PlanParts::Target &t : parts.targets)
      targets.push_back(targetTable(t));
    std::vector<Off<plan::KeyValue>> metadata;
    if (auto dict = parts.module->getAttrOfType<DictionaryAttr>(kMetadataAttr))
      for (NamedAttribute a : dict)
        metadata.push_back(plan::CreateKeyValueDirect(fb, a.getName().str().c_str(), cast<StringAttr>(a.getValue()).str().c_str()));
    auto segments = writer.BuildSegments(fb);
    std::vector<Off<flatbuffers::String>> features;
    if (controlFlow)
      features.push_back(fb.CreateString("control_flow"));
    if (!checks.empty())
      features.push_back(fb.CreateString("shape_checks"));
    if (!options.buckets.empty())
      features.push_back(fb.CreateString("buckets"));
    if (llvm::any_of(parts.targets, [](const PlanParts::Target &t) { return t.backend->minCuda > 0; }))
      features.push_back(fb.CreateString("cuda"));
    if (llvm::any_of(parts.targets, [](const PlanParts::Target &t) { return llvm::any_of(t.kernels, [](const NamedKernel &k) { return !k.kernel.tensorMaps.empty(); }); }))
      features.push_back(fb.CreateString("tensor_maps"));
    if (llvm::any_of(parts.targets, [](const PlanParts::Target &t) { return llvm::any_of(t.kernels, [](const NamedKernel &k) { return k.kernel.library.has_value(); }); }))
      features.push_back(fb.CreateString("cublaslt"));
    auto constantVector = fb.CreateVector(constants);
    auto targetVector = fb.CreateVector(targets);
    auto metadataVector = fb.CreateVector(metadata);
    auto featureVector = fb.CreateVector(features);
    auto entries = fb.CreateVector(std::vector<Off<plan::Entry>>{*entry});
    auto compiler = fb.CreateString("mlc " MLC_VERSION), hash = fb.CreateString(sourceHash()), flags = fb.CreateString(options.flags);
    plan::FinishPlanBuffer(fb, plan::CreatePlan(fb, compiler, hash, flags, featureVector, metadataVector, segments, constantVector, targetVector, entries));
    if (options.stripWeights)
      return writeStripped(path, bytes);
    runtime::Status status;
    if (path)
      status = writer.WriteFile(*path, fb);
    else
      status = writer.WriteBytes(fb, bytes);
    if (!status.ok())
      return llvm::createStringError(std::make_error_code(std::errc::io_error), "%s", status.message());
    uint64_t total = fb.GetSize() + 64 + weightsBytes;
    for (const PlanParts::Target &t : parts.targets)
      total += t.code.bytes.size();
    return total;
  }

  uint64_t weightsBytes = 0;

private:
  std::string sourceHash() const { return options.sourceHash.valid() ? options.sourceHash.get() : ""; }

  static uint64_t align(uint64_t v, uint64_t a) { return (v + a - 1) / a * a; }

  static uint64_t constantSize(Value v) {
    auto type = cast<RankedTensorType>(v.getType());
    return (type.getElementType().getIntOrFloatBitWidth() + 7) / 8 * type.getNumElements();
  }

  static runtime::Status writeConstants(ArrayRef<Value> values, runtime::ByteSink &sink) {
    const char zeros[64] = {};
    for (Value v : values) {
      ConstantBytes c = ConstantBytes::of(v);
      MLC_TRY(sink.Write(c.bytes().data(), c.bytes().size()));
      if (uint64_t pad = align(std::max<uint64_t>(c.bytes().size(), 1), 64) - c.bytes().size())
        MLC_TRY(sink.Write(zeros, pad));
    }
    return runtime::Ok();
  }

  /// One segment of weights; each constant is evaluated when its turn to be written comes.
  void layoutWeights() {
    std::vector<uint64_t> offsets;
    for (Value v : parts.constants->values()) {
      offsets.push_back(weightsBytes);
      // Constants without elements take a slot too, so that each lies in a segment.
      weightsBytes = align(weightsBytes + std::max<uint64_t>(constantSize(v), 1), 64);
    }
    uint32_t segment = kNone;
    if (weightsBytes) {
      std::vector<Value> values(parts.constants->values());
      segmentTargets.push_back(nullptr);
      segment = writer.AddSegment(plan::SegmentKind::Weights, weightsBytes, [values](runtime::ByteSink &sink) { return writeConstants(values, sink); });
    }
    for (auto [i, v] : llvm::enumerate(parts.constants->values())) {
      auto type = cast<RankedTensorType>(v.getType());
      std::vector<int64_t> dims(type.getShape().begin(), type.getShape().end());
      std::string layout = isa<ConstantOp>(v.getDefiningOp()) ? "" : v.getDefiningOp()->getName().getStringRef().str();
      constants.push_back(plan::CreateConstantDirect(fb, nodeName(v.getDefiningOp()).c_str(), segment, offsets[i], constantSize(v), dtypeNumber(type.getElementType()), &dims, layout.c_str()));
    }
  }

  /// `fb` holds the full plan's metadata. It becomes a segment of a plan that has everything else of the full one but the constants that recipes give.
  llvm::Expected<uint64_t> writeStripped(const std::string *path, std::string *bytes) {
    auto failed = [](const runtime::Status &status) { return llvm::createStringError(std::make_error_code(std::errc::io_error), "%s", status.message()); };
    if (runtime::Status status = writer.Complete(fb); !status.ok())
      return failed(status);
    Builder sb;
    runtime::PlanWriter stripped;
    uint32_t metadata = stripped.AddSegment(plan::SegmentKind::Metadata, fb.GetSize(), [&](runtime::ByteSink &sink) { return sink.Write(fb.GetBufferPointer(), fb.GetSize()); });
    RecipeTable recipes(sb, options.initializers);
    std::vector<Value> kept;
    uint64_t keptBytes = 0;
    for (auto [i, v] : llvm::enumerate(parts.constants->values()))
      if (!recipes.add(i, v)) {
        kept.push_back(v);
        keptBytes += align(std::max<uint64_t>(constantSize(v), 1), 64);
      }
    uint32_t keptSegment = kNone;
    if (!kept.empty())
      keptSegment = stripped.AddSegment(plan::SegmentKind::Weights, keptBytes, [&](runtime::ByteSink &sink) { return writeConstants(kept, sink); });
    std::vector<uint32_t> segments;
    for (const TargetCode *t : segmentTargets)
      segments.push_back(!t ? kNone : stripped.AddSegment(segmentKind(t->kind), t->bytes.size(), [t](runtime::ByteSink &sink) { return sink.Write(t->bytes.data(), t->bytes.size()); }));
    auto table = plan::CreateStrippedDirect(sb, metadata, keptSegment, &segments, &recipes.sources, &recipes.recipes);
    auto segmentVector = stripped.BuildSegments(sb);
    std::vector<Off<flatbuffers::String>> features{sb.CreateString(runtime::kStrippedFeature)};
    auto compiler = sb.CreateString("mlc " MLC_VERSION), hash = sb.CreateString(sourceHash()), flags = sb.CreateString(options.flags);
    plan::FinishPlanBuffer(sb, plan::CreatePlan(sb, compiler, hash, flags, sb.CreateVector(features), 0, segmentVector, 0, 0, 0, table));
    runtime::Status status = path ? stripped.WriteFile(*path, sb) : stripped.WriteBytes(sb, bytes);
    if (!status.ok())
      return failed(status);
    uint64_t size = 0;
    if (path && llvm::sys::fs::file_size(*path, size))
      return llvm::createStringError("cannot read the size of " + *path);
    return path ? size : bytes->size();
  }

  static plan::SegmentKind segmentKind(TargetCode::Kind kind) {
    switch (kind) {
    case TargetCode::Kind::HostImage: return plan::SegmentKind::HostCode;
    case TargetCode::Kind::Cubin: return plan::SegmentKind::Cubin;
    case TargetCode::Kind::Ptx: return plan::SegmentKind::Ptx;
    }
    llvm_unreachable("a kind of code");
  }

  Off<plan::Target> targetTable(const PlanParts::Target &t) {
    uint32_t segment = kNone;
    const std::string &code = t.code.bytes;
    if (!code.empty())
      segmentTargets.push_back(&t.code), segment = writer.AddSegment(segmentKind(t.code.kind), code.size(), [&code](runtime::ByteSink &sink) { return sink.Write(code.data(), code.size()); });
    std::vector<Off<plan::Kernel>> kernels;
    for (auto [named, range] : llvm::zip(t.kernels, t.code.ranges)) {
      const Kernel &k = named.kernel;
      auto product = k.library ? productTable(*k.library) : Off<plan::Product>();
      std::vector<plan::Access> params(named.inputs, plan::Access::Read);
      // Results may be read back by later phases of the kernel; in-place results share an operand's memory.
      params.insert(params.end(), named.results, plan::Access::Write);
      params.insert(params.end(), k.workspaces.size(), plan::Access::ReadWrite);
      std::vector<Off<plan::TensorMap>> maps;
      for (const TensorMap &m : k.tensorMaps)
        maps.push_back(plan::CreateTensorMapDirect(fb, m.buffer, m.isBf16, &m.dims, &m.strides, &m.box, &m.steps, &m.lower, &m.upper));
      kernels.push_back(plan::CreateKernelDirect(fb, named.name.c_str(), k.kind.c_str(), range.offset, range.size, &params, k.scalars.size(), k.threads, k.sharedBytes, k.cluster, k.waits, maps.empty() ? nullptr : &maps, product));
    }
    std::vector<Off<flatbuffers::String>> features;
    for (const std::string &f : t.backend->features)
      features.push_back(fb.CreateString(f));
    return plan::CreateTargetDirect(fb, t.backend->arch.c_str(), t.backend->triple.c_str(), &features, t.backend->rank, segment, &kernels, t.backend->minCuda);
  }

  Off<plan::Product> productTable(const LibraryProduct &p) {
    auto activation = p.activation == LibraryProduct::Activation::Relu ? plan::Activation::Relu : p.activation == LibraryProduct::Activation::GeluTanh ? plan::Activation::GeluTanh : plan::Activation::None;
    return plan::CreateProduct(fb, p.left, p.right, p.bias ? *p.bias : kNone, p.out, p.workspace, p.workspaceBytes, dtypeNumber(p.element), dtypeNumber(p.outElement), p.leftTransposed, p.rightTransposed, activation, p.addend ? *p.addend : kNone);
  }

  Off<plan::IO> io(StringAttr name, Value v, Type type) {
    std::vector<uint32_t> dims = indices(parts.facts->dims(v));
    return plan::CreateIODirect(fb, name.str().c_str(), dtypeNumber(cast<ShapedType>(type).getElementType()), &dims);
  }

  llvm::Expected<Off<plan::Entry>> entryTable() {
    func::FuncOp func = parts.func;
    std::vector<Off<plan::IO>> inputs, outputs;
    for (auto [i, arg] : llvm::enumerate(func.getArguments()))
      inputs.push_back(io(func.getArgAttrOfType<StringAttr>(i, kNameAttr), arg, arg.getType()));
    for (auto [i, v] : llvm::enumerate(func.getBody().front().getTerminator()->getOperands()))
      outputs.push_back(io(func.getResultAttrOfType<StringAttr>(i, kNameAttr), v, v.getType()));
    std::vector<Off<plan::Program>> programs;
    for (const PlanParts::Program &p : parts.programs)
      programs.push_back(programTable(p));
    std::vector<Off<plan::Symbol>> symbols;
    for (const std::string &name : exprs.symbols) {
      auto s = symbolTable(name);
      if (!s)
        return s.takeError();
      symbols.push_back(*s);
    }
    auto nodes = fb.CreateVectorOfStructs(exprs.nodes);
    auto name = fb.CreateString(func.getName().str());
    auto symbolVector = fb.CreateVector(symbols);
    auto inputVector = fb.CreateVector(inputs), outputVector = fb.CreateVector(outputs);
    auto programVector = fb.CreateVector(programs);
    auto checkVector = fb.CreateVector(checks);
    return plan::CreateEntry(fb, name, symbolVector, nodes, inputVector, outputVector, programVector, checkVector);
  }

  llvm::Expected<Off<plan::Symbol>> symbolTable(StringRef name) {
    func::FuncOp func = parts.func;
    SymbolInfo info = parts.facts->symbols.lookup(name);
    auto make = [&](plan::SymbolSource source, uint32_t input, uint32_t index) {
      return plan::CreateSymbolDirect(fb, name.str().c_str(), source, input, index, info.min, info.opt, info.max, info.divisor);
    };
    for (auto [i, arg] : llvm::enumerate(func.getArguments())) {
      for (auto [k, d] : llvm::enumerate(parts.facts->dims(arg)))
        if (d.asSymbol() == name)
          return make(plan::SymbolSource::InputDim, i, k);
      if (auto elements = func.getArgAttrOfType<DimsAttr>(i, kElementsAttr))
        for (auto [k, d] : llvm::enumerate(elements.getDims()))
          if (d.asSymbol() == name)
            return make(plan::SymbolSource::InputElement, i, k);
    }
    emitError(func.getLoc()) << "the dim '" << name << "' follows from no input's shape; fix it with --shape or --dims";
    return llvm::make_error<ModelError>();
  }

  std::vector<uint32_t> indices(ArrayRef<DimExpr> dims) {
    std::vector<uint32_t> out;
    for (const DimExpr &d : dims)
      out.push_back(exprs(d));
    return out;
  }

  Off<plan::Program> programTable(PlanParts::Program program) {
    bufferIndex.clear();
    blocks.assign(1, 0);
    kernelIndex.clear();
    for (auto [i, k] : llvm::enumerate(parts.targets[program.target].kernels))
      kernelIndex[k.name] = i;
    std::vector<Off<plan::Buffer>> buffers;
    Block &body = program.op.getBody().front();
    for (auto op : body.getOps<plan_ir::BufferOp>()) {
      bufferIndex[op.getBuffer()] = buffers.size();
      buffers.push_back(bufferTable(op));
    }
    blocks[0] = block(body);
    std::vector<plan::SymbolRange> bucket;
    if (program.bucket)
      for (const auto &[name, range] : *program.bucket)
        bucket.push_back(plan::SymbolRange(exprs.symbol(name), range.min, range.max));
    return plan::CreateProgramDirect(fb, program.target, &buffers, &blocks, bucket.empty() ? nullptr : &bucket);
  }

  Off<plan::Buffer> bufferTable(plan_ir::BufferOp op) {
    auto kind = llvm::StringSwitch<plan::BufferKind>(op.getKind())
                    .Case("input", plan::BufferKind::Input)
                    .Case("output", plan::BufferKind::Output)
                    .Case("constant", plan::BufferKind::Constant)
                    .Case("alias", plan::BufferKind::Alias)
                    .Default(plan::BufferKind::Temp);
    bool alias = kind == plan::BufferKind::Alias;
    uint32_t index = alias ? bufferIndex.lookup(op.getRoot()) : static_cast<uint32_t>(op.getIndex());
    auto dims = kind == plan::BufferKind::Input || kind == plan::BufferKind::Output ? signatureDims(kind, index) : indices(op.getDims().getDims());
    return plan::CreateBufferDirect(fb, kind, index, alias ? exprs(op.getOffset().getDims()[0]) : kNone, exprs(op.getSize().getDims()[0]), dtypeNumber(op.getElement()), &dims, op.getName().str().c_str());
  }

  /// Those of the caller's tensors, which a bucket's program knows as numbers.
  std::vector<uint32_t> signatureDims(plan::BufferKind kind, uint32_t index) {
    func::FuncOp func = parts.func;
    Block &body = func.getBody().front();
    return indices(parts.facts->dims(kind == plan::BufferKind::Input ? Value(body.getArgument(index)) : body.getTerminator()->getOperand(index)));
  }

  Off<plan::Block> block(Block &b) {
    std::vector<Off<plan::Instruction>> instructions;
    std::vector<uint32_t> blockChecks;
    for (Operation &op : b)
      if (auto check = dyn_cast<plan_ir::CheckOp>(op))
        blockChecks.push_back(checkIndex(check));
      else if (auto i = instruction(&op); !i.IsNull())
        instructions.push_back(i);
    return plan::CreateBlockDirect(fb, &instructions, &blockChecks);
  }

  /// Programs of several targets share their checks.
  uint32_t checkIndex(plan_ir::CheckOp check) {
    auto kind = llvm::StringSwitch<plan::CheckKind>(check.getKind())
                    .Case("equal", plan::CheckKind::Equal)
                    .Case("broadcast", plan::CheckKind::Broadcast)
                    .Case("broadcast_to", plan::CheckKind::BroadcastTo)
                    .Default(plan::CheckKind::AtMost);
    uint32_t left = exprs(check.getDims().getDims()[0]), right = exprs(check.getDims().getDims()[1]);
    auto [it, fresh] = checkNumbers.try_emplace({static_cast<int>(kind), left, right, check.getNode().str()}, checks.size());
    if (fresh)
      checks.push_back(plan::CreateShapeCheckDirect(fb, kind, left, right, check.getNode().str().c_str()));
    return it->second;
  }

  /// Reserves a number first, so that outer blocks come before inner ones.
  uint32_t nested(Region &region) {
    uint32_t number = blocks.size();
    blocks.push_back(0);
    auto b = block(region.front());
    blocks[number] = b;
    controlFlow = true;
    return number;
  }

  uint32_t bufferOf(Value v) { return v ? bufferIndex.lookup(v) : kNone; }
  std::vector<uint32_t> buffersOf(ValueRange values) {
    std::vector<uint32_t> out;
    for (Value v : values)
      out.push_back(bufferOf(v));
    return out;
  }

  Off<plan::Instruction> instruction(Operation *op) {
    if (auto launch = dyn_cast<plan_ir::LaunchOp>(op)) {
      auto buffers = buffersOf(launch.getBuffers());
      auto scalars = indices(launch.getScalars().getDims());
      Dims scratch = launch.getScratch().getDims(), work = launch.getWork().getDims();
      std::vector<Off<flatbuffers::String>> nodes;
      for (Attribute n : launch.getNodes())
        nodes.push_back(fb.CreateString(cast<StringAttr>(n).str()));
      std::vector<Off<flatbuffers::String>> patterns;
      if (auto names = launch.getPatterns())
        for (Attribute n : *names)
          patterns.push_back(fb.CreateSharedString(cast<StringAttr>(n).str()));
      auto table = plan::CreateLaunchDirect(fb, kernelIndex.lookup(launch.getKernel()), &buffers, &scalars, exprs(launch.getGrid().getDims()[0]),
                                            scratch[0].isConstant(0) ? kNone : exprs(scratch[0]), launch.getTaskNanoseconds().convertToDouble());
      return plan::CreateInstructionDirect(fb, plan::Op::Launch, table.Union(), launch.getLabel().str().c_str(), &nodes, exprs(work[0]), exprs(work[1]), launch.getStream().value_or(0),
                                             patterns.empty() ? nullptr : &patterns);
    }
    if (auto copy = dyn_cast<plan_ir::CopyOp>(op))
      return plan::CreateInstructionDirect(fb, plan::Op::Copy, plan::CreateCopy(fb, bufferOf(copy.getSource()), bufferOf(copy.getDestination())).Union(), copy.getLabel().str().c_str());
    if (auto branch = dyn_cast<plan_ir::IfOp>(op)) {
      uint32_t then = nested(branch.getThenRegion()), otherwise = nested(branch.getElseRegion());
      return plan::CreateInstructionDirect(fb, plan::Op::If, plan::CreateIf(fb, bufferOf(branch.getCondition()), then, otherwise).Union(), branch.getLabel().str().c_str());
    }
    if (auto loop = dyn_cast<plan_ir::LoopOp>(op)) {
      uint32_t body = nested(loop.getBody());
      auto carried = buffersOf(loop.getCarried()), next = buffersOf(loop.getNext()), elements = buffersOf(loop.getScanElement()), stacked = buffersOf(loop.getScanOutput());
      auto table = plan::CreateLoopDirect(fb, body, bufferOf(loop.getTrips()), bufferOf(loop.getCondition()), bufferOf(loop.getBodyCondition()), bufferOf(loop.getIteration()), &carried, &next, &elements, &stacked);
      return plan::CreateInstructionDirect(fb, plan::Op::Loop, table.Union(), loop.getLabel().str().c_str());
    }
    return {};
  }

  const PlanParts &parts;
  const CompileOptions &options;
  Builder fb;
  runtime::PlanWriter writer;
  ExprTable exprs;
  std::vector<const TargetCode *> segmentTargets; // of each segment, null for weights
  std::vector<Off<plan::Constant>> constants;
  std::vector<Off<plan::Block>> blocks;
  DenseMap<Value, uint32_t> bufferIndex;
  llvm::StringMap<uint32_t> kernelIndex;
  std::vector<Off<plan::ShapeCheck>> checks;
  std::map<std::tuple<int, uint32_t, uint32_t, std::string>, uint32_t> checkNumbers;
  bool controlFlow = false;
};

} // namespace

llvm::Expected<uint64_t> writePlan(const PlanParts &parts, const CompileOptions &options, const std::string *path, std::string *bytes) {
  return Serializer(parts, options).write(path, bytes);
}

} // namespace mlc

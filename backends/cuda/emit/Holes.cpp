// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Holes.h"
#include "backends/cuda/emit/CppPrinter.h"
#include "backends/cuda/kernels/Sources.h"
#include "passes/Fuse/Regions.h"
#include <numeric>

using namespace mlir;
using namespace mlc::graph;

namespace mlc::cuda {

constexpr int64_t kVectorBytes = 16;

unsigned Holes::sizeIndex(const DimExpr &size) {
  for (auto [i, s] : llvm::enumerate(scalars))
    if (s == size)
      return i;
  scalars.push_back(size);
  return scalars.size() - 1;
}

void Holes::addSize(StringRef name, const DimExpr &size) {
  std::string value = size.constant() ? std::to_string(*size.constant()) : "p.s" + std::to_string(sizeIndex(size));
  added.insert(name);
  functions += ("DEVICE int64_t " + name + "(const Params &p) { return " + value + "; }\n").str();
}

bool Holes::add(StringRef name, ArrayRef<Parameter> parameters, int64_t width, Type result,
                llvm::function_ref<std::optional<Value>(reference::Emitter &, ArrayRef<Value>)> body) {
  MLIRContext *context = region.getContext();
  Location loc = UnknownLoc::get(context);
  OwningOpRef<ModuleOp> module(ModuleOp::create(loc));
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Type> results;
  if (result)
    results.push_back(result);
  auto func = func::FuncOp::create(b, loc, "hole", b.getFunctionType({}, results));
  Block *entry = func.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  std::vector<std::string> names;
  auto argument = [&](Type type, std::string text) {
    names.push_back(std::move(text));
    return entry->addArgument(type, loc);
  };
  llvm::StringMap<Value> sizeValues;
  reference::Emitter e(b, loc, facts, width, [&](const DimExpr &x) {
    Value &v = sizeValues[x.str()];
    if (!v)
      v = argument(b.getI64Type(), "p.s" + std::to_string(sizeIndex(x)));
    return v;
  });
  auto ptr = LLVM::LLVMPointerType::get(context);
  e.fault = argument(ptr, "((char *)p.fault)");
  unsigned buffer = 0;
  auto setMemory = [&](Value inner, Value outer) {
    Value pointer = argument(ptr, "p.b" + std::to_string(buffer++));
    auto place = placements.of(outer);
    if (!place)
      return e.setMemory(inner, pointer, kVectorBytes);
    int64_t bytes = (facts.elementType(outer).getIntOrFloatBitWidth() + 7) / 8;
    auto offset = place->offset.constant();
    reference::Memory memory{pointer, {}, offset ? std::gcd(kVectorBytes, *offset * bytes) : bytes};
    for (const DimExpr &stride : place->strides)
      memory.strides.push_back(e.dim(stride));
    e.setMemory(inner, memory);
  };
  for (auto [inner, outer] : llvm::zip(region.getBody().front().getArguments(), region.getInputs()))
    setMemory(inner, outer);
  for (Value r : region.getResults())
    setMemory(r, r);
  std::string head = "const Params &p";
  SmallVector<Value> values;
  for (const Parameter &parameter : parameters) {
    values.push_back(argument(parameter.type, parameter.name));
    std::string type = cppType(parameter.type);
    head += ", " + (isa<VectorType>(parameter.type) ? "const " + type + " &" : type + " ") + parameter.name;
  }
  std::optional<Value> value = body(e, values);
  if (!value)
    return false;
  func::ReturnOp::create(b, loc, result ? ValueRange(*value) : ValueRange());
  func.setFunctionType(b.getFunctionType(entry->getArgumentTypes(), results));
  auto text = printFunction(func, name, head, names);
  if (failed(text))
    return false;
  functions += *text;
  added.insert(name);
  return true;
}

std::string Holes::text() const {
  std::string out = "struct Params {\n  ";
  for (unsigned i = 0; i < numBuffers(); ++i)
    out += "char *b" + std::to_string(i) + "; ";
  for (size_t i = 0; i < scalars.size(); ++i)
    out += "int64_t s" + std::to_string(i) + "; ";
  return out + "int *fault;\n};\n" + functions;
}

std::vector<Holes::Parameter> Holes::positions(std::initializer_list<const char *> names) const {
  std::vector<Parameter> out;
  for (const char *name : names)
    out.push_back({name, IntegerType::get(graph::RegionOp(region).getContext(), 64)});
  return out;
}

/// 0: a value has nothing to do with `variables`; 1: it is a sum of multiples of them; 2: it may be anything.
static int degree(Value v, ArrayRef<Value> variables, llvm::DenseMap<Value, int> &known) {
  if (llvm::is_contained(variables, v))
    return 1;
  Operation *op = v.getDefiningOp();
  if (!op)
    return 0;
  if (auto it = known.find(v); it != known.end())
    return it->second;
  int largest = 0, sum = 0;
  for (Value operand : op->getOperands()) {
    int d = degree(operand, variables, known);
    largest = std::max(largest, d);
    sum += d;
  }
  bool keeps = isa<arith::AddIOp, arith::SubIOp, LLVM::GEPOp>(op) || (isa<arith::MulIOp>(op) && sum <= 1);
  return known[v] = largest == 0 || (keeps && op->getNumRegions() == 0) ? largest : 2;
}

bool Holes::addAddress(const std::string &name, std::initializer_list<const char *> names, Value operand, IndexOf index, ArrayRef<unsigned> along, bool *isLinear) {
  int64_t lanes = kVectorBytes * 8 / facts.elementType(operand).getIntOrFloatBitWidth();
  return add(name + "Address", positions(names), lanes, LLVM::LLVMPointerType::get(region.getContext()), [&](reference::Emitter &e, ArrayRef<Value> v) -> std::optional<Value> {
    int64_t alignment = 1;
    auto address = e.addressOf(operand, index(e, v, true), &alignment);
    if (isLinear && address) {
      llvm::DenseMap<Value, int> known;
      *isLinear = degree(*address, llvm::map_to_vector(along, [&](unsigned i) { return v[i]; }), known) <= 1;
    }
    return alignment >= kVectorBytes ? address : std::nullopt;
  });
}

bool Holes::addPack(const std::string &name, std::initializer_list<const char *> names, Value operand, IndexOf index) {
  int64_t lanes = kVectorBytes * 8 / facts.elementType(operand).getIntOrFloatBitWidth();
  return add(name + "Pack", positions(names), lanes, VectorType::get({lanes}, facts.elementType(operand)), [&](reference::Emitter &e, ArrayRef<Value> v) -> std::optional<Value> {
    Value pack = e.at(operand, index(e, v, true));
    return e.isVector(pack) ? pack : e.splat(pack);
  });
}

bool Holes::addElement(const std::string &name, std::initializer_list<const char *> names, Value operand, IndexOf index) {
  return add(name + "Element", positions(names), 1, facts.elementType(operand), [&](reference::Emitter &e, ArrayRef<Value> v) { return std::optional<Value>(e.at(operand, index(e, v, false))); });
}

void Holes::complete(StringRef name, StringRef result, StringRef parameters) {
  if (added.insert(name).second)
    functions += ("DEVICE " + result + " " + name + "(const Params &" + (parameters.empty() ? "" : ", ") + parameters + ") { return " + (result == "void" ? "" : "{}") + "; }\n").str();
}

bool Holes::isConstant(Value operand) const {
  while (Operation *op = operand.getDefiningOp()) {
    if (op->getNumOperands() != 1)
      return false;
    operand = op->getOperand(0);
  }
  return isConstantExpression(RegionOp(region).getInputs()[cast<BlockArgument>(operand).getArgNumber()]);
}

StringRef Holes::mathSource() const {
  auto isHalf = [](Value r) { return isa<FloatType>(getElementTypeOrSelf(r.getType())) && getElementTypeOrSelf(r.getType()).getIntOrFloatBitWidth() == 16; };
  return llvm::all_of(RegionOp(region).getResults(), isHalf) ? kNarrowMathSource : "";
}

std::string Holes::kernel(int64_t threads, int64_t sharedBytes, StringRef tile, StringRef call, unsigned tensorMaps) const {
  std::string parameters, values;
  for (unsigned i = 0; i < numBuffers(); ++i) {
    parameters += "char *b" + std::to_string(i) + ", ";
    values += "b" + std::to_string(i) + ", ";
  }
  for (size_t i = 0; i < scalars.size(); ++i) {
    parameters += "int64_t s" + std::to_string(i) + ", ";
    values += "s" + std::to_string(i) + ", ";
  }
  std::string maps, addresses;
  for (unsigned i = 0; i < tensorMaps; ++i) {
    maps += ", const __grid_constant__ TensorMap t" + std::to_string(i);
    addresses += ", &t" + std::to_string(i);
  }
  return ("extern \"C\" __global__ void __launch_bounds__(" + llvm::Twine(threads) + ") MLC_KERNEL(" + parameters +
          "int *fault" + maps + ") {\n  extern __shared__ __align__(16) char MLC_KERNEL_shared[];\n  const Params p = {" + values + "fault};\n  static_assert(" + tile + "::kSharedBytes == " + llvm::Twine(sharedBytes) +
          ", \"the launch gives what the tile needs\");\n  " + call + "(p, MLC_KERNEL_shared" + addresses + ");\n}\n")
      .str();
}

void rememberAccumulator(reference::Emitter &e, Value product, ArrayRef<reference::Index> index, Value accumulator) {
  e.remember(product, index, e.convert(accumulator, e.b.getF32Type(), e.facts.elementType(product)));
  for (Operation *user : product.getUsers())
    if (auto cast = dyn_cast<CastOp>(user); cast && cast.getTo().isF32())
      e.remember(cast.getY(), index, accumulator);
}

} // namespace mlc::cuda

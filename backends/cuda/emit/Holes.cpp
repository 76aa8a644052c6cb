// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/Holes.h"
#include "backends/cuda/emit/CppPrinter.h"
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

std::string Holes::kernelParameters() const {
  std::string out;
  for (unsigned i = 0; i < numBuffers(); ++i)
    out += "char *b" + std::to_string(i) + ", ";
  for (size_t i = 0; i < scalars.size(); ++i)
    out += "int64_t s" + std::to_string(i) + ", ";
  return out + "int *fault";
}

std::string Holes::paramsInitializer() const {
  std::string out = "{";
  for (unsigned i = 0; i < numBuffers(); ++i)
    out += "b" + std::to_string(i) + ", ";
  for (size_t i = 0; i < scalars.size(); ++i)
    out += "s" + std::to_string(i) + ", ";
  return out + "fault}";
}

} // namespace mlc::cuda

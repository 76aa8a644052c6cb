// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/emit/PixelStore.h"
#include "backends/cuda/emit/CppPrinter.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::cuda {

static constexpr const char *kPosition = "int64_t, int64_t, int64_t, int64_t, ";

static std::string pack(const std::string &type, int64_t width) { return "Pack<" + type + ", " + std::to_string(width) + ">"; }

bool PixelStore::add(ConvOp conv, int64_t width) {
  Dims y(holes.facts.dims(conv.getY()));
  bool isVector = width > 1;
  auto typed = [&](Type element) { return isVector ? Type(VectorType::get({width}, element)) : element; };
  auto indexOf = [&](Emitter &e, ArrayRef<Value> v) {
    Indices index;
    for (unsigned i = 0; i < 3; ++i) // a dim of one element has one place, by which the emitter knows what is remembered
      index.push_back(y[i].isConstant(1) ? e.zero() : e.position(v[i]));
    index.push_back(y[3].isConstant(1) ? e.zero() : Index{v[3], isVector, isVector});
    return index;
  };
  auto yields = region.getBody().front().getTerminator()->getOperands();
  auto parameters = holes.positions({"image", "y", "x", "c"});
  parameters.push_back({"acc", typed(Float32Type::get(region.getContext()))});
  bool whole = holes.add(isVector ? "storeVector" : "storeOne", parameters, width, Type(), [&](Emitter &e, ArrayRef<Value> v) {
    Indices index = indexOf(e, v);
    rememberAccumulator(e, conv.getY(), index, v[4]);
    for (auto [result, yielded] : llvm::zip(region.getResults(), yields))
      e.store(result, index, e.at(yielded, index));
    return std::optional<Value>(Value());
  });
  if (!whole || !isVector || region.getNumResults() != 1) {
    byVectors = false;
    return whole;
  }
  // NOTE: an element of bits is stored as a byte, which only the store knows.
  Type element = holes.facts.elementType(region.getResult(0));
  if (!isa<FloatType>(element)) {
    byVectors = false;
    return true;
  }
  byVectors &= holes.add("resultVector", parameters, width, typed(element), [&](Emitter &e, ArrayRef<Value> v) {
    Indices index = indexOf(e, v);
    rememberAccumulator(e, conv.getY(), index, v[4]);
    Value value = e.at(yields[0], index);
    return std::optional<Value>(e.isVector(value) ? value : e.splat(value));
  });
  parameters.back() = {"value", typed(element)};
  byVectors &= holes.add("writeVector", parameters, width, Type(), [&](Emitter &e, ArrayRef<Value> v) {
    e.store(region.getResult(0), indexOf(e, v), v[4]);
    return std::optional<Value>(Value());
  });
  return true;
}

std::string PixelStore::resultType() const {
  std::string type = cppType(holes.facts.elementType(graph::RegionOp(region).getResult(0)));
  return type.empty() ? "float" : type;
}

void PixelStore::complete(int64_t width) {
  holes.complete("storeVector", "void", kPosition + ("const " + pack("float", width)) + " &");
  holes.complete("resultVector", pack(resultType(), width), kPosition + ("const " + pack("float", width)) + " &");
  holes.complete("writeVector", "void", kPosition + ("const " + pack(resultType(), width)) + " &");
  holes.complete("storeOne", "void", std::string(kPosition) + "float");
}

std::string PixelStore::config() const { return "typedef " + resultType() + " Result;\n  static constexpr bool kByVectors = " + (byVectors ? "true" : "false") + ";\n"; }

} // namespace mlc::cuda

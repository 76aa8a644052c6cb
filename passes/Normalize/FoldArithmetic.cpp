// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// One row per op that is computed here. IEEE arithmetic has one right result, so that nobody can tell these values from a kernel's.
#include "passes/Fuse/Regions.h"
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Folding.h"
#include "passes/Normalize/Passes.h"
#include <cmath>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_FOLDARITHMETIC
#include "passes/Normalize/Passes.h.inc"

namespace {

/// A constant's floats, or one that stands for all. In a model's file they may lie at any byte.
struct Elements {
  const char *data = nullptr;
  bool isSplat = false;
};

float load(const char *p) {
  float f;
  std::memcpy(&f, p, sizeof(f));
  return f;
}

/// The f32 constant behind `v` and the reshapes in front of it.
std::optional<Elements> elementsOf(Value v) {
  while (auto reshape = v.getDefiningOp<ReshapeOp>())
    v = reshape.getX();
  auto constant = v.getDefiningOp<ConstantOp>();
  if (!constant || !constant.getValue().getElementType().isF32() || constant.getValue().getNumElements() == 0)
    return std::nullopt;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
    return Elements{dense.getRawData().data(), dense.isSplat()};
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
  if (!resource || isElided(resource))
    return std::nullopt;
  return Elements{resource.getRawHandle().getBlob()->getData().data(), false};
}

/// Nested loops over a result's elements: dims that all operands step through alike are one.
struct Loops {
  SmallVector<int64_t> extents;
  SmallVector<std::array<int64_t, 2>> strides; // of both operands in bytes, 0 along what is broadcast

  void add(int64_t extent, std::array<int64_t, 2> stride) { // from the outermost inwards
    if (extent == 1)
      return;
    if (!extents.empty()) {
      std::array<int64_t, 2> &above = strides.back();
      if (above[0] == stride[0] * extent && above[1] == stride[1] * extent) {
        extents.back() *= extent;
        above = stride;
        return;
      }
    }
    extents.push_back(extent);
    strides.push_back(stride);
  }
};

Loops loopsOf(ArrayRef<int64_t> result, std::array<ArrayRef<int64_t>, 2> shapes, std::array<bool, 2> splats) {
  SmallVector<std::array<int64_t, 2>> strides(result.size());
  for (unsigned k = 0; k < 2; ++k) {
    int64_t stride = splats[k] ? 0 : sizeof(float);
    for (size_t i = 0; i < shapes[k].size(); ++i) {
      int64_t extent = shapes[k][shapes[k].size() - 1 - i];
      strides[result.size() - 1 - i][k] = extent == 1 ? 0 : stride;
      stride *= extent;
    }
  }
  Loops loops;
  for (auto [extent, stride] : llvm::zip(result, strides))
    loops.add(extent, stride);
  if (loops.extents.empty())
    loops.extents = {1}, loops.strides = {{0, 0}};
  return loops;
}

template <typename F> float *apply(const Loops &loops, unsigned depth, const char *a, const char *b, float *out, F f) {
  int64_t extent = loops.extents[depth];
  auto [stepA, stepB] = loops.strides[depth];
  if (depth + 1 < loops.extents.size()) {
    for (int64_t i = 0; i < extent; ++i)
      out = apply(loops, depth + 1, a + i * stepA, b + i * stepB, out, f);
    return out;
  }
  for (int64_t i = 0; i < extent; ++i)
    out[i] = f(load(a + i * stepA), load(b + i * stepB));
  return out + extent;
}

using Function = void (*)(const Loops &, const char *a, const char *b, float *out);
template <auto f> void over(const Loops &loops, const char *a, const char *b, float *out) {
  apply(loops, 0, a, b, out, f);
}

/// What computes the op; unary ones get their operand twice. Null: it takes a kernel.
Function functionOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([](AddOp) { return over<[](float a, float b) { return a + b; }>; })
      .Case([](SubOp) { return over<[](float a, float b) { return a - b; }>; })
      .Case([](MulOp) { return over<[](float a, float b) { return a * b; }>; })
      .Case([](DivOp) { return over<[](float a, float b) { return a / b; }>; })
      .Case([](NegOp) { return over<[](float a, float) { return -a; }>; })
      .Case([](SqrtOp) { return over<[](float a, float) { return std::sqrt(a); }>; })
      .Case([](ReciprocalOp) { return over<[](float a, float) { return 1 / a; }>; })
      .Default(nullptr);
}

ElementsAttr valueOf(Operation *op) {
  Function function = functionOf(op);
  auto type = function ? dyn_cast<RankedTensorType>(op->getResult(0).getType()) : RankedTensorType();
  if (!type || !type.hasStaticShape() || !type.getElementType().isF32() || type.getNumElements() == 0)
    return {};
  std::array<ArrayRef<int64_t>, 2> shapes;
  std::array<Elements, 2> elements;
  int64_t sources = 0;
  for (unsigned k = 0; k < 2; ++k) {
    Value v = op->getOperand(std::min(k, op->getNumOperands() - 1));
    auto from = elementsOf(v);
    auto shaped = dyn_cast<RankedTensorType>(v.getType());
    if (!from || !shaped || !shaped.hasStaticShape())
      return {};
    elements[k] = *from;
    shapes[k] = shaped.getShape();
    sources += k < op->getNumOperands() ? storedBytes(v) : 0;
  }
  int64_t bytes = storedBytes(op->getResult(0));
  if (!isWorthFolding(bytes, sources))
    return {};
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(bytes, 64);
  function(loopsOf(type.getShape(), shapes, {elements[0].isSplat, elements[1].isSplat}), elements[0].data, elements[1].data, reinterpret_cast<float *>(blob.getMutableData().data()));
  return foldedAttribute(type, std::move(blob));
}

struct FoldArithmetic : impl::FoldArithmeticBase<FoldArithmetic> {
  void runOnOperation() override {
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      ElementsAttr value = valueOf(op);
      if (!value)
        return;
      OpBuilder b(op);
      op->getResult(0).replaceAllUsesWith(ConstantOp::create(b, op->getLoc(), value));
      ++numFolded;
    });
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace mlc

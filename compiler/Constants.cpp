// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Constant expressions are evaluated one at a time while the plan is written, so packed weights never exist all at once.
#include "compiler/Constants.h"
#include "dialects/Graph/Graph.h"
#include <cstring>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

using Shape = ArrayRef<int64_t>;

SmallVector<int64_t> rowMajor(Shape shape) {
  SmallVector<int64_t> strides(shape.size());
  int64_t s = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = s;
    s *= shape[i];
  }
  return strides;
}

/// A transposition in blocks that fit in the cache: `from` is contiguous along the outer dim, `to` along the inner one.
void copyTransposed(const char *from, int64_t fromStride, char *to, int64_t toStride, int64_t outer, int64_t inner, size_t bytes) {
  constexpr int64_t kBlock = 32;
  for (int64_t o = 0; o < outer; o += kBlock)
    for (int64_t i = 0; i < inner; i += kBlock)
      for (int64_t oo = o; oo < std::min(outer, o + kBlock); ++oo)
        for (int64_t ii = i; ii < std::min(inner, i + kBlock); ++ii)
          std::memcpy(to + (oo * toStride + ii) * bytes, from + (ii * fromStride + oo) * bytes, bytes);
}

/// Copies a box: for each index of `extents`, one element from `from + index . fromStrides` to `to + index . toStrides` (strides in elements, may be negative).
void copyBox(const char *from, Shape fromStrides, char *to, Shape toStrides, Shape extents, size_t elementBytes) {
  if (llvm::is_contained(extents, 0))
    return;
  if (extents.empty()) {
    std::memcpy(to, from, elementBytes);
    return;
  }
  int64_t n = extents.front(), fs = fromStrides.front() * static_cast<int64_t>(elementBytes), ts = toStrides.front() * static_cast<int64_t>(elementBytes);
  if (extents.size() == 1) {
    if (fromStrides.front() == 1 && toStrides.front() == 1) {
      std::memcpy(to, from, n * elementBytes);
    } else if (elementBytes == 4) {
      for (int64_t i = 0; i < n; ++i)
        std::memcpy(to + i * ts, from + i * fs, 4);
    } else {
      for (int64_t i = 0; i < n; ++i)
        std::memcpy(to + i * ts, from + i * fs, elementBytes);
    }
    return;
  }
  if (extents.size() == 2 && fromStrides[0] == 1 && toStrides[1] == 1) {
    copyTransposed(from, fromStrides[1], to, toStrides[0], extents[0], extents[1], elementBytes);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    copyBox(from + i * fs, fromStrides.drop_front(), to + i * ts, toStrides.drop_front(), extents.drop_front(), elementBytes);
}

size_t elementBytes(RankedTensorType type) { return (type.getElementType().getIntOrFloatBitWidth() + 7) / 8; }

/// Bytes of a constant's attribute; bools and splats are spelled out into `owned`.
ArrayRef<char> attributeBytes(ElementsAttr value, std::vector<char> &owned) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    return blob ? blob->getData() : ArrayRef<char>();
  }
  auto dense = cast<DenseElementsAttr>(value);
  auto type = cast<RankedTensorType>(dense.getType());
  if (type.getElementType().isInteger(1)) {
    for (bool b : dense.getValues<bool>())
      owned.push_back(b);
    return owned;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat())
    return raw;
  size_t bytes = elementBytes(type);
  owned.resize(bytes * type.getNumElements());
  for (size_t at = 0; at < owned.size(); at += bytes)
    std::memcpy(owned.data() + at, raw.data(), bytes);
  return owned;
}

void evaluate(Operation *op, std::vector<char> &out) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  size_t bytes = elementBytes(type);
  out.assign(bytes * type.getNumElements(), 0);
  auto strides = rowMajor(type.getShape());
  auto input = [&](unsigned i) { return cast<RankedTensorType>(op->getOperand(i).getType()); };
  TypeSwitch<Operation *>(op)
      .Case<ReshapeOp>([&](auto) {
        auto source = ConstantBytes::of(op->getOperand(0));
        std::memcpy(out.data(), source.bytes().data(), out.size());
      })
      .Case<TransposeOp>([&](TransposeOp t) {
        auto source = ConstantBytes::of(op->getOperand(0));
        auto from = rowMajor(input(0).getShape());
        SmallVector<int64_t> permuted;
        for (int64_t p : t.getPerm())
          permuted.push_back(from[p]);
        copyBox(source.bytes().data(), permuted, out.data(), strides, type.getShape(), bytes);
      })
      .Case<PadOp>([&](PadOp pad) {
        auto source = ConstantBytes::of(op->getOperand(0));
        auto from = rowMajor(input(0).getShape());
        int64_t fromAt = 0, toAt = 0;
        SmallVector<int64_t> extents;
        for (auto [i, low] : llvm::enumerate(pad.getLow().getDims())) {
          int64_t l = *low.constant(), h = *pad.getHigh().getDims()[i].constant(), n = input(0).getDimSize(i);
          // Negative counts crop.
          fromAt += std::max<int64_t>(-l, 0) * from[i];
          toAt += std::max<int64_t>(l, 0) * strides[i];
          extents.push_back(std::max<int64_t>(0, n - std::max<int64_t>(-l, 0) - std::max<int64_t>(-h, 0)));
        }
        copyBox(source.bytes().data() + fromAt * bytes, from, out.data() + toAt * bytes, strides, extents, bytes);
      })
      .Case<SliceOp>([&](SliceOp slice) {
        auto source = ConstantBytes::of(op->getOperand(0));
        auto from = rowMajor(input(0).getShape());
        int64_t at = 0;
        for (auto [i, start] : llvm::enumerate(slice.getStarts().getDims())) {
          at += *start.constant() * from[i];
          from[i] *= slice.getSteps()[i];
        }
        copyBox(source.bytes().data() + at * static_cast<int64_t>(bytes), from, out.data(), strides, type.getShape(), bytes);
      })
      .Case<ConcatOp>([&](ConcatOp concat) {
        int64_t at = 0, axis = concat.getAxis();
        for (auto [i, x] : llvm::enumerate(concat.getXs())) {
          auto source = ConstantBytes::of(x);
          copyBox(source.bytes().data(), rowMajor(input(i).getShape()), out.data() + at * bytes, strides, input(i).getShape(), bytes);
          at += input(i).getDimSize(axis) * strides[axis];
        }
      });
}

} // namespace

ConstantBytes ConstantBytes::of(ElementsAttr value) {
  ConstantBytes result;
  result.borrowed = attributeBytes(value, result.owned);
  return result;
}

ConstantBytes ConstantBytes::of(Value v) {
  Operation *op = v.getDefiningOp();
  if (auto constant = dyn_cast<ConstantOp>(op))
    return of(constant.getValue());
  ConstantBytes result;
  evaluate(op, result.owned);
  return result;
}

} // namespace mlc

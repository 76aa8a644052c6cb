// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/tiles/RegisterTile.h"

using namespace mlir;

namespace mlc::host {

constexpr int64_t kUnroll = 4; // steps of k per iteration

Value advance(reference::Emitter &e, Value pointer, Value elements) {
  return LLVM::GEPOp::create(e.b, e.loc, pointer.getType(), e.b.getF32Type(), pointer, ArrayRef<LLVM::GEPArg>{elements});
}

void RegisterTile::clear() {
  Value zero = e.constant(VectorType::get({e.width}, e.b.getF32Type()), 0);
  acc.assign(rows * panels * vectorsPerPanel(), zero);
}

void RegisterTile::accumulate(ArrayRef<Value> left, ArrayRef<Value> right, Value depth) {
  Type vectorType = VectorType::get({e.width}, e.b.getF32Type());
  auto step = [&](Value k, SmallVector<Value> next) {
    SmallVector<Value> columns;
    Value panelOffset = e.mul(k, e.i64(kPanel));
    for (int64_t p = 0; p < panels; ++p) {
      Value base = advance(e, right[p], panelOffset);
      for (int64_t v = 0; v < vectorsPerPanel(); ++v)
        columns.push_back(LLVM::LoadOp::create(e.b, e.loc, vectorType, v ? advance(e, base, e.i64(v * e.width)) : base, 4));
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value x = LLVM::LoadOp::create(e.b, e.loc, e.b.getF32Type(), advance(e, left[r], k), 4);
      Value splat = vector::BroadcastOp::create(e.b, e.loc, vectorType, x);
      for (size_t c = 0; c < columns.size(); ++c) {
        Value &a = next[r * columns.size() + c];
        a = LLVM::FMulAddOp::create(e.b, e.loc, splat, columns[c], a);
      }
    }
    return next;
  };
  auto constant = getConstantIntValue(depth);
  Value low = e.i64(0), high = depth;
  if (!constant || *constant >= kUnroll) {
    Value unroll = e.i64(kUnroll), stop = e.mul(e.div(high, unroll), unroll);
    acc = e.loop(low, stop, unroll, acc, [&](Value k, ValueRange carried) {
      SmallVector<Value> next(carried);
      for (int64_t u = 0; u < kUnroll; ++u)
        next = step(u ? e.add(k, e.i64(u)) : k, std::move(next));
      return next;
    });
    low = stop;
  }
  if (!constant || *constant % kUnroll)
    acc = e.loop(low, high, e.i64(1), acc, [&](Value k, ValueRange carried) { return step(k, SmallVector<Value>(carried)); });
}

void RegisterTile::forEachVector(int64_t row, llvm::function_ref<void(int64_t, Value)> store) {
  int64_t perRow = panels * vectorsPerPanel();
  for (int64_t c = 0; c < perRow; ++c)
    store(c / vectorsPerPanel() * kPanel + c % vectorsPerPanel() * e.width, acc[row * perRow + c]);
}

} // namespace mlc::host

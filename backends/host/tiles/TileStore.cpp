// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/tiles/TileStore.h"
#include "backends/host/tiles/Lanes.h"

using namespace mlir;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {

void storeTile(KernelBuilder &k, RegisterTile &tile, Value anchor, ArrayRef<Value> rowValid, llvm::function_ref<Indices(int64_t)> indexOf, Value firstColumn, Value columns, bool exact) {
  storeTile(k, tile, anchor, rowValid, indexOf, firstColumn, columns, exact, [&](int64_t, const Indices &index) {
    for (unsigned i = 0; i < k.region.getNumResults(); ++i)
      k.storeResult(i, index);
  });
}

void storeTile(KernelBuilder &k, RegisterTile &tile, Value anchor, ArrayRef<Value> rowValid, llvm::function_ref<Indices(int64_t)> indexOf, Value firstColumn, Value columns, bool exact,
               llvm::function_ref<void(int64_t, const Indices &)> store) {
  Emitter &e = *k.e;
  auto fixed = getConstantIntValue(columns);
  int64_t current = 0; // row
  auto storeAt = [&](Indices index, reference::Index column, Value v) {
    index.back() = column;
    e.remember(anchor, index, e.convert(v, e.b.getF32Type(), k.facts.elementType(anchor)));
    store(current, index);
  };
  // `lanes` elements of v from `start` on, which are those of `column`.
  auto storePart = [&](Indices index, Value column, Value v, int64_t start, int64_t lanes) {
    Emitter::Scope scope(e);
    if (lanes == 1)
      return storeAt(index, e.position(column), vector::ExtractOp::create(e.b, e.loc, v, start));
    LaneWidth narrow(e, lanes);
    auto part = llvm::to_vector(llvm::seq<int64_t>(start, start + lanes));
    storeAt(index, {column, true, false}, vector::ShuffleOp::create(e.b, e.loc, v, v, part));
  };
  bool pairs = exact && 2 * e.width <= kMostLanes && k.isLatencyBound();
  auto storeRow = [&](int64_t row) {
    current = row;
    Indices index = indexOf(row);
    if (pairs) {
      // Neighbouring vectors as one of twice the width.
      Value first;
      int64_t start = 0;
      tile.forEachVector(row, [&](int64_t offset, Value v) {
        if (!first) {
          first = v;
          start = offset;
          return;
        }
        int64_t width = e.width;
        auto both = llvm::to_vector(llvm::seq<int64_t>(0, 2 * width));
        Emitter::Scope scope(e);
        LaneWidth wide(e, 2 * width);
        storeAt(index, {e.add(firstColumn, e.i64(start)), true, false}, vector::ShuffleOp::create(e.b, e.loc, first, v, both));
        first = Value();
      });
      if (first)
        storeAt(index, {e.add(firstColumn, e.i64(start)), true, false}, first);
      return;
    }
    tile.forEachVector(row, [&](int64_t offset, Value v) {
      Value column = e.add(firstColumn, e.i64(offset));
      if (exact) {
        storeAt(index, {column, true, false}, v);
        return;
      }
      // The last panel may be cut: whole vectors as they are, the rest in smaller parts, or through scratch where their number is not known.
      Value end = e.add(column, e.i64(e.width));
      Value whole = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, end, columns);
      auto branch = scf::IfOp::create(e.b, e.loc, whole, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(e.b);
      {
        Emitter::Scope scope(e);
        e.b.setInsertionPoint(branch.thenBlock()->getTerminator());
        storeAt(index, {column, true, false}, v);
      }
      Emitter::Scope scope(e);
      e.b.setInsertionPoint(branch.elseBlock()->getTerminator());
      if (fixed) {
        int64_t left = *fixed % kPanel - offset % kPanel;
        if (left > 0 && left < e.width)
          splitTail(e.width, left, [&](int64_t start, int64_t lanes) { storePart(index, e.add(column, e.i64(start)), v, start, lanes); });
        return;
      }
      LLVM::StoreOp::create(e.b, e.loc, v, k.scratch, 4);
      e.loop(column, columns, e.i64(1), [&](Value c) {
        storeAt(index, e.position(c), LLVM::LoadOp::create(e.b, e.loc, e.b.getF32Type(), advance(e, k.scratch, e.sub(c, column)), 4));
      });
    });
  };
  for (auto [row, valid] : llvm::enumerate(rowValid)) {
    if (valid)
      e.when(valid, [&, row = row] { storeRow(row); });
    else
      storeRow(row);
  }
}

void prefetchEpilogue(KernelBuilder &k, RegisterTile &tile, Value anchor, Value left, int64_t rows, llvm::function_ref<Indices(int64_t)> indexOf, Value firstColumn) {
  Emitter &e = *k.e;
  Dims dims(k.facts.dims(anchor));
  for (BlockArgument arg : k.body().getArguments()) {
    if (arg == left || Dims(k.facts.dims(arg)) != dims || !e.memory(arg))
      continue;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < tile.columns(); c += kPanel) {
        Indices index = indexOf(r);
        index.back() = {e.add(firstColumn, e.i64(c)), true, false};
        if (auto pointer = e.addressOf(arg, index))
          LLVM::Prefetch::create(e.b, e.loc, *pointer, /*rw=*/0, /*hint=*/3, /*cache=*/1);
      }
    }
  }
}

} // namespace mlc::host

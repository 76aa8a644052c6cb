// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/tiles/TileStore.h"

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
  auto storeVector = [&](int64_t row, Indices index, Value column, Value v) {
    index.back() = {column, true, false};
    e.remember(anchor, index, v);
    store(row, index);
  };
  auto storeRow = [&](int64_t row) {
    Indices index = indexOf(row);
    tile.forEachVector(row, [&](int64_t offset, Value v) {
      Value column = e.add(firstColumn, e.i64(offset));
      if (exact) {
        storeVector(row, index, column, v);
        return;
      }
      // The last panel may be cut: whole vectors as they are, the rest through scratch, element by element.
      Value end = e.add(column, e.i64(e.width));
      Value whole = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, end, columns);
      auto branch = scf::IfOp::create(e.b, e.loc, whole, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(e.b);
      {
        Emitter::Scope scope(e);
        e.b.setInsertionPoint(branch.thenBlock()->getTerminator());
        storeVector(row, index, column, v);
      }
      Emitter::Scope scope(e);
      e.b.setInsertionPoint(branch.elseBlock()->getTerminator());
      LLVM::StoreOp::create(e.b, e.loc, v, k.scratch, 4);
      e.loop(column, columns, e.i64(1), [&](Value c) {
        Indices one(index);
        one.back() = e.position(c);
        e.remember(anchor, one, LLVM::LoadOp::create(e.b, e.loc, e.b.getF32Type(), advance(e, k.scratch, e.sub(c, column)), 4));
        store(row, one);
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

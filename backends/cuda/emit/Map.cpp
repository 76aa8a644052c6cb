// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The map family: one thread per vector of neighbouring result elements; loops of reductions inside run in the thread. And the nest family: one thread per task of an op that needs loops over memory.
#include "backends/cuda/emit/Kernel.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Indices;

namespace mlc::cuda {

constexpr int64_t kNestThreads = 16384; // most that run at once, so that their scratch stays bounded

FailureOr<Kernel> emitMap(RegionOp region, ShapeFacts &facts, const Placements &placements) {
  Dims dims(facts.dims(region.getResult(0)));
  for (Value r : region.getResults())
    if (Dims(facts.dims(r)) != dims)
      return failure();
  for (Operation &op : region.getBody().front().without_terminator())
    if (!reference::elementFunction(&op))
      return failure();
  // Dims of extent 1 at the end change nothing: vectors run along the last of the others.
  int64_t rank = dims.size(), line = rank - 1;
  while (line > 0 && dims[line].isConstant(1))
    --line;
  int64_t width = rank ? vectorWidth(region, facts, line) : 1;
  KernelBuilder k(region, facts, placements, width);
  reference::Emitter &e = *k.e;
  Dims vectors(dims);
  if (width > 1)
    vectors[line] = *dims[line].constant() / width;
  k.forEachThread(product(vectors), [&](Value v) {
    Indices index;
    for (auto [i, at] : llvm::enumerate(e.delinearize(v, vectors))) {
      bool lane = width > 1 && static_cast<int64_t>(i) == line;
      index.push_back({lane ? e.mul(at, e.i64(width)) : at, lane, lane});
    }
    for (unsigned r = 0; r < region.getNumResults(); ++r)
      k.storeResult(r, index);
  });
  return k.finish();
}

FailureOr<Kernel> emitNest(RegionOp region, ShapeFacts &facts, const Placements &placements) {
  // One op with a nest; the others feed it by their element functions.
  Operation *op = nullptr;
  for (Operation &other : region.getBody().front().without_terminator()) {
    if (reference::elementFunction(&other))
      continue;
    if (op)
      return failure();
    op = &other;
  }
  const reference::Nest *nest = op ? reference::nest(op) : nullptr;
  auto yields = region.getBody().front().getTerminator()->getOperands();
  if (!nest || llvm::any_of(yields, [&](Value v) { return v.getDefiningOp() != op; }))
    return failure();
  KernelBuilder k(region, facts, placements, 1);
  reference::Emitter &e = *k.e;
  // The op's results live where the region's do.
  for (auto [i, yielded] : llvm::enumerate(yields))
    e.setMemory(yielded, *e.memory(region.getResult(i)));
  DimExpr tasks = nest->tasks(facts, op), workers = DimExpr::min(tasks, kNestThreads, facts.symbols);
  DimExpr scratchBytes = nest->scratchBytes ? DimExpr::ceilDiv(nest->scratchBytes(facts, op), 64) * 64 : DimExpr(0);
  Value scratch = scratchBytes.isConstant(0) ? Value() : k.workspace(scratchBytes * workers);
  k.forEachThread(workers, [&](Value worker) {
    Value mine;
    if (scratch)
      mine = LLVM::GEPOp::create(k.b, k.loc, scratch.getType(), k.b.getI8Type(), scratch, ArrayRef<LLVM::GEPArg>{e.mul(worker, e.dim(scratchBytes))});
    e.loop(worker, e.dim(tasks), e.dim(workers), [&](Value task) { nest->emit(e, op, task, mine); });
  });
  return k.finish();
}

} // namespace mlc::cuda

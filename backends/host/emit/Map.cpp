// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The map family: every element of the results by its element function. Lanes run along the last dim; tasks are rows, long rows are cut.
#include "backends/host/emit/Kernel.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kChunk = 4096; // elements of a row that one task computes

/// A rough cost of one result element in nanoseconds: what is read and computed, loops of reductions included.
double elementCost(RegionOp region, ShapeFacts &facts) {
  double cost = 0.3;
  for (Operation &op : region.getBody().front().without_terminator()) {
    double one = isa<ExpOp, TanhOp, ErfOp, LogOp, SigmoidOp, GeluOp, PowOp, DivOp, SinOp, CosOp>(op) ? 1.0 : 0.15;
    double repeat = 1;
    auto count = [&](Value v) { return static_cast<double>(product(facts.dims(v)).constant().value_or(100000)); };
    if (op.hasTrait<Reduction>() || isa<MaxPoolOp, AveragePoolOp>(op))
      repeat = isa<MaxPoolOp, AveragePoolOp>(op) ? 9 : count(op.getOperand(0)) / std::max(1.0, count(op.getResult(0)));
    if (auto conv = dyn_cast<ConvOp>(op))
      repeat = count(conv.getW()) / std::max<double>(1, facts.dim(conv.getW(), 0).constant().value_or(1));
    if (auto matmul = dyn_cast<MatMulOp>(op))
      repeat = facts.dims(matmul.getA()).back().constant().value_or(1000);
    cost += one * repeat;
  }
  return cost;
}

} // namespace

LogicalResult emitMap(KernelBuilder &k) {
  Emitter &e = *k.e;
  Dims dims(k.facts.dims(k.region.getResult(0)));
  for (Value r : k.region.getResults())
    if (Dims(k.facts.dims(r)) != dims)
      return failure();
  for (Operation &op : k.body().without_terminator())
    if (!reference::elementFunction(&op))
      return failure();
  double cost = elementCost(k.region, k.facts);
  DimExpr last = dims.empty() ? DimExpr(1) : dims.back();
  ArrayRef<DimExpr> outer = dims.empty() ? ArrayRef<DimExpr>() : ArrayRef<DimExpr>(dims).drop_back();
  auto extent = last.constant();
  bool vectors = e.width > 1 && (!extent || *extent >= e.width);
  bool cut = !extent || *extent > kChunk;
  DimExpr chunks = cut ? DimExpr::ceilDiv(last, kChunk) : DimExpr(1);
  k.kernel.grid = product(outer) * chunks;
  k.kernel.taskNanoseconds = cost * static_cast<double>(std::min<int64_t>(extent.value_or(kChunk), kChunk)) / (vectors ? e.width * 0.7 : 1);

  k.forEachTask([&](Value task) {
    Value row = task, low = e.i64(0), high = e.dim(last);
    if (cut) {
      Value n = e.dim(chunks);
      row = e.div(task, n);
      low = e.mul(e.rem(task, n), e.i64(kChunk));
      high = e.minimum(high, e.add(low, e.i64(kChunk)));
    }
    Indices index;
    for (Value v : e.delinearize(row, outer))
      index.push_back(e.position(v));
    index.push_back({});
    auto element = [&](Value i, bool lane) {
      Indices at(index);
      at.back() = {i, lane, lane};
      if (dims.empty())
        at.clear();
      for (unsigned r = 0; r < k.region.getNumResults(); ++r)
        k.storeResult(r, at);
    };
    Value scalarLow = low;
    if (vectors) {
      Value width = e.i64(e.width), span = e.sub(high, low);
      scalarLow = e.add(low, e.mul(e.div(span, width), width));
      e.loop(low, scalarLow, width, [&](Value i) { element(i, true); });
    }
    if (!vectors || !extent || *extent % e.width)
      e.loop(scalarLow, high, e.i64(1), [&](Value i) { element(i, false); });
  });
  return success();
}

/// A region that ends in a concat along the last dim: each operand is copied into its columns, so that lanes never cross from one operand to the next.
LogicalResult emitConcat(KernelBuilder &k) {
  Emitter &e = *k.e;
  auto concat = k.terminator()->getOperand(0).getDefiningOp<ConcatOp>();
  if (!concat || k.region.getNumResults() != 1)
    return failure();
  Dims dims(k.facts.dims(concat.getY()));
  if (concat.getAxis() + 1 != dims.size())
    return failure();
  ArrayRef<DimExpr> outer = ArrayRef<DimExpr>(dims).drop_back();
  k.kernel.grid = product(outer);
  k.kernel.taskNanoseconds = static_cast<double>(dims.back().constant().value_or(256)) * elementCost(k.region, k.facts) / 4;
  k.forEachTask([&](Value task) {
    Indices index;
    for (Value v : e.delinearize(task, outer))
      index.push_back(e.position(v));
    index.push_back({});
    DimExpr offset = 0;
    for (Value x : concat.getXs()) {
      DimExpr extent = k.facts.dims(x).back();
      Value start = e.dim(offset), low = e.i64(0), high = e.dim(extent);
      auto element = [&](Value i, bool lane) {
        Indices from(index), to(index);
        from.back() = {i, lane, lane};
        to.back() = {e.add(start, i), lane, false};
        e.store(k.region.getResult(0), to, e.at(x, from));
      };
      auto fixed = extent.constant();
      if (e.width > 1 && (!fixed || *fixed >= e.width)) {
        Value width = e.i64(e.width), stop = e.mul(e.div(high, width), width);
        e.loop(low, stop, width, [&](Value i) { element(i, true); });
        low = stop;
      }
      if (e.width == 1 || !fixed || *fixed % e.width)
        e.loop(low, high, e.i64(1), [&](Value i) { element(i, false); });
      offset = offset + extent;
    }
  });
  return success();
}

LogicalResult emitNest(KernelBuilder &k) {
  // One op with a nest; the others feed it by their element functions.
  Operation *op = nullptr;
  for (Operation &other : k.body().without_terminator()) {
    if (reference::elementFunction(&other))
      continue;
    if (op)
      return failure();
    op = &other;
  }
  const reference::Nest *nest = op ? reference::nest(op) : nullptr;
  if (!nest || llvm::any_of(k.terminator()->getOperands(), [&](Value v) { return v.getDefiningOp() != op; }))
    return failure();
  Emitter &e = *k.e;
  // The op's results live where the region's do.
  for (auto [i, yielded] : llvm::enumerate(k.terminator()->getOperands()))
    e.setMemory(yielded, *e.memory(k.region.getResult(i)));
  k.kernel.grid = nest->tasks(k.facts, op);
  if (nest->scratchBytes)
    k.kernel.scratchBytes = nest->scratchBytes(k.facts, op);
  k.kernel.taskNanoseconds = nest->nanoseconds ? nest->nanoseconds(k.facts, op) : 100000;
  k.forEachTask([&](Value task) { nest->emit(e, op, task, k.scratch); });
  return success();
}

} // namespace mlc::host

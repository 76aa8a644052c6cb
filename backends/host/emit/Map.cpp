// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The map family: every element of the results by its element function. Lanes run along the last dim; tasks are pieces of long rows or bundles of short ones.
#include "backends/host/emit/Kernel.h"
#include "backends/host/tiles/Lanes.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kChunk = 4096;           // most elements that one task computes
constexpr double kTaskNanoseconds = 10000; // what a task takes at most, as far as chunks go

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

/// body(index) for every line of `outer`, up to `most` of them to a task, so that finding its place costs a task little.
void forEachLine(KernelBuilder &k, ArrayRef<DimExpr> outer, int64_t most, double lineNanoseconds, llvm::function_ref<void(ArrayRef<Index>)> body) {
  Emitter &e = *k.e;
  DimExpr lines = outer.empty() ? DimExpr(1) : outer.back();
  ArrayRef<DimExpr> above = outer.empty() ? outer : outer.drop_back();
  auto fixed = lines.constant();
  int64_t perTask = fixed ? std::min(most, std::max<int64_t>(*fixed, 1)) : most;
  DimExpr pieces = DimExpr::ceilDiv(lines, perTask);
  k.kernel.grid = product(above) * pieces;
  k.kernel.taskNanoseconds = lineNanoseconds * static_cast<double>(perTask);
  k.forEachTask([&](Value task) {
    Value n = e.dim(pieces), low = e.mul(e.rem(task, n), e.i64(perTask)), high = e.minimum(e.dim(lines), e.add(low, e.i64(perTask)));
    Indices index;
    for (Value v : e.delinearize(e.div(task, n), above))
      index.push_back(e.position(v));
    e.loop(low, high, e.i64(1), [&](Value i) {
      Indices line(index);
      if (!outer.empty())
        line.push_back(e.position(i));
      body(line);
    });
  });
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
  // Dims of extent 1 at the end change nothing: lanes run along the last of the others.
  int64_t rank = dims.size(), line = rank - 1;
  while (line > 0 && dims[line].isConstant(1))
    --line;
  DimExpr last = rank ? dims[line] : DimExpr(1);
  auto extent = last.constant();
  double one = cost / (!extent || *extent >= e.width ? static_cast<double>(e.width) * 0.7 : 1);
  int64_t chunk = std::clamp<int64_t>(static_cast<int64_t>(kTaskNanoseconds / one) / 64 * 64, 64, kChunk);
  ArrayRef<DimExpr> outer = rank ? ArrayRef<DimExpr>(dims).take_front(line) : ArrayRef<DimExpr>();
  auto alongLine = [&](ArrayRef<Index> index, Value low, Value high, std::optional<int64_t> count) {
    auto element = [&](Value i, bool lane) {
      Indices full(index);
      full.push_back({i, lane, lane});
      full.resize(rank, e.zero());
      for (unsigned r = 0; r < k.region.getNumResults(); ++r)
        k.storeResult(r, full);
    };
    if (count && *count < kFewestLanes) {
      for (int64_t i = 0; i < *count; ++i)
        element(e.i64(i), false);
      return;
    }
    forLanes(e, low, high, count, element, k.isLatencyBound());
  };
  if (extent && *extent <= chunk) {
    forEachLine(k, outer, std::max<int64_t>(1, chunk / std::max<int64_t>(*extent, 1)), one * static_cast<double>(*extent),
                [&](ArrayRef<Index> index) { alongLine(index, e.i64(0), e.i64(*extent), extent); });
    return success();
  }
  DimExpr pieces = DimExpr::ceilDiv(last, chunk);
  k.kernel.grid = product(outer) * pieces;
  k.kernel.taskNanoseconds = one * static_cast<double>(chunk);
  k.forEachTask([&](Value task) {
    Value n = e.dim(pieces), low = e.mul(e.rem(task, n), e.i64(chunk)), high = e.minimum(e.dim(last), e.add(low, e.i64(chunk)));
    Indices index;
    for (Value v : e.delinearize(e.div(task, n), outer))
      index.push_back(e.position(v));
    alongLine(index, low, high, std::nullopt);
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
  double one = elementCost(k.region, k.facts) / 4;
  int64_t length = dims.back().constant().value_or(256);
  forEachLine(k, ArrayRef<DimExpr>(dims).drop_back(), std::max<int64_t>(1, kChunk / std::max<int64_t>(length, 1)), one * static_cast<double>(length), [&](ArrayRef<Index> line) {
    Indices index(line);
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
      forLanes(e, low, high, extent.constant(), element);
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

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The columns family: one reduction over dims before the last (a mean over the pixels of a channels-last picture) and the pointwise ops behind it. A block has a strip of 32 neighbouring
// results, read as vectors; its threads share the reduced elements, each result's parts meet in shared memory.
#include "backends/cuda/emit/Kernel.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Indices;

namespace mlc::cuda {

constexpr int64_t kThreads = 512, kStrip = 32, kUnroll = 4;
constexpr int64_t kFewest = 64; // fewer reduced elements than that are left to one thread each

FailureOr<Kernel> emitColumns(RegionOp region, ShapeFacts &facts, const Placements &placements) {
  Operation *reduction = nullptr;
  Block &body = region.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (op.hasTrait<Reduction>()) {
      if (reduction)
        return failure();
      reduction = &op;
    } else if (!reference::elementFunction(&op)) {
      return failure();
    }
  }
  if (!reduction || !cast<BoolAttr>(reduction->getAttr("keepdims")).getValue())
    return failure();
  Value x = reduction->getOperand(0);
  Dims in(facts.dims(x)), out(facts.dims(reduction->getResult(0))), reduced;
  auto axes = cast<DenseI64ArrayAttr>(reduction->getAttr("axes")).asArrayRef();
  if (axes.empty() || in.empty() || llvm::is_contained(axes, static_cast<int64_t>(in.size()) - 1))
    return failure();
  for (int64_t axis : axes)
    reduced.push_back(in[axis]);
  auto count = product(reduced).constant();
  if (count && *count < kFewest)
    return failure();
  for (Value r : region.getResults())
    if (Dims(facts.dims(r)) != out)
      return failure();

  int64_t width = std::min<int64_t>(vectorWidth(region, facts, static_cast<int64_t>(out.size()) - 1), kVectorBytes * 8 / facts.elementType(x).getIntOrFloatBitWidth());
  KernelBuilder k(region, facts, placements, width);
  reference::Emitter &e = *k.e;
  DimExpr total = product(out);
  k.kernel.threads = kThreads;
  k.kernel.grid = DimExpr::ceilDiv(total, kStrip);
  // The block's strip of results, `width` of them to a thread; threads of one strip position share the reduced elements.
  int64_t columns = kStrip / width, sharers = kThreads / columns;
  Value column = e.mul(e.rem(k.thread, e.i64(columns)), e.i64(width)), sharer = e.div(k.thread, e.i64(columns)), first = e.mul(k.block, e.i64(kStrip));
  Value place = e.minimum(e.add(first, column), e.sub(e.dim(total), e.i64(width))); // threads behind the end read the last ones'
  auto indexOf = [&](Value at, bool lane) {
    Indices index;
    for (Value v : e.delinearize(at, out))
      index.push_back(e.position(v));
    index.back().lane = index.back().aligned = lane;
    return index;
  };
  Indices index = indexOf(place, width > 1);
  Type element = e.computeType(facts.elementType(x)), type = reference::accumulatorType(element);
  auto accumulate = [&](Value i, SmallVector<Value> sums) {
    Indices at(index);
    for (auto [axis, v] : llvm::zip(axes, e.delinearize(i, reduced)))
      at[axis] = e.position(v);
    Value v = e.at(x, at);
    for (auto [lane, sum] : llvm::enumerate(sums)) {
      Value one = width > 1 && e.isVector(v) ? Value(vector::ExtractOp::create(k.b, k.loc, v, static_cast<int64_t>(lane))) : v;
      sum = reference::reductionCombine(e, reduction, sum, e.convert(one, element, type));
    }
    return sums;
  };
  // Several loads on their way at a time, then the rest one by one.
  Value extent = e.dim(product(reduced)), step = e.i64(sharers * kUnroll), wholeEnd = e.sub(extent, e.i64(sharers * (kUnroll - 1)));
  SmallVector<Value> sums(width, reference::reductionInit(e, reduction, type));
  sums = llvm::to_vector(e.loop(sharer, wholeEnd, step, sums, [&](Value i, ValueRange carried) {
    SmallVector<Value> next(carried);
    for (int64_t u = 0; u < kUnroll; ++u)
      next = accumulate(e.add(i, e.i64(u * sharers)), next);
    return next;
  }));
  Value wholeSteps = e.div(e.add(e.maximum(e.sub(wholeEnd, sharer), e.i64(0)), e.i64(sharers * kUnroll - 1)), step);
  sums = llvm::to_vector(e.loop(e.add(sharer, e.mul(wholeSteps, step)), extent, e.i64(sharers), sums, [&](Value i, ValueRange carried) { return accumulate(i, SmallVector<Value>(carried)); }));
  // Each result's parts meet in shared memory, in two steps.
  auto join = [&](reference::Memory parts, int64_t stride, int64_t count, Value at) {
    auto part = [&](int64_t n) { return e.load(parts, type, {e.position(e.add(at, e.i64(n * stride)))}); };
    Value sum = part(0);
    for (int64_t n = 1; n < count; ++n)
      sum = reference::reductionCombine(e, reduction, sum, part(n));
    return sum;
  };
  constexpr int64_t kWarps = kThreads / kStrip;
  reference::Memory parts = e.row(k.shared(e.storageType(type), sharers * kStrip)), fewer = e.row(k.shared(e.storageType(type), kThreads));
  for (auto [lane, sum] : llvm::enumerate(sums))
    e.store(parts, type, {e.position(e.add(e.mul(sharer, e.i64(kStrip)), e.add(column, e.i64(lane))))}, sum);
  k.barrier();
  e.store(fewer, type, {e.position(k.thread)}, join(parts, kThreads, sharers / kWarps, k.thread));
  k.barrier();
  Value own = e.add(first, k.thread);
  Value owns = e.both(e.less(k.thread, e.i64(kStrip)), e.less(own, e.dim(total)));
  e.when(owns, [&] {
    Value sum = reference::reductionFinish(e, reduction, join(fewer, kStrip, kWarps, k.thread), extent);
    Indices single = indexOf(own, false);
    e.remember(reduction->getResult(0), single, e.convert(sum, type, element));
    for (unsigned r = 0; r < region.getNumResults(); ++r)
      k.storeResult(r, single);
  });
  return k.finish();
}

} // namespace mlc::cuda

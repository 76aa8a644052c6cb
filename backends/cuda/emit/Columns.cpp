// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The columns family: one reduction over dims before the last (a mean over the pixels of a channels-last picture) and the pointwise ops behind it. A block has one warp-wide strip of neighbouring
// results; its warps share the reduced elements, each result's parts meet in shared memory.
#include "backends/cuda/emit/Kernel.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Indices;

namespace mlc::cuda {

constexpr int64_t kWarps = 16, kFewest = 64; // fewer reduced elements than that are left to one thread each

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

  KernelBuilder k(region, facts, placements, 1);
  reference::Emitter &e = *k.e;
  DimExpr total = product(out);
  k.kernel.threads = kWarps * kWarp;
  k.kernel.grid = DimExpr::ceilDiv(total, kWarp);
  Value warp = e.div(k.thread, e.i64(kWarp)), lane = e.rem(k.thread, e.i64(kWarp));
  Value own = e.add(e.mul(k.block, e.i64(kWarp)), lane), isInside = e.less(own, e.dim(total));
  Value place = e.minimum(own, e.sub(e.dim(total), e.i64(1))); // threads behind the end read the last one's
  Indices index;
  for (Value v : e.delinearize(place, out))
    index.push_back(e.position(v));
  Type element = e.computeType(facts.elementType(x)), type = reference::accumulatorType(element);
  Value acc = e.loop(warp, e.dim(product(reduced)), e.i64(kWarps), {reference::reductionInit(e, reduction, type)}, [&](Value i, ValueRange carried) -> SmallVector<Value> {
    Indices at(index);
    for (auto [axis, v] : llvm::zip(axes, e.delinearize(i, reduced)))
      at[axis] = e.position(v);
    return {reference::reductionCombine(e, reduction, carried[0], e.convert(e.at(x, at), element, type))};
  })[0];
  reference::Memory parts = e.row(k.shared(e.storageType(type), kWarps * kWarp));
  e.store(parts, type, {e.position(k.thread)}, acc);
  k.barrier();
  Value isFirst = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq, warp, e.i64(0));
  e.when(e.both(isFirst, isInside), [&] {
    Value sum = e.load(parts, type, {e.position(lane)});
    for (int64_t w = 1; w < kWarps; ++w)
      sum = reference::reductionCombine(e, reduction, sum, e.load(parts, type, {e.position(e.add(lane, e.i64(w * kWarp)))}));
    sum = reference::reductionFinish(e, reduction, sum, e.dim(product(reduced)));
    e.remember(reduction->getResult(0), index, e.convert(sum, type, element));
    for (unsigned r = 0; r < region.getNumResults(); ++r)
      k.storeResult(r, index);
  });
  return k.finish();
}

} // namespace mlc::cuda

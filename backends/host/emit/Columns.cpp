// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The columns family: one reduction over dims before the last (the mean of an image, channels last) and the pointwise ops around it. Lanes run along the last dim,
// which is cut into tasks; a task keeps several vectors, so that what it reads at once lies together.
#include "backends/host/emit/Kernel.h"
#include "backends/host/tiles/Lanes.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kVectors = 4; // of a task

class Columns {
public:
  explicit Columns(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!match())
      return failure();
    int64_t chunk = e.width * kVectors;
    DimExpr last = in.back(), pieces = DimExpr::ceilDiv(last, chunk);
    Dims outer(out);
    outer.pop_back();
    k.kernel.grid = product(outer) * pieces;
    k.kernel.taskNanoseconds = static_cast<double>(chunk) * reference::roughCount(reduced()) / 25;
    k.forEachTask([&](Value task) {
      Value n = e.dim(pieces), low = e.mul(e.rem(task, n), e.i64(chunk)), high = e.minimum(e.dim(last), e.add(low, e.i64(chunk)));
      place.clear();
      for (Value v : e.delinearize(e.div(task, n), outer))
        place.push_back(e.position(v));
      Value whole = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, e.sub(high, low), e.i64(chunk));
      if (auto fixed = last.constant(); !fixed || *fixed >= chunk)
        e.when(whole, [&] { columns(low, kVectors, true); });
      if (DimExpr::mod(last, chunk).isConstant(0))
        return;
      e.when(arith::XOrIOp::create(e.b, e.loc, whole, arith::ConstantOp::create(e.b, e.loc, e.b.getBoolAttr(true))), [&] {
        auto fixed = last.constant();
        forLanes(e, low, high, fixed ? std::optional<int64_t>(*fixed % chunk) : std::nullopt, [&](Value c, bool lane) { columns(c, 1, lane); });
      });
    });
    return success();
  }

private:
  bool match() {
    for (Operation &op : k.body().without_terminator()) {
      if (op.hasTrait<Reduction>()) {
        if (reduction)
          return false;
        reduction = &op;
      } else if (!op.hasTrait<Pointwise>() && !isa<ConstantOp, SliceOp>(op)) {
        return false;
      }
    }
    if (!reduction || !cast<BoolAttr>(reduction->getAttr("keepdims")).getValue())
      return false;
    axes = cast<DenseI64ArrayAttr>(reduction->getAttr("axes")).asArrayRef();
    in = Dims(k.facts.dims(reduction->getOperand(0)));
    out = Dims(k.facts.dims(reduction->getResult(0)));
    if (axes.empty() || llvm::is_contained(axes, static_cast<int64_t>(in.size()) - 1) || e.width == 1)
      return false;
    // Lines shorter than a vector have nothing to gain.
    if (auto last = in.back().constant(); last && *last < e.width)
      return false;
    return llvm::all_of(k.region.getResults(), [&](Value r) { return Dims(k.facts.dims(r)) == out; });
  }

  Dims reduced() {
    Dims d;
    for (int64_t a : axes)
      d.push_back(in[a]);
    return d;
  }

  /// `vectors` vectors from column c on, or the element there.
  void columns(Value c, int64_t vectors, bool lane) {
    Value x = reduction->getOperand(0);
    Type element = e.computeType(k.facts.elementType(x)), accumulator = reference::accumulatorType(element);
    Type type = lane ? Type(VectorType::get({e.width}, accumulator)) : accumulator;
    SmallVector<Value> acc(vectors, reference::reductionInit(e, reduction, type));
    Indices source(place);
    source.push_back({});
    auto column = [&](int64_t v) { return reference::Index{v ? e.add(c, e.i64(v * e.width)) : c, lane, lane}; };
    std::function<SmallVector<Value>(size_t, SmallVector<Value>)> nest = [&](size_t depth, SmallVector<Value> sums) {
      if (depth == axes.size()) {
        for (auto [v, sum] : llvm::enumerate(sums)) {
          source.back() = column(v);
          Value value = e.at(x, source);
          if (lane)
            value = e.splat(value);
          sum = reference::reductionCombine(e, reduction, sum, e.convert(value, element, accumulator));
        }
        return sums;
      }
      return e.loop(e.i64(0), e.dim(in[axes[depth]]), e.i64(1), sums, [&](Value i, ValueRange carried) {
        source[axes[depth]] = e.position(i);
        if (depth + 1 == axes.size())
          return nest(depth + 1, SmallVector<Value>(carried));
        // Each inner loop combines from the neutral element: sums of few partial sums round less than one long sum.
        SmallVector<Value> sums(carried), part = nest(depth + 1, SmallVector<Value>(vectors, reference::reductionInit(e, reduction, type)));
        for (auto [sum, p] : llvm::zip(sums, part))
          sum = reference::reductionCombine(e, reduction, sum, p);
        return sums;
      });
    };
    acc = nest(0, acc);
    Value count = e.dim(product(reduced()));
    for (int64_t v = 0; v < vectors; ++v) {
      Indices index(place);
      index.push_back(column(v));
      e.remember(reduction->getResult(0), index, e.convert(reference::reductionFinish(e, reduction, acc[v], count), accumulator, element));
      for (unsigned r = 0; r < k.region.getNumResults(); ++r)
        k.storeResult(r, index);
    }
  }

  KernelBuilder &k;
  Emitter &e;
  Operation *reduction = nullptr;
  ArrayRef<int64_t> axes;
  Dims in, out;
  Indices place; // of the result, all but the last
};

} // namespace

LogicalResult emitColumns(KernelBuilder &k) { return Columns(k).run(); }

} // namespace mlc::host

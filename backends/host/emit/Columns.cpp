// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The columns family: reductions of one shape over the same dims before the last (the mean of an image, channels last) and the pointwise ops around them. Lanes run along the last dim,
// which is cut into tasks; a task keeps several vectors, so that what it reads at once lies together.
#include "backends/host/emit/Kernel.h"
#include "backends/host/tiles/Lanes.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;
using mlc::reference::Indices;

namespace mlc::host {
namespace {

constexpr int64_t kVectors = 4;         // of a task
constexpr size_t kMaxReductions = 4;    // each has accumulators of its own
constexpr size_t kMaxSearch = 64;

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
        e.when(whole, [&] { wholeTask(low); });
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
        reductions.push_back(&op);
      } else if (!op.hasTrait<Pointwise>() && !isa<ConstantOp, SliceOp>(op)) {
        return false;
      }
    }
    if (reductions.empty() || reductions.size() > kMaxReductions)
      return false;
    axes = axesOf(reductions.front());
    in = Dims(k.facts.dims(reductions.front()->getOperand(0)));
    out = Dims(k.facts.dims(reductions.front()->getResult(0)));
    for (Operation *op : reductions)
      if (!cast<BoolAttr>(op->getAttr("keepdims")).getValue() || axesOf(op) != axes || Dims(k.facts.dims(op->getOperand(0))) != in)
        return false;
    // One of another's result is no sibling.
    for (Operation *op : reductions)
      if (dependsOnReduction(op->getOperand(0)))
        return false;
    if (axes.empty() || llvm::is_contained(axes, static_cast<int64_t>(in.size()) - 1) || e.width == 1)
      return false;
    // Lines shorter than a vector have nothing to gain.
    if (auto last = in.back().constant(); last && *last < e.width)
      return false;
    return llvm::all_of(k.region.getResults(), [&](Value r) { return Dims(k.facts.dims(r)) == out; });
  }

  /// All vectors of a task at once, as far as their accumulators fit registers.
  void wholeTask(Value low) {
    int64_t step = reductions.size() > 2 ? 1 : reductions.size() > 1 ? 2 : kVectors;
    for (int64_t v = 0; v < kVectors; v += step)
      columns(v ? e.add(low, e.i64(v * e.width)) : low, step, true);
  }

  static ArrayRef<int64_t> axesOf(Operation *op) { return cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef(); }

  static bool dependsOnReduction(Value v) {
    SmallVector<Value> work{v};
    for (size_t i = 0; i < work.size() && i < kMaxSearch; ++i)
      if (Operation *op = work[i].getDefiningOp()) {
        if (op->hasTrait<Reduction>() || i + 1 == kMaxSearch)
          return true;
        llvm::append_range(work, op->getOperands());
      }
    return false;
  }

  Dims reduced() {
    Dims d;
    for (int64_t a : axes)
      d.push_back(in[a]);
    return d;
  }

  /// `vectors` vectors from column c on, or the element there.
  void columns(Value c, int64_t vectors, bool lane) {
    // The accumulators of one reduction lie together, those of `vectors` vectors.
    SmallVector<Value> neutral;
    for (Operation *op : reductions)
      neutral.append(vectors, reference::reductionInit(e, op, laneType(accumulatorOf(op), lane)));
    Indices source(place);
    source.push_back({});
    auto column = [&](int64_t v) { return reference::Index{v ? e.add(c, e.i64(v * e.width)) : c, lane, lane}; };
    std::function<SmallVector<Value>(size_t, SmallVector<Value>)> nest = [&](size_t depth, SmallVector<Value> sums) {
      if (depth == axes.size()) {
        for (auto [i, sum] : llvm::enumerate(sums)) {
          Operation *op = reductions[i / vectors];
          source.back() = column(i % vectors);
          Value value = e.at(op->getOperand(0), source);
          if (lane)
            value = e.splat(value);
          sum = reference::reductionCombine(e, op, sum, e.convert(value, elementOf(op), accumulatorOf(op)));
        }
        return sums;
      }
      return e.loop(e.i64(0), e.dim(in[axes[depth]]), e.i64(1), sums, [&](Value i, ValueRange carried) {
        source[axes[depth]] = e.position(i);
        if (depth + 1 == axes.size())
          return nest(depth + 1, SmallVector<Value>(carried));
        // Each inner loop combines from the neutral element: sums of few partial sums round less than one long sum.
        SmallVector<Value> sums(carried), part = nest(depth + 1, neutral);
        for (auto [n, sum] : llvm::enumerate(sums))
          sum = reference::reductionCombine(e, reductions[n / vectors], sum, part[n]);
        return sums;
      });
    };
    SmallVector<Value> acc = nest(0, neutral);
    Value count = e.dim(product(reduced()));
    for (int64_t v = 0; v < vectors; ++v) {
      Indices index(place);
      index.push_back(column(v));
      for (auto [r, op] : llvm::enumerate(reductions))
        e.remember(op->getResult(0), index, e.convert(reference::reductionFinish(e, op, acc[r * vectors + v], count), accumulatorOf(op), elementOf(op)));
      for (unsigned r = 0; r < k.region.getNumResults(); ++r)
        k.storeResult(r, index);
    }
  }

  Type elementOf(Operation *op) { return e.computeType(k.facts.elementType(op->getOperand(0))); }
  Type accumulatorOf(Operation *op) { return reference::accumulatorType(elementOf(op)); }
  Type laneType(Type type, bool lane) { return lane ? Type(VectorType::get({e.width}, type)) : type; }

  KernelBuilder &k;
  Emitter &e;
  SmallVector<Operation *> reductions;
  ArrayRef<int64_t> axes;
  Dims in, out;
  Indices place; // of the result, all but the last
};

} // namespace

LogicalResult emitColumns(KernelBuilder &k) { return Columns(k).run(); }

} // namespace mlc::host

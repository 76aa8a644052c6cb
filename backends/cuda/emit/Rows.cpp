// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The rows family: reductions over the last dim and the pointwise ops around them (softmax, norms, argmax-free sums), one block per row.
// A short row lies in registers: each thread owns the same elements in every pass, so that what one pass computed the next one has. Longer and symbolic rows are read again by each pass.
// A reduction ends with a butterfly of shuffles in each warp and, with more than one warp, an exchange through shared memory; every thread then has its value.
#include "backends/cuda/emit/Kernel.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Index;
using mlc::reference::Indices;

namespace mlc::cuda {
namespace {

constexpr int64_t kMaxThreads = 512;
constexpr int64_t kMaxOwned = 8; // vectors of a row that a thread keeps

/// Read element by element like memory.
bool isRead(Operation *op) { return isa<SliceOp, ReshapeOp, GatherOp, GatherElementsOp, RangeOp, ExpandOp, DimsTensorOp>(op); }

class Rows {
public:
  Rows(RegionOp region, ShapeFacts &facts) : region(region), facts(facts) {}

  /// All reductions are over the last dim of one shape; all results have that shape or its last dim reduced.
  bool analyze() {
    for (Operation &op : region.getBody().front().without_terminator()) {
      if (op.hasTrait<Reduction>()) {
        Dims in(facts.dims(op.getOperand(0)));
        auto axes = cast<DenseI64ArrayAttr>(op.getAttr("axes")).asArrayRef();
        if (axes.size() != 1 || axes[0] + 1 != static_cast<int64_t>(in.size()) || !cast<BoolAttr>(op.getAttr("keepdims")).getValue())
          return false;
        if (!dims.empty() && dims != in)
          return false;
        dims = in;
      } else if (!op.hasTrait<Pointwise>() && !isa<ConstantOp>(op) && !isRead(&op)) {
        return false;
      }
    }
    if (dims.empty())
      return false;
    extent = dims.back().constant();
    Dims reduced(dims);
    reduced.back() = 1;
    for (Value r : region.getResults())
      if (Dims(facts.dims(r)) != dims && Dims(facts.dims(r)) != reduced)
        return false;
    return true;
  }

  Kernel emit(const Placements &placements) {
    width = extent ? widthOfRow() : 1;
    KernelBuilder builder(region, facts, placements, width);
    k = &builder;
    e = builder.e.get();
    threads = kWarp;
    int64_t work = extent.value_or(1024) / width;
    while (threads < kMaxThreads && threads * 2 < work)
      threads *= 2;
    owned = extent ? (*extent + threads * width - 1) / (threads * width) : 0;
    inRegisters = extent && owned <= kMaxOwned;
    k->kernel.threads = threads;
    k->kernel.grid = product(ArrayRef<DimExpr>(dims).drop_back());
    for (Value v : e->delinearize(narrow(k->block), ArrayRef<DimExpr>(dims).drop_back()))
      row.push_back({v});
    for (Operation &op : region.getBody().front().without_terminator())
      if (op.hasTrait<Reduction>())
        reduce(&op);
    writeResults();
    return builder.finish();
  }

private:
  /// The widest vector that divides the row, of the largest type around.
  int64_t widthOfRow() {
    int64_t bytes = 1;
    for (Value v : region.getInputs())
      if (facts.rank(v) && facts.dim(v, facts.rank(v) - 1) == dims.back())
        bytes = std::max<int64_t>(bytes, (facts.elementType(v).getIntOrFloatBitWidth() + 7) / 8);
    for (Value r : region.getResults())
      bytes = std::max<int64_t>(bytes, (facts.elementType(r).getIntOrFloatBitWidth() + 7) / 8);
    int64_t w = std::min<int64_t>(kVectorBytes / std::min(bytes, kVectorBytes), 8);
    while (w > 1 && *extent % w)
      w /= 2;
    return w;
  }

  /// Block numbers are below 2^31: narrow divisions are cheaper.
  Value narrow(Value v) { return arith::ExtUIOp::create(k->b, k->loc, k->b.getI64Type(), arith::TruncIOp::create(k->b, k->loc, k->b.getI32Type(), v)); }

  Indices at(Value i) {
    Indices full(row);
    full.push_back({i, width > 1, width > 1});
    return full;
  }
  Indices atZero() {
    Indices full(row);
    full.push_back(e->zero());
    return full;
  }

  /// Position of this thread's vector number n, for rows in registers; `isInside` is null when all threads have one. A thread without one reads the row's last instead.
  struct Place {
    Value i, isInside;
  };
  Place place(int64_t n) {
    Value &i = places[n].i;
    Value &isInside = places[n].isInside;
    if (!i) {
      i = e->mul(e->add(k->thread, e->i64(n * threads)), e->i64(width));
      if ((n + 1) * threads * width > *extent) {
        isInside = e->less(i, e->i64(*extent));
        i = e->select(isInside, i, e->i64(*extent - width));
      }
    }
    return {i, isInside};
  }

  /// carried = body(position, carried) for each of this thread's vectors.
  Value fold(Value init, llvm::function_ref<Value(Value i, Value isInside, Value carried)> body) {
    if (inRegisters) {
      for (int64_t n = 0; n < owned; ++n) {
        Place p = place(n);
        init = body(p.i, p.isInside, init);
      }
      return init;
    }
    Value step = e->i64(threads * width);
    return e->loop(e->mul(k->thread, e->i64(width)), e->dim(dims.back()), step, {init},
                   [&](Value i, ValueRange carried) -> SmallVector<Value> { return {body(i, {}, carried[0])}; })[0];
  }

  void reduce(Operation *op) {
    Value x = op->getOperand(0);
    Type element = e->computeType(facts.elementType(x)), type = reference::accumulatorType(element);
    Value neutral = reference::reductionInit(*e, op, type);
    Value acc = fold(neutral, [&](Value i, Value isInside, Value carried) {
      Value v = e->at(x, at(i));
      Value mine = carried;
      for (int64_t l = 0; l < width; ++l) {
        Value one = width > 1 && e->isVector(v) ? Value(vector::ExtractOp::create(k->b, k->loc, v, l)) : v;
        mine = reference::reductionCombine(*e, op, mine, e->convert(one, element, type));
      }
      return isInside ? e->select(isInside, mine, carried) : mine;
    });
    acc = acrossBlock(op, acc, type);
    acc = reference::reductionFinish(*e, op, acc, e->dim(dims.back()));
    e->remember(op->getResult(0), atZero(), e->convert(acc, type, element));
  }

  Value acrossBlock(Operation *op, Value acc, Type type) {
    for (int64_t mask = kWarp / 2; mask > 0; mask /= 2)
      acc = reference::reductionCombine(*e, op, acc, k->shuffleXor(acc, mask));
    int64_t warps = threads / kWarp;
    if (warps == 1)
      return acc;
    // Each reduction has a row of its own, so one barrier is enough.
    reference::Memory partial = e->row(k->shared(e->storageType(type), warps));
    Value warp = e->div(k->thread, e->i64(kWarp)), lane = e->rem(k->thread, e->i64(kWarp));
    Value isFirst = arith::CmpIOp::create(k->b, k->loc, arith::CmpIPredicate::eq, lane, e->i64(0));
    e->when(isFirst, [&] { e->store(partial, type, {e->position(warp)}, acc); });
    k->barrier();
    acc = e->load(partial, type, {e->position(e->i64(0))});
    for (int64_t w = 1; w < warps; ++w)
      acc = reference::reductionCombine(*e, op, acc, e->load(partial, type, {e->position(e->i64(w))}));
    return acc;
  }

  bool isWhole(Value result) { return Dims(facts.dims(result)) == dims && !dims.back().isConstant(1); }

  void writeResults() {
    Value isFirst = arith::CmpIOp::create(k->b, k->loc, arith::CmpIPredicate::eq, k->thread, e->i64(0));
    for (auto [i, r] : llvm::enumerate(region.getResults()))
      if (!isWhole(r))
        e->when(isFirst, [&] { k->storeResult(i, atZero()); });
    auto store = [&](Value i) {
      for (auto [n, r] : llvm::enumerate(region.getResults()))
        if (isWhole(r))
          k->storeResult(n, at(i));
    };
    if (llvm::none_of(region.getResults(), [&](Value r) { return isWhole(r); }))
      return;
    if (!inRegisters)
      return e->loop(e->mul(k->thread, e->i64(width)), e->dim(dims.back()), e->i64(threads * width), store);
    for (int64_t n = 0; n < owned; ++n) {
      Place p = place(n);
      if (p.isInside)
        e->when(p.isInside, [&] { store(p.i); });
      else
        store(p.i);
    }
  }

  RegionOp region;
  ShapeFacts &facts;
  KernelBuilder *k = nullptr;
  reference::Emitter *e = nullptr;
  Dims dims;
  std::optional<int64_t> extent;
  int64_t width = 1, threads = kWarp, owned = 0;
  bool inRegisters = false;
  Indices row;
  std::map<int64_t, Place> places;
};

} // namespace

FailureOr<Kernel> emitRows(RegionOp region, ShapeFacts &facts, const Placements &placements) {
  Rows rows(region, facts);
  if (!rows.analyze())
    return failure();
  return rows.emit(placements);
}

} // namespace mlc::cuda

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// top_k: the k best elements of each line in order. One task per line, O(n log k) time.
// Scratch holds a heap of k positions along the line, the worst of them on top. What beats the top replaces it; in the end the heap is emptied from the back.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

DimExpr heapSize(Operation *op) { return cast<TopKOp>(op).getK().getDims()[0]; }

Dims lines(ShapeFacts &facts, TopKOp op) {
  Dims dims(facts.dims(op.getX()));
  dims.erase(dims.begin() + op.getAxis());
  return dims;
}

DimExpr topKTasks(ShapeFacts &facts, Operation *op) { return product(lines(facts, cast<TopKOp>(op))); }
DimExpr topKScratch(ShapeFacts &, Operation *op) { return heapSize(op) * 8; }

double topKCost(ShapeFacts &facts, Operation *op) {
  auto top = cast<TopKOp>(op);
  double n = roughCount({facts.dim(top.getX(), top.getAxis())}), k = roughCount({heapSize(op)});
  return n + 8 * std::min(n, 4 * k) * std::log2(k + 1);
}

/// The line of one task and its heap.
struct Line {
  Emitter &e;
  TopKOp op;
  Indices index;
  Value heap; // i64 positions
  OpBuilder &b = e.b;
  Location loc = e.loc;

  Value value(Value position) {
    index[op.getAxis()] = e.position(position);
    Type element = e.computeType(e.facts.elementType(op.getX()));
    return e.convert(e.at(op.getX(), index), element, accumulatorType(element));
  }
  Value get(Value slot) { return e.load(e.row(heap), b.getI64Type(), {e.position(slot)}); }
  void set(Value slot, Value position) { e.store(e.row(heap), b.getI64Type(), {e.position(slot)}, position); }

  /// Whether the element at p comes before the one at q: it is larger (smaller), or equal and earlier.
  Value before(Value p, Value q) {
    Value x = value(p), y = value(q), wins, ties;
    if (isa<FloatType>(x.getType())) {
      wins = arith::CmpFOp::create(b, loc, op.getLargest() ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT, x, y);
      ties = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y);
    } else {
      bool isUnsigned = Emitter::isUnsigned(e.facts.elementType(op.getX()));
      auto more = isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, fewer = isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
      wins = arith::CmpIOp::create(b, loc, op.getLargest() ? more : fewer, x, y);
      ties = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y);
    }
    return arith::OrIOp::create(b, loc, wins, e.both(ties, e.less(p, q)));
  }

  /// Puts `position` into the hole at `root` and lets it sink below what is worse, in a heap of `size` slots.
  void sink(Value root, Value position, Value size) {
    Type i64 = b.getI64Type();
    OpBuilder::InsertionGuard outer(b);
    // while (hole has a child worse than position) { heap[hole] = child; hole = child's slot }
    auto loop = scf::WhileOp::create(b, loc, TypeRange{i64, i64, i64}, ValueRange{root});
    {
      Emitter::Scope scope(e);
      Block *block = b.createBlock(&loop.getBefore(), {}, {i64}, {loc});
      Value hole = block->getArgument(0), left = e.add(e.mul(hole, e.i64(2)), e.i64(1)), right = e.add(left, e.i64(1)), none = e.i64(0);
      auto has = scf::IfOp::create(b, loc, TypeRange{b.getI1Type(), i64, i64}, e.less(left, size), /*withElseRegion=*/true);
      {
        OpBuilder::InsertionGuard guard(b);
        Emitter::Scope inner(e);
        b.setInsertionPointToEnd(has.thenBlock());
        // Without a right child the left one is compared with itself.
        Value other = e.select(e.less(right, size), right, left), l = get(left), r = get(other);
        Value rightIsWorse = before(l, r), slot = e.select(rightIsWorse, other, left), child = e.select(rightIsWorse, r, l);
        scf::YieldOp::create(b, loc, ValueRange{before(position, child), slot, child});
        b.setInsertionPointToEnd(has.elseBlock());
        Value no = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
        scf::YieldOp::create(b, loc, ValueRange{no, none, none});
      }
      scf::ConditionOp::create(b, loc, has.getResult(0), ValueRange{hole, has.getResult(1), has.getResult(2)});
    }
    {
      Emitter::Scope scope(e);
      Block *block = b.createBlock(&loop.getAfter(), {}, {i64, i64, i64}, {loc, loc, loc});
      set(block->getArgument(0), block->getArgument(2));
      scf::YieldOp::create(b, loc, ValueRange{block->getArgument(1)});
    }
    b.setInsertionPointAfter(loop);
    set(loop.getResult(0), position);
  }
};

void emitTopK(Emitter &e, Operation *op, Value task, Value scratch) {
  auto top = cast<TopKOp>(op);
  int64_t axis = top.getAxis();
  Line line{e, top, {}, scratch};
  for (Value v : e.delinearize(task, lines(e.facts, top)))
    line.index.push_back(e.position(v));
  line.index.insert(line.index.begin() + axis, e.zero());
  Value n = e.dim(e.facts.dim(top.getX(), axis)), wanted = e.dim(heapSize(op)), one = e.i64(1), zero = e.i64(0);
  Value k = wanted;
  // More than there are is a data fault.
  if (!(e.facts.dim(top.getX(), axis).constant() && heapSize(op).constant()) || *e.facts.dim(top.getX(), axis).constant() < *heapSize(op).constant()) {
    e.when(e.less(n, wanted), [&] { LLVM::StoreOp::create(e.b, e.loc, arith::ConstantOp::create(e.b, e.loc, e.b.getI32IntegerAttr(1)), e.fault); });
    k = e.minimum(n, wanted);
  }

  e.loop(zero, k, one, [&](Value i) { line.set(i, i); });
  Value inner = e.div(k, e.i64(2));
  e.loop(zero, inner, one, [&](Value i) {
    Value root = e.sub(e.sub(inner, one), i);
    line.sink(root, line.get(root), k);
  });
  // k = 0 has no top.
  e.when(e.less(zero, k), [&] {
    e.loop(k, n, one, [&](Value i) { e.when(line.before(i, line.get(zero)), [&] { line.sink(zero, i, k); }); });
  });
  // The worst goes last.
  e.loop(zero, e.sub(k, one), one, [&](Value i) {
    Value last = e.sub(e.sub(k, one), i), worst = line.get(zero), moved = line.get(last);
    line.sink(zero, moved, last);
    line.set(last, worst);
  });
  e.loop(zero, k, one, [&](Value i) {
    Indices from(line.index), to(line.index);
    Value position = line.get(i);
    from[axis] = e.position(position);
    to[axis] = e.position(i);
    if (e.memory(top.getValues()))
      e.store(top.getValues(), to, e.at(top.getX(), from));
    if (e.memory(top.getIndices()))
      e.store(top.getIndices(), to, position);
  });
}

} // namespace

void registerSorts() { registerNest("graph.top_k", {topKTasks, emitTopK, topKScratch, topKCost}); }

} // namespace mlc::reference

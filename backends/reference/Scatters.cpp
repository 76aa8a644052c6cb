// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Scatters: y starts as x, then updates replace elements or are combined with them, in the order of the indices.
// Source: ONNX operator specification, ScatterND-18 and ScatterElements-18. An index out of range is a data fault.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

/// old combined with an update, in the compute type of `elementType`.
Value combine(Emitter &e, StringRef reduction, Type elementType, Value old, Value update) {
  if (reduction == "none")
    return update;
  OpBuilder &b = e.b;
  Type element = getElementTypeOrSelf(old.getType());
  if (isa<FloatType>(element)) {
    Type wide = accumulatorType(element);
    Value x = e.convert(old, element, wide), y = e.convert(update, element, wide), r;
    if (reduction == "add")
      r = arith::AddFOp::create(b, e.loc, x, y);
    else if (reduction == "mul")
      r = arith::MulFOp::create(b, e.loc, x, y);
    else
      r = reduction == "min" ? Value(arith::MinimumFOp::create(b, e.loc, x, y)) : Value(arith::MaximumFOp::create(b, e.loc, x, y));
    return e.convert(r, wide, element);
  }
  bool isBool = element.isInteger(1), isUnsigned = Emitter::isUnsigned(elementType);
  if (reduction == "add")
    return isBool ? Value(arith::OrIOp::create(b, e.loc, old, update)) : Value(arith::AddIOp::create(b, e.loc, old, update));
  if (reduction == "mul")
    return arith::MulIOp::create(b, e.loc, old, update);
  if (reduction == "min")
    return isUnsigned ? Value(arith::MinUIOp::create(b, e.loc, old, update)) : Value(arith::MinSIOp::create(b, e.loc, old, update));
  return isUnsigned ? Value(arith::MaxUIOp::create(b, e.loc, old, update)) : Value(arith::MaxSIOp::create(b, e.loc, old, update));
}

/// y[at] = combine(y[at], update) where `valid` (null: always).
void apply(Emitter &e, StringRef reduction, Type elementType, const Memory &y, ArrayRef<Index> at, Value valid, Value update) {
  auto write = [&] {
    Value old = reduction == "none" ? Value() : e.load(y, elementType, at);
    e.store(y, elementType, at, reduction == "none" ? update : combine(e, reduction, elementType, old, update));
  };
  if (valid)
    e.when(valid, write);
  else
    write();
}

/// checkedIndex gives 0 for what is out of range; in a dim without elements there is no 0 either.
Value present(Emitter &e, const DimExpr &extent) {
  if (extent.constant().value_or(0) > 0)
    return {};
  return e.less(e.i64(0), e.dim(extent));
}

/// for i in [0, n): body(index of the dense tensor's element i), by vectors where the memory allows.
void forEachElement(Emitter &e, Value n, bool vectors, llvm::function_ref<void(Index)> body) {
  Value rest = e.i64(0);
  if (vectors && e.width > 1) {
    Value width = e.i64(e.width);
    rest = e.mul(e.div(n, width), width);
    e.loop(e.i64(0), rest, width, [&](Value i) { body({i, true, false}); });
  }
  e.loop(rest, n, e.i64(1), [&](Value i) { body(e.position(i)); });
}

/// Element `linear` (row-major) of a tensor, in memory or not.
Value element(Emitter &e, Value tensor, Index linear) {
  if (const Memory *m = e.memory(tensor))
    return e.load(e.row(m->pointer), e.facts.elementType(tensor), {linear});
  Indices at;
  for (Value v : e.delinearize(linear.base, e.facts.dims(tensor)))
    at.push_back(e.position(v));
  return e.at(tensor, at);
}

// ---- scatter_nd: one task; the indices may name the same slice many times

DimExpr one(ShapeFacts &, Operation *) { return 1; }

double scatterNDCost(ShapeFacts &facts, Operation *op) {
  auto scatter = cast<ScatterNDOp>(op);
  return 0.3 * (roughCount(facts.dims(scatter.getX())) + 3 * roughCount(facts.dims(scatter.getUpdates())));
}

void emitScatterND(Emitter &e, Operation *op, Value, Value) {
  auto scatter = cast<ScatterNDOp>(op);
  Value x = scatter.getX(), indices = scatter.getIndices(), updates = scatter.getUpdates();
  Type type = e.facts.elementType(x), indexType = e.facts.elementType(indices);
  Dims dims(e.facts.dims(x)), outer(e.facts.dims(indices));
  int64_t depth = *outer.back().constant();
  outer.pop_back();
  Memory y = e.row(e.memory(op->getResult(0))->pointer);
  forEachElement(e, e.dim(product(dims)), e.memory(x) != nullptr, [&](Index i) { e.store(y, type, {i}, element(e, x, i)); });

  DimExpr slice = product(ArrayRef<DimExpr>(dims).drop_front(depth));
  e.loop(e.i64(0), e.dim(product(outer)), e.i64(1), [&](Value u) {
    Value first = e.mul(u, e.i64(depth)), at = e.i64(0), valid;
    for (int64_t k = 0; k < depth; ++k) {
      Value picked = e.checkedIndex(element(e, indices, e.position(e.add(first, e.i64(k)))), indexType, e.dim(dims[k]));
      at = e.add(e.mul(at, e.dim(dims[k])), picked);
      if (Value has = present(e, dims[k]))
        valid = valid ? e.both(valid, has) : has;
    }
    Value n = e.dim(slice), to = e.mul(at, n), from = e.mul(u, n);
    auto replace = [&] {
      forEachElement(e, n, e.memory(updates) && slice.constant().value_or(e.width) >= e.width, [&](Index i) {
        apply(e, scatter.getReduction(), type, y, {e.shift(i, to)}, {}, element(e, updates, e.shift(i, from)));
      });
    };
    if (valid)
      e.when(valid, replace);
    else
      replace();
  });
}

// ---- scatter_elements: one task per line of x along axis, since no update leaves its line

int64_t axisOf(ShapeFacts &facts, ScatterElementsOp op) {
  int64_t axis = op.getAxis();
  return axis < 0 ? axis + facts.rank(op.getX()) : axis;
}

Dims without(ArrayRef<DimExpr> all, int64_t axis) {
  Dims dims(all);
  dims.erase(dims.begin() + axis);
  return dims;
}

DimExpr lineCount(ShapeFacts &facts, Operation *op) {
  auto scatter = cast<ScatterElementsOp>(op);
  return product(without(facts.dims(scatter.getX()), axisOf(facts, scatter)));
}

double lineCost(ShapeFacts &facts, Operation *op) {
  auto scatter = cast<ScatterElementsOp>(op);
  int64_t axis = axisOf(facts, scatter);
  return 0.5 * (roughCount({facts.dim(scatter.getX(), axis)}) + 4 * roughCount({facts.dim(scatter.getIndices(), axis)}));
}

void emitScatterElements(Emitter &e, Operation *op, Value task, Value) {
  auto scatter = cast<ScatterElementsOp>(op);
  Value x = scatter.getX(), indices = scatter.getIndices();
  int64_t axis = axisOf(e.facts, scatter);
  Type type = e.facts.elementType(x), indexType = e.facts.elementType(indices);
  Dims dims(e.facts.dims(x)), counts(e.facts.dims(indices));
  const Memory &y = *e.memory(op->getResult(0));
  Indices index;
  for (Value v : e.delinearize(task, without(dims, axis)))
    index.push_back(e.position(v));
  index.insert(index.begin() + axis, e.zero());
  bool inner = axis + 1 == static_cast<int64_t>(dims.size());
  forEachElement(e, e.dim(dims[axis]), inner && e.memory(x), [&](Index i) {
    index[axis] = i;
    e.store(y, type, index, e.at(x, index));
  });

  // The indices may cover only the first positions of the other dims.
  Value covered;
  for (size_t k = 0; k < dims.size(); ++k) {
    if (static_cast<int64_t>(k) == axis || counts[k] == dims[k])
      continue;
    Value in = e.less(index[k].base, e.dim(counts[k]));
    covered = covered ? e.both(covered, in) : in;
  }
  auto update = [&] {
    Value has = present(e, dims[axis]);
    e.loop(e.i64(0), e.dim(counts[axis]), e.i64(1), [&](Value i) {
      Indices from(index), to(index);
      from[axis] = e.position(i);
      to[axis] = e.position(e.checkedIndex(e.at(indices, from), indexType, e.dim(dims[axis])));
      apply(e, scatter.getReduction(), type, y, to, has, e.at(scatter.getUpdates(), from));
    });
  };
  if (covered)
    e.when(covered, update);
  else
    update();
}

} // namespace

void registerScatters() {
  registerNest("graph.scatter_nd", {one, emitScatterND, nullptr, scatterNDCost});
  registerNest("graph.scatter_elements", {lineCount, emitScatterElements, nullptr, lineCost});
}

} // namespace mlc::reference

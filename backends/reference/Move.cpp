// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Element functions of the moving ops: which operand element a result element is.
#include "backends/reference/Emitter.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::reference {
namespace {

bool hasLane(ArrayRef<Index> index) {
  return llvm::any_of(index, [](const Index &i) { return i.lane; });
}

/// Position of the dim that carries the lane, or -1.
int64_t laneDim(ArrayRef<Index> index) {
  for (auto [i, at] : llvm::enumerate(index))
    if (at.lane)
      return i;
  return -1;
}

Value constantElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index>) {
  auto value = cast<ConstantOp>(op).getValue();
  // Only single-element constants live inside regions.
  Type type = e.computeType(value.getElementType());
  auto dense = cast<DenseElementsAttr>(value);
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(e.b, e.loc, cast<TypedAttr>(FloatAttr::get(type, *dense.value_begin<APFloat>())));
  return arith::ConstantOp::create(e.b, e.loc, cast<TypedAttr>(IntegerAttr::get(type, *dense.value_begin<APInt>())));
}

Value dimsTensorElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  if (hasLane(index))
    return e.scalarize(op->getResult(0), index);
  auto dims = cast<DimsTensorOp>(op).getElements().getDims();
  Value linear = e.linearize(index, e.facts.dims(op->getResult(0)));
  Value v = e.dim(dims[0]);
  for (size_t i = 1; i < dims.size(); ++i)
    v = e.select(arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, linear, e.i64(i)), e.dim(dims[i]), v);
  return e.convert(v, e.b.getI64Type(), e.facts.elementType(op->getResult(0)));
}

Value transposeElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto transpose = cast<TransposeOp>(op);
  Indices source(index.size());
  for (auto [i, p] : llvm::enumerate(transpose.getPerm()))
    source[p] = index[i];
  return e.at(transpose.getX(), source);
}

/// Walks both shapes from the back in groups of equal element count; inside a group indices are linearized and split again.
Value reshapeElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto reshape = cast<ReshapeOp>(op);
  Dims in(e.facts.dims(reshape.getX())), out(e.facts.dims(op->getResult(0)));
  Indices source(in.size());
  int64_t i = in.size(), o = out.size();
  while (i > 0 || o > 0) {
    // Grow the group [ib, i) x [ob, o) until the products agree.
    int64_t ib = i, ob = o;
    DimExpr pi = 1, po = 1;
    if (ib > 0)
      pi = in[--ib];
    if (ob > 0)
      po = out[--ob];
    while (pi != po && (ib > 0 || ob > 0)) {
      // Extend the smaller side when that can be told, else whichever has dims left.
      auto ci = pi.constant(), co = po.constant();
      bool extendIn = ob == 0 || (ib > 0 && (ci && co ? *ci < *co : DimExpr::exactDiv(po, pi).has_value()));
      if (extendIn)
        pi = pi * in[--ib];
      else
        po = po * out[--ob];
    }
    ArrayRef<DimExpr> groupIn = ArrayRef<DimExpr>(in).slice(ib, i - ib), groupOut = ArrayRef<DimExpr>(out).slice(ob, o - ob);
    ArrayRef<Index> at = index.slice(ob, o - ob);
    int64_t lane = laneDim(at);
    if (i - ib == 1 && o - ob == 1) {
      source[ib] = at[0];
    } else if (lane < 0) {
      auto split = e.delinearize(e.linearize(at, groupOut), groupIn);
      for (auto [k, v] : llvm::enumerate(split))
        source[ib + k] = e.position(v);
    } else {
      // A lane keeps its place when it is the group's last dim and cannot cross the end of the source's last dim.
      bool tail = true;
      for (size_t k = lane + 1; k < at.size(); ++k)
        tail = tail && groupOut[k].isConstant(1);
      // The source's last dim of the group that is not 1.
      int64_t last = groupIn.size() - 1;
      while (last > 0 && groupIn[last].isConstant(1))
        --last;
      bool merging = llvm::all_of(groupIn.take_front(last), [](const DimExpr &d) { return d.isConstant(1); });
      auto inner = groupIn.empty() ? std::nullopt : groupIn[last].constant(), outer = groupOut[lane].constant();
      bool stays = merging || (inner && outer && *inner == *outer) || (inner && *inner % e.width == 0 && at[lane].aligned);
      if (!tail || !stays)
        return e.scalarize(op->getResult(0), index);
      auto split = e.delinearize(e.linearize(at, groupOut), groupIn);
      for (auto [k, v] : llvm::enumerate(split))
        source[ib + k] = {v, static_cast<int64_t>(k) == last, false};
      // Aligned when what the other dims add, and what a division takes away, are multiples of the width.
      bool alone = llvm::all_of(groupOut.take_front(lane), [](const DimExpr &d) { return d.isConstant(1); });
      source[ib + last].aligned = at[lane].aligned && (alone || (outer && *outer % e.width == 0)) && (merging || (inner && *inner % e.width == 0));
    }
    i = ib;
    o = ob;
  }
  return e.at(reshape.getX(), source);
}

Value sliceElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto slice = cast<SliceOp>(op);
  Dims starts = slice.getStarts().getDims();
  Indices source;
  for (auto [i, at] : llvm::enumerate(index)) {
    int64_t step = slice.getSteps()[i];
    if (at.lane && step != 1)
      return e.scalarize(op->getResult(0), index);
    if (step == 1 && starts[i].isConstant(0)) {
      source.push_back(at);
      continue;
    }
    auto start = starts[i].constant();
    source.push_back({e.add(e.dim(starts[i]), e.mul(at.base, e.i64(step))), at.lane, at.aligned && start && *start % e.width == 0});
  }
  return e.at(slice.getX(), source);
}

/// One branch per operand: only the operand that holds the element is read.
Value concatElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto concat = cast<ConcatOp>(op);
  int64_t axis = concat.getAxis();
  if (index[axis].lane)
    return e.scalarize(op->getResult(0), index);
  Type type = e.computeType(e.facts.elementType(op->getResult(0)));
  bool lanes = e.width > 1 && hasLane(index);
  if (lanes)
    type = VectorType::get({e.width}, type);
  auto xs = concat.getXs();
  std::function<Value(size_t, Value)> pick = [&](size_t k, Value along) -> Value {
    Indices source(index);
    source[axis] = e.position(along);
    auto element = [&] {
      Value v = e.at(xs[k], source);
      return lanes ? e.splat(v) : v;
    };
    if (k + 1 == xs.size())
      return element();
    Value extent = e.dim(e.facts.dim(xs[k], axis));
    auto branch = scf::IfOp::create(e.b, e.loc, TypeRange{type}, e.less(along, extent), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(e.b);
    {
      Emitter::Scope scope(e);
      e.b.setInsertionPointToEnd(branch.thenBlock());
      scf::YieldOp::create(e.b, e.loc, element());
    }
    {
      Emitter::Scope scope(e);
      e.b.setInsertionPointToEnd(branch.elseBlock());
      scf::YieldOp::create(e.b, e.loc, pick(k + 1, e.sub(along, extent)));
    }
    return branch.getResult(0);
  };
  return pick(0, index[axis].base);
}

Value padElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto pad = cast<PadOp>(op);
  Dims low = pad.getLow().getDims(), high = pad.getHigh().getDims(), in(e.facts.dims(pad.getX()));
  Indices source;
  Value inside;
  bool lanePadded = false; // then lanes that all lie inside are read together, others one by one
  for (auto [k, at] : llvm::enumerate(index)) {
    if (low[k].isConstant(0) && high[k].isConstant(0)) {
      source.push_back(at);
      continue;
    }
    if (at.lane) {
      if (pad.getMode() != "constant")
        return e.scalarize(op->getResult(0), index);
      auto before = low[k].constant();
      Index first{e.sub(at.base, e.dim(low[k])), true, at.aligned && before && *before % e.width == 0};
      Value fits = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, e.add(first.base, e.i64(e.width)), e.dim(in[k]));
      if (!low[k].isConstant(0))
        fits = e.both(fits, arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, first.base, e.i64(0)));
      inside = inside ? e.both(inside, fits) : fits;
      source.push_back(first);
      lanePadded = true;
      continue;
    }
    Value i = e.sub(at.base, e.dim(low[k])), n = e.dim(in[k]), zero = e.i64(0);
    if (pad.getMode() == "constant") {
      Value in_ = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, i, n);
      inside = inside ? e.both(inside, in_) : in_;
    } else if (pad.getMode() == "edge") {
      i = e.maximum(zero, e.minimum(i, e.sub(n, e.i64(1))));
    } else if (pad.getMode() == "reflect") {
      // Period 2(n-1); for one element, always 0.
      Value last = e.sub(n, e.i64(1)), period = e.maximum(e.mul(last, e.i64(2)), e.i64(1));
      Value m = arith::RemSIOp::create(e.b, e.loc, i, period);
      m = e.select(e.less(m, zero), e.add(m, period), m);
      i = e.minimum(m, e.sub(period, m));
      i = e.minimum(i, last);
    } else {
      Value m = arith::RemSIOp::create(e.b, e.loc, i, n);
      i = e.select(e.less(m, zero), e.add(m, n), m);
    }
    source.push_back(e.position(i));
  }
  if (!inside)
    return e.at(pad.getX(), source);
  bool lanes = e.width > 1 && hasLane(index);
  Type type = e.computeType(e.facts.elementType(op->getResult(0)));
  if (lanes)
    type = VectorType::get({e.width}, type);
  Value fill;
  if (pad.getValue()) {
    Indices at(e.facts.dims(pad.getValue()).size(), e.zero());
    fill = e.at(pad.getValue(), at);
  } else {
    fill = e.constant(e.computeType(e.facts.elementType(op->getResult(0))), 0);
  }
  auto branch = scf::IfOp::create(e.b, e.loc, TypeRange{type}, inside, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(e.b);
  {
    Emitter::Scope scope(e);
    e.b.setInsertionPointToEnd(branch.thenBlock());
    Value v = e.at(pad.getX(), source);
    scf::YieldOp::create(e.b, e.loc, lanes ? e.splat(v) : v);
  }
  e.b.setInsertionPointToEnd(branch.elseBlock());
  Emitter::Scope scope(e);
  Value v = lanePadded ? e.scalarize(op->getResult(0), index) : fill;
  scf::YieldOp::create(e.b, e.loc, lanes ? e.splat(v) : v);
  return branch.getResult(0);
}

Value tileElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto tile = cast<TileOp>(op);
  Dims repeats = tile.getRepeats().getDims(), in(e.facts.dims(tile.getX()));
  Indices source;
  for (auto [i, at] : llvm::enumerate(index)) {
    if (repeats[i].isConstant(1)) {
      source.push_back(at);
    } else if (at.lane) {
      return e.scalarize(op->getResult(0), index);
    } else {
      source.push_back(e.position(e.rem(at.base, e.dim(in[i]))));
    }
  }
  return e.at(tile.getX(), source);
}

Value rangeElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  if (hasLane(index))
    return e.scalarize(op->getResult(0), index);
  auto range = cast<RangeOp>(op);
  auto scalarAt = [&](Value v) { return e.at(v, Indices(e.facts.dims(v).size(), e.zero())); };
  Type type = e.facts.elementType(op->getResult(0));
  Value start = scalarAt(range.getStart()), delta = scalarAt(range.getDelta());
  if (isa<FloatType>(type)) {
    Value i = arith::SIToFPOp::create(e.b, e.loc, e.computeType(type), index[0].base);
    return arith::AddFOp::create(e.b, e.loc, start, arith::MulFOp::create(e.b, e.loc, i, delta).getResult());
  }
  Value i = e.convert(index[0].base, e.b.getI64Type(), type);
  return arith::AddIOp::create(e.b, e.loc, start, arith::MulIOp::create(e.b, e.loc, i, delta).getResult());
}

int64_t normalizedAxis(Emitter &e, Value x, int64_t axis) { return axis < 0 ? axis + e.facts.rank(x) : axis; }

Value gatherElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto gather = cast<GatherOp>(op);
  int64_t axis = normalizedAxis(e, gather.getX(), gather.getAxis()), rank = e.facts.rank(gather.getIndices());
  ArrayRef<Index> inner = index.slice(axis, rank);
  if (hasLane(inner))
    return e.scalarize(op->getResult(0), index);
  Value picked = e.checkedIndex(e.at(gather.getIndices(), inner), e.facts.elementType(gather.getIndices()), e.dim(e.facts.dim(gather.getX(), axis)));
  Indices source(index.take_front(axis));
  source.push_back(e.position(picked));
  source.append(index.begin() + axis + rank, index.end());
  return e.at(gather.getX(), source);
}

Value gatherElementsElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  if (hasLane(index))
    return e.scalarize(op->getResult(0), index);
  auto gather = cast<GatherElementsOp>(op);
  int64_t axis = normalizedAxis(e, gather.getX(), gather.getAxis());
  Indices source(index);
  source[axis] = e.position(e.checkedIndex(e.at(gather.getIndices(), index), e.facts.elementType(gather.getIndices()), e.dim(e.facts.dim(gather.getX(), axis))));
  return e.at(gather.getX(), source);
}

Value gatherNDElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  auto gather = cast<GatherNDOp>(op);
  int64_t batch = gather.getBatchDims(), rank = e.facts.rank(gather.getIndices());
  int64_t depth = *e.facts.dims(gather.getIndices()).back().constant();
  ArrayRef<Index> outer = index.take_front(rank - 1);
  if (hasLane(outer))
    return e.scalarize(op->getResult(0), index);
  Indices source(index.take_front(batch));
  for (int64_t k = 0; k < depth; ++k) {
    Indices at(outer);
    at.push_back(e.position(e.i64(k)));
    source.push_back(e.position(e.checkedIndex(e.at(gather.getIndices(), at), e.facts.elementType(gather.getIndices()), e.dim(e.facts.dim(gather.getX(), batch + k)))));
  }
  source.append(index.begin() + rank - 1, index.end());
  return e.at(gather.getX(), source);
}

Value triluElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  if (hasLane(index))
    return e.scalarize(op->getResult(0), index);
  auto trilu = cast<TriluOp>(op);
  Value row = index[index.size() - 2].base, column = index.back().base;
  Value edge = e.add(row, e.dim(trilu.getK().getDims()[0]));
  Value keep = arith::CmpIOp::create(e.b, e.loc, trilu.getUpper() ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle, column, edge);
  return e.select(keep, e.at(trilu.getX(), index), e.constant(e.computeType(e.facts.elementType(op->getResult(0))), 0));
}

Value oneHotElement(Emitter &e, Operation *op, unsigned, ArrayRef<Index> index) {
  if (hasLane(index))
    return e.scalarize(op->getResult(0), index);
  auto hot = cast<OneHotOp>(op);
  Indices at(index);
  Value along = at[hot.getAxis()].base, depth = e.dim(hot.getDepth().getDims()[0]);
  at.erase(at.begin() + hot.getAxis());
  Value i = e.convert(e.at(hot.getIndices(), at), e.facts.elementType(hot.getIndices()), e.b.getI64Type());
  i = e.select(e.less(i, e.i64(0)), e.add(i, depth), i);
  Value on = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, i, along);
  return e.select(on, e.at(hot.getValues(), {e.position(e.i64(1))}), e.at(hot.getValues(), {e.position(e.i64(0))}));
}

} // namespace

void registerMoves() {
  registerElement("graph.constant", constantElement);
  registerElement("graph.dims_tensor", dimsTensorElement);
  registerElement("graph.transpose", transposeElement);
  registerElement("graph.reshape", reshapeElement);
  registerElement("graph.slice", sliceElement);
  registerElement("graph.concat", concatElement);
  registerElement("graph.pad", padElement);
  registerElement("graph.tile", tileElement);
  registerElement("graph.range", rangeElement);
  registerElement("graph.gather", gatherElement);
  registerElement("graph.gather_elements", gatherElementsElement);
  registerElement("graph.gather_nd", gatherNDElement);
  registerElement("graph.trilu", triluElement);
  registerElement("graph.one_hot", oneHotElement);
}

} // namespace mlc::reference

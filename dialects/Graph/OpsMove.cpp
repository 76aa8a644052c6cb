// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Shapes of the moving ops; those that exporters use for shape arithmetic (gather, concat, slice, ...) also move tracked elements.
#include "dialects/Graph/Constraints.h"

using namespace mlir;

namespace mlc::graph {
namespace {

/// Row-major strides of static dims; empty when a dim is symbolic or the tensor is too large to track.
std::optional<SmallVector<int64_t>> smallStrides(ArrayRef<DimExpr> dims, int64_t &count) {
  SmallVector<int64_t> strides(dims.size());
  count = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    auto c = dims[i].constant();
    if (!c || *c < 0 || *c > ShapeFacts::kMaxElements || count * std::max<int64_t>(*c, 1) > ShapeFacts::kMaxElements)
      return std::nullopt;
    strides[i] = count;
    count *= *c;
  }
  return strides;
}

/// Sets result elements by pulling: `source(index)` names the element of operand 0 (or nothing) for each result index.
void pullElements(ShapeFacts &facts, Operation *op, llvm::function_ref<std::optional<DimExpr>(ArrayRef<int64_t>)> source) {
  Dims out(facts.dims(op->getResult(0)));
  int64_t count;
  if (!smallStrides(out, count))
    return;
  std::vector<DimExpr> elements;
  SmallVector<int64_t> index(out.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    auto e = source(index);
    if (!e)
      return;
    elements.push_back(*e);
    for (size_t a = out.size(); a-- > 0;) {
      if (++index[a] < *out[a].constant())
        break;
      index[a] = 0;
    }
  }
  facts.setElements(op->getResult(0), elements);
}

bool isReduction(StringRef name) { return llvm::is_contained({"none", "add", "mul", "min", "max"}, name); }

} // namespace

// ---- constants and shape values

ParseResult ConstantOp::parse(OpAsmParser &parser, OperationState &state) {
  ElementsAttr value;
  if (parser.parseOptionalAttrDict(state.attributes) || parser.parseAttribute(value, "value", state.attributes))
    return failure();
  state.addTypes(value.getShapedType());
  return success();
}

void ConstantOp::print(OpAsmPrinter &p) {
  p.printOptionalAttrDict((*this)->getAttrs(), {"value"});
  p << ' ' << getValue();
}

LogicalResult ConstantOp::verify() {
  if (getValue().getShapedType() != getType())
    return emitOpError() << "[constant_c1] has a value of type " << getValue().getShapedType() << " and a result of type " << getType();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::inferShapes(ShapeFacts &facts) {
  auto type = cast<RankedTensorType>(getValue().getShapedType());
  Dims dims;
  for (int64_t d : type.getShape())
    dims.push_back(d);
  facts.set(getY(), type.getElementType(), dims);
  auto integer = dyn_cast<IntegerType>(type.getElementType());
  auto dense = dyn_cast<DenseIntElementsAttr>(getValue());
  if (!integer || !dense || type.getNumElements() > ShapeFacts::kMaxElements)
    return success();
  std::vector<DimExpr> elements;
  for (const APInt &v : dense.getValues<APInt>())
    elements.push_back(integer.isUnsigned() || integer.getWidth() == 1 ? v.getZExtValue() : v.getSExtValue());
  facts.setElements(getY(), elements);
  return success();
}

LogicalResult DimsTensorOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || type != getY().getType() || !type.hasStaticShape() || type.getNumElements() != static_cast<int64_t>(getElements().size()))
    return emitOpError() << "[dims_tensor_c1] gives " << getElements().size() << " elements to a result of type " << getY().getType();
  return success();
}

LogicalResult DimsTensorOp::inferShapes(ShapeFacts &facts) {
  auto type = cast<RankedTensorType>(getType());
  Dims dims;
  for (int64_t d : type.getShape())
    dims.push_back(d);
  facts.set(getY(), type.getElementType(), dims);
  facts.setElements(getY(), getElements().getDims());
  return success();
}

LogicalResult ShapeOp::inferShapes(ShapeFacts &facts) {
  Dims in(facts.dims(getX()));
  int64_t rank = in.size();
  auto clamp = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank); };
  int64_t start = clamp(getStart()), end = std::max(start, getEnd() ? clamp(*getEnd()) : rank);
  facts.set(getY(), IntegerType::get(getContext(), 64), {DimExpr(end - start)});
  facts.setElements(getY(), ArrayRef<DimExpr>(in).slice(start, end - start));
  return success();
}

LogicalResult SizeOp::inferShapes(ShapeFacts &facts) {
  DimExpr count = product(facts.dims(getX()));
  facts.set(getY(), IntegerType::get(getContext(), 64), {});
  facts.setElements(getY(), count);
  return success();
}

// ---- structure

LogicalResult ReshapeOp::verify() {
  auto in = getX().getType(), out = getY().getType();
  if (in.hasStaticShape() && out.hasStaticShape() && in.getNumElements() != out.getNumElements())
    return emitOpError() << "[reshape_c1] cannot reshape " << in << " to " << out;
  return success();
}

LogicalResult ReshapeOp::inferShapes(ShapeFacts &facts) {
  Dims dims = getDims().getDims();
  std::optional<std::vector<DimExpr>> elements;
  if (auto e = facts.elements(getX()))
    elements = std::vector<DimExpr>(e->begin(), e->end());
  if (!requireEqual(facts, *this, product(facts.dims(getX())), product(dims)))
    return emitOpError() << "[reshape_c1] cannot reshape " << describe(facts.dims(getX())) << " to " << describe(dims);
  facts.set(getY(), facts.elementType(getX()), dims);
  if (elements)
    facts.setElements(getY(), *elements);
  return success();
}

LogicalResult TransposeOp::verify() {
  SmallVector<bool> seen(getX().getType().getRank(), false);
  bool good = getPerm().size() == seen.size();
  for (int64_t p : getPerm()) {
    good = good && p >= 0 && p < static_cast<int64_t>(seen.size()) && !seen[p];
    if (good)
      seen[p] = true;
  }
  if (!good)
    return emitOpError() << "[transpose_c1] has perm [" << getPerm() << "] for an operand of type " << getX().getType();
  return success();
}

LogicalResult TransposeOp::inferShapes(ShapeFacts &facts) {
  if (failed(verify()))
    return failure();
  Dims in(facts.dims(getX())), out;
  for (int64_t p : getPerm())
    out.push_back(in[p]);
  facts.set(getY(), facts.elementType(getX()), out);
  int64_t count;
  auto strides = smallStrides(in, count);
  auto elements = facts.elements(getX());
  if (strides && elements)
    pullElements(facts, *this, [&](ArrayRef<int64_t> index) -> std::optional<DimExpr> {
      int64_t at = 0;
      for (auto [i, p] : llvm::enumerate(getPerm()))
        at += index[i] * (*strides)[p];
      return (*elements)[at];
    });
  return success();
}

LogicalResult ExpandOp::inferShapes(ShapeFacts &facts) {
  Dims in(facts.dims(getX())), out = getDims().getDims();
  if (!requireBroadcastTo(facts, *this, in, out))
    return emitOpError() << "[expand_c1] cannot expand " << describe(in) << " to " << describe(out);
  facts.set(getY(), facts.elementType(getX()), out);
  int64_t count;
  auto strides = smallStrides(in, count);
  auto elements = facts.elements(getX());
  if (strides && elements)
    pullElements(facts, *this, [&](ArrayRef<int64_t> index) -> std::optional<DimExpr> {
      int64_t at = 0;
      for (size_t i = 0; i < in.size(); ++i)
        at += (in[i].isConstant(1) ? 0 : index[out.size() - in.size() + i]) * (*strides)[i];
      return (*elements)[at];
    });
  return success();
}

LogicalResult SliceOp::verify() {
  size_t rank = getX().getType().getRank();
  if (getStarts().size() != rank || getSteps().size() != rank || getDims().size() != rank)
    return emitOpError() << "[slice_c1] needs " << rank << " starts, steps and dims";
  for (int64_t s : getSteps())
    if (s == 0)
      return emitOpError() << "[slice_c2] has a step of 0";
  return success();
}

LogicalResult SliceOp::inferShapes(ShapeFacts &facts) {
  if (failed(verify()))
    return failure();
  Dims in(facts.dims(getX())), starts = getStarts().getDims(), out = getDims().getDims();
  for (size_t i = 0; i < in.size(); ++i) {
    if (out[i].isConstant(0) || (starts[i].isConstant(0) && out[i] == in[i] && getSteps()[i] == 1))
      continue;
    DimExpr last = starts[i] + (out[i] - 1) * DimExpr(getSteps()[i]); // saturates; one step ahead of the start when none are taken
    auto [low, high] = getSteps()[i] > 0 ? std::pair(starts[i], last) : std::pair(last, starts[i]);
    if (!requireAtMost(facts, *this, 0, low) || !requireAtMost(facts, *this, high + 1, in[i]))
      return emitOpError() << "[slice_c3] reaches outside dim " << i << " of " << describe(in);
  }
  facts.set(getY(), facts.elementType(getX()), out);
  int64_t count;
  auto strides = smallStrides(in, count);
  auto elements = facts.elements(getX());
  if (strides && elements)
    pullElements(facts, *this, [&](ArrayRef<int64_t> index) -> std::optional<DimExpr> {
      int64_t at = 0;
      for (size_t i = 0; i < in.size(); ++i) {
        auto start = starts[i].constant();
        if (!start)
          return std::nullopt;
        at += (*start + index[i] * getSteps()[i]) * (*strides)[i];
      }
      return (*elements)[at];
    });
  return success();
}

LogicalResult ConcatOp::verify() {
  if (getXs().empty())
    return emitOpError() << "[concat_c2] needs an operand";
  int64_t rank = cast<RankedTensorType>(getXs()[0].getType()).getRank();
  if (static_cast<int64_t>(getAxis()) < 0 || static_cast<int64_t>(getAxis()) >= rank)
    return emitOpError() << "[concat_c1] has axis " << getAxis() << " for operands of rank " << rank;
  return success();
}

LogicalResult ConcatOp::inferShapes(ShapeFacts &facts) {
  if (failed(verify()))
    return failure();
  int64_t axis = getAxis();
  Dims out(facts.dims(getXs()[0]));
  Type type = facts.elementType(getXs()[0]);
  out[axis] = 0;
  for (Value x : getXs()) {
    auto d = facts.dims(x);
    if (d.size() != out.size() || facts.elementType(x) != type)
      return emitOpError() << "[concat_c3] has operands of types " << getXs()[0].getType() << " and " << x.getType();
    for (size_t i = 0; i < d.size(); ++i) {
      if (static_cast<int64_t>(i) == axis)
        continue;
      if (!requireEqual(facts, *this, out[i], d[i]))
        return emitOpError() << "[concat_c3] cannot join " << describe(d) << " to " << describe(facts.dims(getXs()[0])) << " along axis " << axis;
      if (d[i].constant())
        out[i] = d[i];
    }
    out[axis] = out[axis] + d[axis];
  }
  facts.set(getY(), type, out);
  SmallVector<ArrayRef<DimExpr>> parts;
  SmallVector<int64_t> extents;
  for (Value x : getXs()) {
    auto e = facts.elements(x);
    auto extent = facts.dim(x, axis).constant();
    if (!e || !extent)
      return success();
    parts.push_back(*e);
    extents.push_back(*extent);
  }
  pullElements(facts, *this, [&](ArrayRef<int64_t> index) -> std::optional<DimExpr> {
    size_t part = 0;
    int64_t along = index[axis];
    while (along >= extents[part])
      along -= extents[part++];
    int64_t at = 0;
    for (size_t i = 0; i < index.size(); ++i) {
      int64_t extent = static_cast<int64_t>(i) == axis ? extents[part] : *out[i].constant();
      at = at * extent + (static_cast<int64_t>(i) == axis ? along : index[i]);
    }
    return parts[part][at];
  });
  return success();
}

LogicalResult PadOp::verify() {
  size_t rank = getX().getType().getRank();
  if (getLow().size() != rank || getHigh().size() != rank)
    return emitOpError() << "[pad_c1] needs " << rank << " low and high counts";
  if (getMode() != "constant" && getMode() != "reflect" && getMode() != "edge" && getMode() != "wrap")
    return emitOpError() << "[pad_c2] has mode '" << getMode() << "'";
  return success();
}

LogicalResult PadOp::inferShapes(ShapeFacts &facts) {
  if (failed(verify()))
    return failure();
  Dims out(facts.dims(getX())), low = getLow().getDims(), high = getHigh().getDims();
  for (size_t i = 0; i < out.size(); ++i) {
    if (getMode() != "constant" && !requireAtMost(facts, *this, DimExpr::min(low[i] + high[i], 1, facts.symbols), out[i]))
      return emitOpError() << "[pad_c3] repeats elements of dim " << i << " of " << describe(out) << ", which has none";
    out[i] = out[i] + low[i] + high[i];
  }
  facts.set(getY(), facts.elementType(getX()), out);
  return success();
}

LogicalResult TileOp::inferShapes(ShapeFacts &facts) {
  Dims out(facts.dims(getX())), repeats = getRepeats().getDims();
  if (repeats.size() != out.size())
    return emitOpError() << "[tile_c1] has " << repeats.size() << " repeats for an operand of dims " << describe(out);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = out[i] * repeats[i];
  facts.set(getY(), facts.elementType(getX()), out);
  return success();
}

LogicalResult RangeOp::inferShapes(ShapeFacts &facts) {
  Dims dims = getDims().getDims();
  facts.set(getY(), facts.elementType(getStart()), dims);
  auto start = facts.elements(getStart()), delta = facts.elements(getDelta());
  if (start && delta && start->size() == 1 && delta->size() == 1)
    pullElements(facts, *this, [&](ArrayRef<int64_t> index) -> std::optional<DimExpr> { return (*start)[0] + (*delta)[0] * DimExpr(index[0]); });
  return success();
}

// ---- indexed by data

LogicalResult GatherOp::inferShapes(ShapeFacts &facts) {
  Dims x(facts.dims(getX())), indices(facts.dims(getIndices()));
  auto axis = normalized(getAxis(), x.size());
  if (!axis)
    return emitOpError() << "[gather_c1] has axis " << getAxis() << " for an operand of dims " << describe(x);
  Dims out(x.begin(), x.begin() + *axis);
  out.append(indices.begin(), indices.end());
  out.append(x.begin() + *axis + 1, x.end());
  facts.set(getY(), facts.elementType(getX()), out);
  auto elements = facts.elements(getX());
  auto at = facts.constantElements(getIndices());
  if (elements && at && x.size() == 1) {
    std::vector<DimExpr> picked;
    for (int64_t i : *at) {
      int64_t n = elements->size(), k = i < 0 ? i + n : i;
      if (k < 0 || k >= n)
        return emitOpError() << "[gather_c2] has index " << i << " into " << n << " elements";
      picked.push_back((*elements)[k]);
    }
    facts.setElements(getY(), picked);
  }
  return success();
}

LogicalResult GatherElementsOp::inferShapes(ShapeFacts &facts) {
  Dims out(facts.dims(getIndices()));
  if (!normalized(getAxis(), out.size()) || facts.dims(getX()).size() != out.size())
    return emitOpError() << "[gather_elements_c1] has axis " << getAxis() << " and operands of dims " << describe(facts.dims(getX())) << " and " << describe(out);
  Dims x(facts.dims(getX()));
  for (size_t i = 0; i < out.size(); ++i)
    if (static_cast<int64_t>(i) != *normalized(getAxis(), out.size()) && !requireAtMost(facts, *this, out[i], x[i]))
      return emitOpError() << "[gather_elements_c2] has indices of dims " << describe(out) << ", which reach outside " << describe(x);
  facts.set(getY(), facts.elementType(getX()), out);
  return success();
}

LogicalResult GatherNDOp::inferShapes(ShapeFacts &facts) {
  Dims x(facts.dims(getX())), indices(facts.dims(getIndices()));
  int64_t batch = getBatchDims();
  auto depth = indices.empty() ? std::nullopt : indices.back().constant();
  if (!depth || batch < 0 || batch >= static_cast<int64_t>(indices.size()) || *depth < 1 || *depth > static_cast<int64_t>(x.size()) - batch)
    return emitOpError() << "[gather_nd_c1] cannot index " << describe(x) << " by " << describe(indices) << " with " << batch << " batch dims";
  if (!requireEqual(facts, *this, ArrayRef<DimExpr>(x).take_front(batch), ArrayRef<DimExpr>(indices).take_front(batch)))
    return emitOpError() << "[gather_nd_c2] has " << batch << " batch dims, which differ: " << describe(x) << " and " << describe(indices);
  Dims out(indices.begin(), indices.end() - 1);
  out.append(x.begin() + batch + *depth, x.end());
  facts.set(getY(), facts.elementType(getX()), out);
  return success();
}

LogicalResult ScatterNDOp::inferShapes(ShapeFacts &facts) {
  Dims x(facts.dims(getX())), indices(facts.dims(getIndices()));
  auto depth = indices.empty() ? std::nullopt : indices.back().constant();
  if (!depth || *depth < 1 || *depth > static_cast<int64_t>(x.size()))
    return emitOpError() << "[scatter_nd_c1] cannot index " << describe(x) << " by " << describe(indices);
  Dims slices(indices.begin(), indices.end() - 1);
  slices.append(x.begin() + *depth, x.end());
  if (!requireEqual(facts, *this, slices, facts.dims(getUpdates())))
    return emitOpError() << "[scatter_nd_c2] has updates of dims " << describe(facts.dims(getUpdates())) << ", expected " << describe(slices);
  if (!isReduction(getReduction()))
    return emitOpError() << "[scatter_nd_c3] has reduction '" << getReduction() << "', expected none, add, mul, min or max";
  facts.set(getY(), facts.elementType(getX()), x);
  return success();
}

LogicalResult ScatterElementsOp::inferShapes(ShapeFacts &facts) {
  Dims x(facts.dims(getX()));
  Dims indices(facts.dims(getIndices()));
  auto axis = normalized(getAxis(), x.size());
  if (!axis || indices.size() != x.size())
    return emitOpError() << "[scatter_elements_c1] has axis " << getAxis() << " and operands of dims " << describe(x) << " and " << describe(indices);
  for (size_t i = 0; i < x.size(); ++i)
    if (static_cast<int64_t>(i) != *axis && !requireAtMost(facts, *this, indices[i], x[i]))
      return emitOpError() << "[scatter_elements_c2] has indices of dims " << describe(indices) << ", which reach outside " << describe(x);
  if (!requireEqual(facts, *this, indices, facts.dims(getUpdates())))
    return emitOpError() << "[scatter_elements_c3] has updates of dims " << describe(facts.dims(getUpdates())) << " for indices of dims " << describe(indices);
  if (!isReduction(getReduction()))
    return emitOpError() << "[scatter_elements_c4] has reduction '" << getReduction() << "', expected none, add, mul, min or max";
  facts.set(getY(), facts.elementType(getX()), x);
  return success();
}

LogicalResult TriluOp::inferShapes(ShapeFacts &facts) {
  Dims x(facts.dims(getX()));
  if (x.size() < 2)
    return emitOpError() << "[trilu_c1] needs a matrix, got dims " << describe(x);
  if (getK().size() != 1)
    return emitOpError() << "[trilu_c2] has " << getK().size() << " values of k, expected one";
  facts.set(getY(), facts.elementType(getX()), x);
  return success();
}

LogicalResult OneHotOp::inferShapes(ShapeFacts &facts) {
  Dims out(facts.dims(getIndices()));
  int64_t axis = getAxis();
  if (getDepth().size() != 1)
    return emitOpError() << "[one_hot_c2] has " << getDepth().size() << " depths, expected one";
  if (axis < 0 || axis > static_cast<int64_t>(out.size()))
    return emitOpError() << "[one_hot_c1] has axis " << axis << " for indices of dims " << describe(out);
  if (!requireEqual(facts, *this, product(facts.dims(getValues())), DimExpr(2)))
    return emitOpError() << "[one_hot_c3] has values of dims " << describe(facts.dims(getValues())) << ", expected two";
  out.insert(out.begin() + axis, getDepth().getDims()[0]);
  facts.set(getY(), facts.elementType(getValues()), out);
  return success();
}

LogicalResult ResizeOp::inferShapes(ShapeFacts &facts) {
  Dims dims = getDims().getDims();
  if (dims.size() != facts.dims(getX()).size())
    return emitOpError() << "[resize_c1] has " << dims.size() << " dims for an operand of dims " << describe(facts.dims(getX()));
  for (auto [from, to] : llvm::zip(Dims(facts.dims(getX())), dims))
    if (!requireAtMost(facts, *this, DimExpr::min(to, 1, facts.symbols), from))
      return emitOpError() << "[resize_c2] makes elements of none: " << describe(facts.dims(getX())) << " to " << describe(dims);
  facts.set(getY(), facts.elementType(getX()), dims);
  return success();
}

// ---- canonicalisation

namespace {

/// reshape(reshape(x)) -> reshape(x); reshape to x's own static type -> x.
struct FoldReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    if (op.getX().getType() == op.getType() && op.getType().hasStaticShape()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    if (auto inner = op.getX().getDefiningOp<ReshapeOp>()) {
      rewriter.modifyOpInPlace(op, [&] { op.getXMutable().assign(inner.getX()); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "neither of a reshape nor to the same type");
  }
};

/// transpose(transpose(x)) -> one transpose; the identity permutation -> x.
struct FoldTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto perm = op.getPerm();
    if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size()))) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto inner = op.getX().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "neither of a transpose nor the identity");
    SmallVector<int64_t> composed;
    for (int64_t p : perm)
      composed.push_back(inner.getPerm()[p]);
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(inner.getX());
      op.setPerm(composed);
    });
    return success();
  }
};

} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) { patterns.add<FoldReshape>(context); }
void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) { patterns.add<FoldTranspose>(context); }

} // namespace mlc::graph

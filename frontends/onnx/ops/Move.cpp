// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Ops that move elements. Shape operands are read as expressions and become #graph.dims attributes.
#include "frontends/onnx/Registry.h"
#include "frontends/onnx/Tensors.h"

using namespace mlir;

namespace mlc::importer {
namespace {

/// 1 when e < 0, else 0, as an expression.
DimExpr isNegative(Node &n, const DimExpr &e) {
  auto &symbols = n.facts.symbols;
  return DimExpr::min(DimExpr::max(DimExpr(0) - e, 0, symbols), 1, symbols);
}

/// Whether an expression holds an element of an input: only those can be negative on purpose, dims cannot.
bool holdsInputElement(Node &n, const DimExpr &e) {
  bool found = false;
  e.forEachSymbol([&](StringRef s) {
    auto it = n.facts.symbols.find(s);
    found = found || (it != n.facts.symbols.end() && it->second.min == INT64_MIN);
  });
  return found;
}

/// An axes list that is an attribute in old versions and input `i` in new ones; empty optional when absent.
FailureOr<std::optional<SmallVector<int64_t>>> axesOf(Node &n, size_t i, StringRef name = "axes") {
  if (n.has(i)) {
    auto axes = n.numbers(i, name);
    if (failed(axes))
      return failure();
    return std::optional(*axes);
  }
  return n.intsAttr(name);
}

// ---- dims

/// Reshape's dims: 0 copies, one -1 is inferred. Elements whose sign is not known (they come from an input) decide at run time.
FailureOr<Dims> reshapeDims(Node &n, const Dims &in, const Dims &wanted, bool allowZero) {
  Dims out;
  DimExpr rest = 1;
  std::optional<size_t> inferred;
  SmallVector<size_t> undecided;
  for (auto [i, e] : llvm::enumerate(wanted)) {
    if (e.isConstant(-1)) {
      if (inferred)
        return n.fail("its shape holds -1 twice: " + graph::describe(wanted));
      inferred = i;
      out.push_back(1);
      continue;
    }
    DimExpr d = e;
    bool canCopy = !allowZero && i < in.size();
    if (e.isConstant(0) && canCopy)
      d = in[i];
    else if (e.isConstant(0) && !allowZero)
      return n.fail("its shape " + graph::describe(wanted) + " copies a dim that " + graph::describe(in) + " does not have");
    else if (e.bounds(n.facts.symbols).second < 0)
      return n.fail("its shape is " + graph::describe(wanted));
    else if (e.bounds(n.facts.symbols).first < 0 && holdsInputElement(n, e)) {
      if (allowZero)
        return n.fail("its shape depends on the values of an input, and allowzero is set");
      undecided.push_back(i);
      if (canCopy) // plus the copied dim when e is 0: 1 - min(|e|, 1)
        d = d + in[i] * (DimExpr(1) - DimExpr::min(DimExpr::max(e, DimExpr(0) - e, n.facts.symbols), 1, n.facts.symbols));
      d = DimExpr::max(d, 1, n.facts.symbols);
    }
    out.push_back(d);
    rest = rest * d;
  }
  DimExpr total = product(in);
  if (inferred) {
    if (rest.isConstant(0))
      return n.fail("its shape " + graph::describe(wanted) + " leaves the dim -1 undetermined");
    if (rest.constant() && total.constant() && *total.constant() % *rest.constant())
      return n.fail("cannot reshape " + graph::describe(in) + " to " + graph::describe(wanted));
    out[*inferred] = DimExpr::floorDiv(total, rest);
  } else {
    // One of them may be the -1: then it is what the others leave.
    for (size_t i : undecided)
      out[i] = out[i] + isNegative(n, wanted[i]) * (DimExpr::floorDiv(total, rest) - 1);
  }
  return out;
}

LogicalResult importReshape(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims wanted;
  if (n.version < 5) {
    for (int64_t d : n.intsAttr("shape").value_or(SmallVector<int64_t>()))
      wanted.push_back(d);
  } else {
    auto e = n.exprs(1, "shape");
    if (failed(e))
      return failure();
    wanted = *e;
  }
  auto dims = reshapeDims(n, n.dims(n.in(0)), wanted, n.intAttr("allowzero", 0));
  return failed(dims) ? failure() : n.done(n.reshape(n.in(0), *dims));
}

LogicalResult importFlatten(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims in = n.dims(n.in(0));
  int64_t axis = n.intAttr("axis", 1), rank = in.size();
  if (axis < -rank || axis > rank)
    return n.fail("its axis " + Twine(axis) + " is outside " + graph::describe(in));
  axis = axis < 0 ? axis + rank : axis;
  ArrayRef<DimExpr> d(in);
  return n.done(n.reshape(n.in(0), {product(d.take_front(axis)), product(d.drop_front(axis))}));
}

LogicalResult importSqueeze(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims in = n.dims(n.in(0)), out;
  auto given = axesOf(n, 1);
  if (failed(given))
    return failure();
  SmallVector<int64_t> axes;
  if (*given) {
    auto fixed = n.axes(**given, in.size());
    if (failed(fixed))
      return failure();
    axes = *fixed;
  }
  for (auto [i, d] : llvm::enumerate(in)) {
    bool drop = *given ? llvm::is_contained(axes, i) : d.isConstant(1);
    if (drop && d.constant() && !d.isConstant(1))
      return n.fail("it drops dim " + Twine(i) + " of " + graph::describe(in) + ", which is not 1");
    if (!drop)
      out.push_back(d);
  }
  return n.done(n.reshape(n.in(0), out));
}

LogicalResult importUnsqueeze(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims in = n.dims(n.in(0)), out;
  auto given = axesOf(n, 1);
  if (failed(given))
    return failure();
  if (!*given)
    return n.fail("it has no axes");
  int64_t rank = in.size() + (*given)->size();
  auto axes = n.axes(**given, rank);
  if (failed(axes))
    return failure();
  size_t next = 0;
  for (int64_t i = 0; i < rank; ++i)
    out.push_back(llvm::is_contained(*axes, i) ? DimExpr(1) : in[next++]);
  return n.done(n.reshape(n.in(0), out));
}

LogicalResult importExpand(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto wanted = n.exprs(1, "shape");
  if (failed(wanted))
    return failure();
  Dims in = n.dims(n.in(0)), out(std::max(in.size(), wanted->size()), DimExpr(1));
  for (size_t i = 0; i < out.size(); ++i) {
    DimExpr a = i < in.size() ? in[in.size() - 1 - i] : DimExpr(1), w = i < wanted->size() ? (*wanted)[wanted->size() - 1 - i] : DimExpr(1);
    auto d = n.facts.broadcastDim(nullptr, a, w);
    if (!d)
      return n.fail("cannot expand " + graph::describe(in) + " to " + graph::describe(*wanted));
    out[out.size() - 1 - i] = *d;
  }
  return n.done(n.expand(n.in(0), out));
}

LogicalResult importTranspose(Node &n) {
  if (failed(n.require(1)))
    return failure();
  int64_t rank = n.rank(n.in(0));
  auto perm = n.intsAttr("perm").value_or(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank))));
  return n.done(n.transpose(n.in(0), perm));
}

// ---- parts

/// A slice bound counted from the front and clamped to [low, high]; bounds of 2^31 - 1 and beyond mean "to the end".
DimExpr clampedBound(Node &n, const DimExpr &bound, const DimExpr &extent, const DimExpr &low, const DimExpr &high) {
  auto &symbols = n.facts.symbols;
  auto [least, most] = bound.bounds(symbols);
  if (auto c = bound.constant()) {
    if (*c >= INT32_MAX)
      return high;
    if (*c <= INT32_MIN)
      return low;
  }
  DimExpr b = bound;
  if (most < 0)
    b = b + extent;
  else if (least < 0)
    b = b + isNegative(n, b) * extent;
  return DimExpr::max(DimExpr::min(b, high, symbols), low, symbols);
}

LogicalResult importSlice(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Dims in = n.dims(n.in(0)), starts, ends;
  std::optional<SmallVector<int64_t>> axes, steps;
  if (n.version < 10) {
    for (int64_t v : n.intsAttr("starts").value_or(SmallVector<int64_t>()))
      starts.push_back(v);
    for (int64_t v : n.intsAttr("ends").value_or(SmallVector<int64_t>()))
      ends.push_back(v);
    axes = n.intsAttr("axes");
  } else {
    auto s = n.exprs(1, "starts"), e = n.exprs(2, "ends");
    auto a = axesOf(n, 3), t = axesOf(n, 4, "steps");
    if (failed(s) || failed(e) || failed(a) || failed(t))
      return failure();
    starts = *s, ends = *e, axes = *a, steps = *t;
  }
  auto fixed = n.axes(axes.value_or(llvm::to_vector(llvm::seq<int64_t>(0, starts.size()))), in.size());
  if (failed(fixed))
    return failure();
  if (starts.size() != ends.size() || fixed->size() != starts.size() || (steps && steps->size() != starts.size()))
    return n.fail("its starts, ends, axes and steps differ in number");
  Dims from(in.size(), DimExpr(0)), out(in);
  SmallVector<int64_t> by(in.size(), 1);
  for (auto [i, axis] : llvm::enumerate(*fixed)) {
    int64_t step = steps ? (*steps)[i] : 1;
    if (step == 0)
      return n.fail("its step is 0");
    step = std::clamp<int64_t>(step, -INT32_MAX, INT32_MAX);
    const DimExpr &d = in[axis];
    DimExpr low = step > 0 ? DimExpr(0) : DimExpr(-1), high = step > 0 ? d : d - 1;
    DimExpr start = clampedBound(n, starts[i], d, 0, high), end = clampedBound(n, ends[i], d, low, high);
    // NOTE: a negative end that is still negative after adding the extent stops below 0 only for negative steps, where -1 itself has been meant.
    DimExpr span = step > 0 ? end - start : start - end;
    out[axis] = DimExpr::max(DimExpr::ceilDiv(span, std::abs(step)), 0, n.facts.symbols);
    from[axis] = start;
    by[axis] = step;
  }
  if (out == in && llvm::all_of(by, [](int64_t s) { return s == 1; }))
    return n.done(n.in(0));
  return n.done(n.make<graph::SliceOp>(n.in(0), {n.attr("starts", from), n.attr("steps", ArrayRef<int64_t>(by)), n.attr("dims", out)}));
}

/// The parts' sizes along the axis: given, or equal parts (the last one smaller from 18 on).
FailureOr<Dims> splitSizes(Node &n, const DimExpr &extent) {
  Dims sizes;
  if (n.has(1)) {
    auto given = n.exprs(1, "split");
    if (failed(given))
      return failure();
    sizes = *given;
  } else if (auto given = n.intsAttr("split")) {
    for (int64_t s : *given)
      sizes.push_back(s);
  } else {
    int64_t parts = n.numOutputs();
    if (n.version >= 18 && n.intAttr("num_outputs", parts) != parts)
      return n.fail("its num_outputs differs from its " + Twine(parts) + " outputs");
    DimExpr part = n.version >= 18 ? DimExpr::ceilDiv(extent, parts) : DimExpr::floorDiv(extent, parts);
    sizes.assign(parts, part);
    sizes.back() = extent - part * DimExpr(parts - 1);
  }
  DimExpr sum = 0;
  for (const DimExpr &s : sizes)
    sum = sum + s;
  if (sizes.size() != n.numOutputs() || (sum.constant() && extent.constant() && sum != extent))
    return n.fail("its parts " + graph::describe(sizes) + " do not make up a dim of " + extent.str() + " in " + Twine(n.numOutputs()) + " outputs");
  return sizes;
}

LogicalResult importSplit(Node &n) {
  if (failed(n.require(1)) || n.numOutputs() == 0)
    return n.fail("it needs an input and outputs");
  auto axis = n.axis(n.intAttr("axis", 0), n.rank(n.in(0)));
  if (failed(axis))
    return failure();
  auto sizes = splitSizes(n, n.dims(n.in(0))[*axis]);
  if (failed(sizes))
    return failure();
  SmallVector<Value> parts;
  Dims whole = n.dims(n.in(0));
  whole[*axis] = 0;
  for (const DimExpr &size : *sizes)
    whole[*axis] = whole[*axis] + size;
  Value x = n.reshape(n.in(0), whole); // requires that the parts make up the dim, where only the run decides it
  if (!x)
    return failure();
  DimExpr at = 0;
  for (const DimExpr &size : *sizes) {
    parts.push_back(n.slice(x, *axis, at, size));
    at = at + size;
  }
  return n.done(parts);
}

LogicalResult importConcat(Node &n) {
  if (n.numInputs() == 0 || failed(n.require(n.numInputs())))
    return n.fail("it needs inputs");
  if (n.version >= 4 && !n.hasAttr("axis"))
    return n.fail("it has no axis");
  auto axis = n.axis(n.intAttr("axis", 1), n.rank(n.in(0)));
  if (failed(axis))
    return failure();
  if (n.numInputs() == 1)
    return n.done(n.in(0));
  return n.done(n.make<graph::ConcatOp>(n.inputs(), n.attr("axis", *axis)));
}

// ---- repetition and fill

LogicalResult importPad(Node &n) {
  if (failed(n.require(1)))
    return failure();
  Value x = n.in(0), value;
  size_t rank = n.rank(x);
  Dims pads;
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (n.version < 11) {
    for (int64_t p : n.intsAttr(n.version < 2 ? "paddings" : "pads").value_or(SmallVector<int64_t>()))
      pads.push_back(p);
    if (n.floatAttr("value", 0) != 0)
      value = n.scalar(n.elementType(x), n.floatAttr("value", 0));
  } else {
    auto p = n.exprs(1, "pads");
    auto a = axesOf(n, 3);
    if (failed(p) || failed(a))
      return failure();
    pads = *p;
    if (*a) {
      auto fixed = n.axes(**a, rank);
      if (failed(fixed))
        return failure();
      axes = *fixed;
    }
    value = n.reshape(n.in(2), {});
  }
  if (pads.size() != 2 * axes.size())
    return n.fail("it has " + Twine(pads.size()) + " pads for " + Twine(axes.size()) + " axes");
  Dims low(rank, DimExpr(0)), high(rank, DimExpr(0));
  for (auto [i, axis] : llvm::enumerate(axes)) {
    low[axis] = pads[i];
    high[axis] = pads[i + axes.size()];
  }
  SmallVector<Value> operands{x};
  std::string mode = n.stringAttr("mode", "constant");
  if (value && mode == "constant")
    operands.push_back(value);
  return n.done(n.make<graph::PadOp>(operands, {n.attr("low", low), n.attr("high", high), n.text("mode", mode)}));
}

LogicalResult importTile(Node &n) {
  if (failed(n.require(2)))
    return failure();
  auto repeats = n.exprs(1, "repeats");
  return failed(repeats) ? failure() : n.done(n.make<graph::TileOp>(n.in(0), n.attr("repeats", *repeats)));
}

/// The number of elements of a Range, as an expression.
FailureOr<DimExpr> rangeCount(Node &n) {
  auto s = n.integers(n.in(0)), l = n.integers(n.in(1)), d = n.integers(n.in(2)); // of floats too: anchors of detectors are Range(0.0, Cast(width), 1.0)
  if (s && l && d && s->size() == 1 && l->size() == 1 && d->size() == 1) {
    DimExpr start = s->front(), limit = l->front();
    auto delta = d->front().constant();
    if (!delta || *delta == 0 || *delta == INT64_MIN)
      return n.fail("its delta is " + d->front().str());
    DimExpr span = *delta > 0 ? limit - start : start - limit;
    return DimExpr::max(DimExpr::ceilDiv(span, std::abs(*delta)), 0, n.facts.symbols);
  }
  auto fs = n.floats(n.in(0)), fl = n.floats(n.in(1)), fd = n.floats(n.in(2));
  if (!fs || !fl || !fd || fs->size() != 1 || fl->size() != 1 || fd->size() != 1)
    return n.fail("its bounds depend on data");
  double count = std::ceil((fl->front() - fs->front()) / fd->front());
  if (!(count < 1e15))
    return n.fail("its bounds give " + std::to_string(count) + " elements");
  return DimExpr(static_cast<int64_t>(std::max(count, 0.0)));
}

LogicalResult importRange(Node &n) {
  if (failed(n.require(3)))
    return failure();
  auto count = rangeCount(n);
  if (failed(count))
    return failure();
  return n.done(n.make<graph::RangeOp>({n.reshape(n.in(0), {}), n.reshape(n.in(2), {})}, n.attr("dims", Dims{*count})));
}

// ---- constants

LogicalResult importConstant(Node &n) {
  MLIRContext *c = n.b.getContext();
  if (auto *tensor = n.tensorAttr("value")) {
    auto value = n.attributeOf(*tensor);
    return failed(value) ? failure() : n.done(n.constant(*value));
  }
  auto vector = [&](int64_t count, Type type) { return RankedTensorType::get({count}, type); };
  if (n.hasAttr("value_int"))
    return n.done(n.ints(n.intAttr("value_int", 0), {}));
  if (n.hasAttr("value_float"))
    return n.done(n.scalar(Float32Type::get(c), n.floatAttr("value_float", 0)));
  if (auto v = n.intsAttr("value_ints"))
    return n.done(n.ints(*v, {static_cast<int64_t>(v->size())}));
  if (auto v = n.floatsAttr("value_floats"))
    return n.done(n.constant(DenseElementsAttr::get(vector(v->size(), Float32Type::get(c)), ArrayRef<float>(*v))));
  return n.fail("its value is a string, sparse or missing, which is not supported");
}

LogicalResult importConstantOfShape(Node &n) {
  if (failed(n.require(1)))
    return failure();
  auto dims = n.exprs(0, "shape");
  if (failed(dims))
    return failure();
  Value fill;
  if (auto *tensor = n.tensorAttr("value")) {
    auto value = n.attributeOf(*tensor);
    if (failed(value))
      return failure();
    if (value->getNumElements() != 1)
      return n.fail("its value has " + Twine(value->getNumElements()) + " elements, expected 1");
    fill = n.reshape(n.constant(*value), {});
  } else {
    fill = n.scalar(n.b.getF32Type(), 0);
  }
  return n.done(n.expand(fill, *dims));
}

/// 1 where column = row + k.
LogicalResult importEyeLike(Node &n) {
  if (failed(n.require(1)) || n.rank(n.in(0)) != 2)
    return n.fail("it needs a matrix");
  Dims in = n.dims(n.in(0));
  Type type = n.hasAttr("dtype") ? elementTypeOf(n.intAttr("dtype", 0), n.b.getContext()) : n.elementType(n.in(0));
  if (!type)
    return n.fail("its dtype is not supported");
  Value zero = n.ints(0, {}), one = n.ints(1, {});
  auto count = [&](Value start, const DimExpr &d) { return n.make<graph::RangeOp>({start, one}, n.attr("dims", Dims{d})); };
  Value rows = n.reshape(count(n.ints(n.intAttr("k", 0), {}), in[0]), {in[0], DimExpr(1)});
  return n.done(n.cast(n.make<graph::EqualOp>({rows, count(zero, in[1])}), type));
}

// ---- blocks

/// (block size, batch, channels, height, width) of a [N, C, H, W] operand.
struct Blocks {
  DimExpr s, n, c, h, w;
};
FailureOr<Blocks> readBlocks(Node &n) {
  if (failed(n.require(1)) || n.rank(n.in(0)) != 4)
    return n.fail("it needs an input of rank 4");
  int64_t s = n.intAttr("blocksize", 0);
  if (s < 1 || s > 1 << 20)
    return n.fail("its blocksize is " + Twine(s));
  Dims d = n.dims(n.in(0));
  return Blocks{s, d[0], d[1], d[2], d[3]};
}

LogicalResult importDepthToSpace(Node &n) {
  auto k = readBlocks(n);
  if (failed(k))
    return failure();
  auto [s, b, c, h, w] = *k;
  bool columnsFirst = n.stringAttr("mode", "DCR") == "CRD";
  DimExpr inner = DimExpr::floorDiv(c, s * s);
  Value y = columnsFirst ? n.transpose(n.reshape(n.in(0), {b, inner, s, s, h, w}), {0, 1, 4, 2, 5, 3}) : n.transpose(n.reshape(n.in(0), {b, s, s, inner, h, w}), {0, 3, 4, 1, 5, 2});
  return n.done(n.reshape(y, {b, inner, h * s, w * s}));
}

LogicalResult importSpaceToDepth(Node &n) {
  auto k = readBlocks(n);
  if (failed(k))
    return failure();
  auto [s, b, c, h, w] = *k;
  DimExpr p = DimExpr::floorDiv(h, s), q = DimExpr::floorDiv(w, s);
  bool crd = n.stringAttr("mode", "DCR") == "CRD"; // the channel outermost instead of the place in the block
  Value y = n.transpose(n.reshape(n.in(0), {b, c, p, s, q, s}), crd ? ArrayRef<int64_t>{0, 1, 3, 5, 2, 4} : ArrayRef<int64_t>{0, 3, 5, 1, 2, 4});
  return n.done(n.reshape(y, {b, c * s * s, p, q}));
}

LogicalResult importIdentity(Node &n) { return failed(n.require(1)) ? failure() : n.done(n.in(0)); }

/// Inference: the input, and a mask of ones.
LogicalResult importDropout(Node &n) {
  if (failed(n.require(1)))
    return failure();
  if (n.version >= 12 && n.has(2)) {
    auto training = n.numbers(2, "training_mode");
    if (failed(training) || training->size() != 1)
      return failure();
    if (training->front()) {
      auto ratio = n.has(1) ? n.floats(n.in(1)) : SmallVector<double>{0.5};
      if (!ratio || ratio->size() != 1 || ratio->front() != 0)
        return n.fail("training mode is not supported");
    }
  }
  SmallVector<Value> out{n.in(0)};
  if (n.wants(1)) {
    Type mask = n.version >= 10 ? n.b.getI1Type() : n.elementType(n.in(0));
    out.push_back(n.expand(n.scalar(mask, 1), n.dims(n.in(0))));
  }
  return n.done(out);
}

} // namespace

void addMove(Registry &r) {
  r.add({{"Reshape", 1, importReshape},
         {"Flatten", 1, importFlatten},
         {"Squeeze", 1, importSqueeze},
         {"Unsqueeze", 1, importUnsqueeze},
         {"Expand", 8, importExpand},
         {"Transpose", 1, importTranspose},
         {"Slice", 1, importSlice},
         {"Split", 1, importSplit},
         {"Concat", 1, importConcat},
         {"Pad", 1, importPad},
         {"Tile", 6, importTile},
         {"Range", 11, importRange},
         {"Constant", 1, importConstant},
         {"ConstantOfShape", 9, importConstantOfShape},
         {"EyeLike", 9, importEyeLike},
         {"DepthToSpace", 1, importDepthToSpace},
         {"SpaceToDepth", 1, importSpaceToDepth},
         {"Identity", 1, importIdentity},
         {"Dropout", 1, importDropout}});
}

} // namespace mlc::importer

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Fuse/Regions.h"
#include "passes/Layout/LayoutChoice.h"
#include "passes/Layout/Passes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Normalize/Build.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CHANNELSLAST
#include "passes/Layout/LayoutPasses.h.inc"

namespace {

using Perm = SmallVector<int64_t>;

/// [0, 2, .., r-1, 1]: channels first to channels last; its inverse puts them back.
Perm toLast(int64_t rank) {
  Perm p{0};
  for (int64_t i = 2; i < rank; ++i)
    p.push_back(i);
  p.push_back(1);
  return p;
}
Perm toFirst(int64_t rank) {
  Perm p{0, rank - 1};
  for (int64_t i = 1; i < rank - 1; ++i)
    p.push_back(i);
  return p;
}

/// On transposes of three dims that this pass made: [0, 2, 1] alone does not tell to which order a model's own one leads.
constexpr const char *kLayoutAttr = "graph.layout";

/// The value that a transpose to channels first was made of, or null.
Value channelsLastSource(Value v) {
  auto t = v.getDefiningOp<TransposeOp>();
  if (!t || t.getPerm().size() < 3 || !llvm::equal(t.getPerm(), toFirst(t.getPerm().size())) || (t.getPerm().size() == 3 && !t->hasAttr(kLayoutAttr)))
    return {};
  return t.getX();
}

class Rewriter {
public:
  /// A null choice takes everything.
  Rewriter(ShapeFacts &facts, const LayoutChoice *choice) : facts(facts), choice(choice) {}
  unsigned spatial = 0, sunk = 0;

  void visit(Operation *op) {
    if (isa<ResizeOp>(op) || (choice ? choice->isLast(op) : isSpatial(op, facts)))
      rewriteSpatial(op);
    else if (llvm::any_of(op->getOperands(), channelsLastSource))
      sink(op);
  }

private:
  Value transpose(Build &b, Value v, ArrayRef<int64_t> perm) {
    if (!v)
      return v;
    // Transposes that meet cancel at once.
    if (auto inner = v.getDefiningOp<TransposeOp>()) {
      Perm composed;
      for (int64_t p : perm)
        composed.push_back(inner.getPerm()[p]);
      if (llvm::equal(composed, llvm::seq<int64_t>(0, composed.size())))
        return inner.getX();
    }
    // Moving only dims of extent 1 is a view.
    Dims dims(facts.dims(v)), moved;
    Perm real;
    for (int64_t p : perm) {
      moved.push_back(dims[p]);
      if (!dims[p].isConstant(1))
        real.push_back(p);
    }
    if (llvm::is_sorted(real))
      return b.reshape(v, moved);
    return b.make<TransposeOp>(v, b.b.getNamedAttr("perm", b.b.getDenseI64ArrayAttr(perm)));
  }

  /// `x` in channels-last order.
  Value last(Build &b, Value x) { return transpose(b, x, toLast(facts.rank(x))); }
  void replaceByFirst(Build &b, Operation *op, Value y) {
    Value first = b.make<TransposeOp>(y, b.b.getNamedAttr("perm", b.b.getDenseI64ArrayAttr(toFirst(facts.rank(y)))));
    mark(first);
    op->getResult(0).replaceAllUsesWith(first);
  }
  static void mark(Value v) {
    if (auto t = v.getDefiningOp<TransposeOp>())
      t->setAttr(kLayoutAttr, UnitAttr::get(t.getContext()));
  }

  /// Ops of one spatial dim become ops of two, the first of extent 1.
  static SmallVector<int64_t> widened(ArrayRef<int64_t> v, int64_t fill) {
    SmallVector<int64_t> out;
    size_t half = v.size() == 2 ? 1 : v.size();
    for (size_t i = 0; i < v.size(); i += half) {
      out.push_back(fill);
      out.append(v.begin() + i, v.begin() + std::min(v.size(), i + half));
    }
    return out;
  }

  void rewriteSpatial(Operation *op) {
    Value x = op->getOperand(0);
    int64_t rank = facts.rank(x);
    if (auto resize = dyn_cast<ResizeOp>(op))
      return rewriteResize(resize);
    bool flat = rank == 3;
    Build b(op, facts);
    ++spatial;
    if (flat) {
      Dims d(facts.dims(x));
      x = b.reshape(x, {d[0], d[1], DimExpr(1), d[2]});
    }
    Value y;
    if (auto conv = dyn_cast<ConvOp>(op))
      y = convolution(b, conv, last(b, x), flat);
    else if (auto conv = dyn_cast<ConvTransposeOp>(op))
      y = withBias(b, isUpsampling(conv) ? upsampling(b, conv, last(b, x)) : rebuilt<ConvTransposeOp>(b, conv, {last(b, x), conv.getW()}), conv.getBias());
    else
      y = rebuilt(b, op, {last(b, x)});
    if (flat) {
      Dims d(facts.dims(y)); // [N, 1, L, C] -> [N, L, C]
      y = b.reshape(y, {d[0], d[2], d[3]});
    }
    replaceByFirst(b, op, y);
  }

  Value rebuilt(Build &b, Operation *op, ValueRange operands) {
    SmallVector<NamedAttribute> attrs(op->getDiscardableAttrs());
    for (NamedAttribute a : op->getAttrs())
      if (a.getName() != "channels_last" && a.getName() != "operandSegmentSizes" && !llvm::is_contained(attrs, a))
        attrs.push_back(a);
    attrs.push_back(b.b.getNamedAttr("channels_last", b.b.getBoolAttr(true)));
    Operation *made = facts.create(b.b, op->getLoc(), op->getName().getStringRef(), operands, attrs);
    return made ? made->getResult(0) : Value();
  }
  template <typename Op> Value rebuilt(Build &b, Op op, ValueRange operands) { return rebuilt(b, op.getOperation(), operands); }

  Value withBias(Build &b, Value y, Value bias) { return bias ? b.make<AddOp>({y, bias}) : y; }

  /// Each output pixel comes from one input pixel: stride = kernel, no padding.
  bool isUpsampling(ConvTransposeOp conv) {
    Dims w(facts.dims(conv.getW()));
    auto zero = [](int64_t v) { return v == 0; };
    bool fits = conv.getGroup() == 1 && llvm::all_of(conv.getPads(), zero) && llvm::all_of(conv.getOutputPadding(), zero);
    for (auto [i, stride] : llvm::enumerate(conv.getStrides()))
      fits = fits && w[2 + i].isConstant(stride) && conv.getDilations()[i] == 1;
    return fits;
  }

  /// [N, H, W, C] x [C, R*S*M], then the R x S pixels of each input pixel go to their places.
  Value upsampling(Build &b, ConvTransposeOp conv, Value x) {
    Dims w(facts.dims(conv.getW())), d(facts.dims(x)); // [C, M, R, S]
    auto permuted = [&](Value v, ArrayRef<int64_t> perm) { return b.make<TransposeOp>(v, b.b.getNamedAttr("perm", b.b.getDenseI64ArrayAttr(perm))); };
    Value matrix = b.reshape(permuted(conv.getW(), {0, 2, 3, 1}), {w[0], w[2] * w[3] * w[1]});
    Value y = b.reshape(b.make<MatMulOp>({x, matrix}), {d[0], d[1], d[2], w[2], w[3], w[1]});
    return b.reshape(permuted(y, {0, 1, 3, 2, 4, 5}), {d[0], d[1] * w[2], d[2] * w[3], w[1]});
  }

  Value convolution(Build &b, ConvOp conv, Value x, bool flat) {
    Value w = conv.getW();
    Dims wd(facts.dims(w));
    if (flat)
      w = b.reshape(w, {wd[0], wd[1], DimExpr(1), wd[2]});
    auto strides = flat ? widened(conv.getStrides(), 1) : SmallVector<int64_t>(conv.getStrides());
    auto dilations = flat ? widened(conv.getDilations(), 1) : SmallVector<int64_t>(conv.getDilations());
    auto pads = flat ? widened(conv.getPads(), 0) : SmallVector<int64_t>(conv.getPads());
    if (flat)
      pads = {0, conv.getPads()[0], 0, conv.getPads()[1]};
    wd = Dims(facts.dims(w));
    bool point = wd[2].isConstant(1) && wd[3].isConstant(1) && llvm::all_of(pads, [](int64_t p) { return p == 0; }) && conv.getGroup() == 1;
    Value y;
    if (point && llvm::all_of(strides, [](int64_t s) { return s == 1; })) {
      // [N, H, W, C] x [C, Cout], which keeps the bias and what follows in [N, H, W, Cout].
      Value matrix = b.make<TransposeOp>(b.reshape(w, {wd[0], wd[1]}), b.b.getNamedAttr("perm", b.b.getDenseI64ArrayAttr({1, 0})));
      y = b.make<MatMulOp>({x, matrix});
    } else {
      x = paddedAhead(b, x, wd, pads);
      y = facts.make<ConvOp>(b.b, b.loc, {x, w},
                             {b.b.getNamedAttr("strides", b.b.getDenseI64ArrayAttr(strides)), b.b.getNamedAttr("dilations", b.b.getDenseI64ArrayAttr(dilations)),
                              b.b.getNamedAttr("pads", b.b.getDenseI64ArrayAttr(pads)), b.b.getNamedAttr("group", b.b.getI64IntegerAttr(conv.getGroup())), b.b.getNamedAttr("channels_last", b.b.getBoolAttr(true))});
    }
    return withBias(b, y, conv.getBias());
  }

  /// Few channels make short runs per tap: padding ahead lets a whole filter row be one run.
  Value paddedAhead(Build &b, Value x, const Dims &w, SmallVector<int64_t> &pads) {
    auto channels = w[1].constant();
    if (!channels || *channels > 8 || *channels == 1 || llvm::all_of(pads, [](int64_t p) { return p == 0; }))
      return x;
    auto dims = [&](ArrayRef<int64_t> v) {
      Dims d;
      for (int64_t n : v)
        d.push_back(n);
      return DimsAttr::get(b.b.getContext(), ArrayRef<DimExpr>(d));
    };
    x = b.make<PadOp>(x, {b.b.getNamedAttr("low", dims({0, pads[0], pads[1], 0})), b.b.getNamedAttr("high", dims({0, pads[2], pads[3], 0}))});
    pads.assign(4, 0);
    return x;
  }

  /// One pixel whose channels come from a channels-last tensor (pooling over the image): a view in either order.
  bool isChannelsLastView(Value x) {
    Operation *op = x.getDefiningOp();
    if (!op || !isLayoutView(x, facts))
      return false;
    while (op && isa<ReshapeOp>(op))
      op = op->getOperand(0).getDefiningOp();
    return op && (op->hasTrait<Reduction>() || op->hasTrait<Pointwise>() || isa<MatMulOp>(op));
  }

  void rewriteResize(ResizeOp op) {
    Value x = op.getX();
    int64_t rank = facts.rank(x);
    if (rank != 4 || !(channelsLastSource(x) || isChannelsLastView(x)))
      return;
    Perm perm = toLast(rank);
    Build b(op, facts);
    SmallVector<NamedAttribute> attrs;
    for (NamedAttribute a : op->getAttrs()) {
      if (auto dims = dyn_cast<DimsAttr>(a.getValue())) {
        a = b.b.getNamedAttr(a.getName(), DimsAttr::get(op.getContext(), ArrayRef<DimExpr>(permuted(dims.getDims(), perm))));
      } else if (auto values = dyn_cast<DenseF64ArrayAttr>(a.getValue())) {
        SmallVector<double> moved;
        for (size_t part = 0; part < values.asArrayRef().size(); part += rank)
          for (int64_t p : perm)
            moved.push_back(values.asArrayRef()[part + p]);
        a = b.b.getNamedAttr(a.getName(), b.b.getDenseF64ArrayAttr(moved));
      }
      attrs.push_back(a);
    }
    ++spatial;
    replaceByFirst(b, op, facts.make<ResizeOp>(b.b, op.getLoc(), last(b, x), attrs));
  }

  static Dims permuted(const Dims &dims, ArrayRef<int64_t> perm) {
    Dims out;
    for (int64_t p : perm)
      out.push_back(dims[p]);
    return out;
  }

  /// Whether an operand can be had in channels-last order without moving a large tensor.
  bool isCheap(Value v, int64_t rank) {
    if (channelsLastSource(v) || isConstantExpression(v))
      return true;
    if (facts.rank(v) > rank)
      return false;
    // A view: the dims that are not 1 keep their order.
    Dims dims(rank - facts.rank(v), DimExpr(1));
    llvm::append_range(dims, facts.dims(v));
    Perm real;
    for (int64_t p : toLast(rank))
      if (!dims[p].isConstant(1))
        real.push_back(p);
    return llvm::is_sorted(real);
  }

  /// An operand of a pointwise op in channels-last order, with missing leading dims added.
  Value operandLast(Build &b, Value v, int64_t rank) {
    if (product(facts.dims(v)).isConstant(1))
      return v;
    Dims dims(facts.dims(v));
    if (static_cast<int64_t>(dims.size()) < rank) {
      dims.insert(dims.begin(), rank - dims.size(), DimExpr(1));
      v = b.reshape(v, dims);
    }
    return last(b, v);
  }

  void sink(Operation *op) {
    if (op->getNumResults() != 1)
      return;
    Value y = op->getResult(0);
    int64_t rank = facts.rank(y);
    Build b(op, facts);
    Perm perm = toLast(rank);
    if (op->hasTrait<Pointwise>() && !isa<ExpandOp>(op)) {
      if (rank < 3 || !llvm::all_of(op->getOperands(), [&](Value v) { return isCheap(v, rank); }))
        return;
      // The transpose must be of the result's rank.
      if (llvm::any_of(op->getOperands(), [&](Value v) { return channelsLastSource(v) && facts.rank(v) != rank; }))
        return;
      SmallVector<Value> operands;
      for (Value v : op->getOperands())
        operands.push_back(operandLast(b, v, rank));
      done(b, op, recreate(b, op, operands, {}));
    } else if (auto concat = dyn_cast<ConcatOp>(op)) {
      if (!llvm::all_of(op->getOperands(), [&](Value v) { return isCheap(v, rank); }))
        return;
      SmallVector<Value> operands;
      for (Value v : op->getOperands())
        operands.push_back(last(b, v));
      int64_t axis = llvm::find(perm, static_cast<int64_t>(concat.getAxis())) - perm.begin();
      done(b, op, recreate(b, op, operands, {b.b.getNamedAttr("axis", b.b.getI64IntegerAttr(axis))}));
    } else if (isa<SliceOp, PadOp, TileOp>(op)) {
      SmallVector<NamedAttribute> changed;
      for (NamedAttribute a : op->getAttrs()) {
        if (auto dims = dyn_cast<DimsAttr>(a.getValue()))
          changed.push_back(b.b.getNamedAttr(a.getName(), DimsAttr::get(op->getContext(), ArrayRef<DimExpr>(permuted(dims.getDims(), perm)))));
        if (auto steps = dyn_cast<DenseI64ArrayAttr>(a.getValue())) {
          Perm moved;
          for (int64_t p : perm)
            moved.push_back(steps[p]);
          changed.push_back(b.b.getNamedAttr(a.getName(), b.b.getDenseI64ArrayAttr(moved)));
        }
      }
      SmallVector<Value> operands(op->getOperands());
      operands[0] = last(b, operands[0]);
      done(b, op, recreate(b, op, operands, changed));
    } else if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
      int64_t axis = softmax.getAxis();
      axis = llvm::find(perm, axis < 0 ? axis + rank : axis) - perm.begin();
      done(b, op, recreate(b, op, {last(b, softmax.getX())}, {b.b.getNamedAttr("axis", b.b.getI64IntegerAttr(axis))}));
    } else if (op->hasTrait<Reduction>()) {
      sinkReduction(b, op);
    } else if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      sinkReshape(b, reshape);
    } else if (auto t = dyn_cast<TransposeOp>(op); t && llvm::equal(t.getPerm(), perm)) {
      ++sunk;
      t.getY().replaceAllUsesWith(channelsLastSource(t.getX())); // the model asks for what we have
    }
  }

  /// [N, C, H, W] to [N, C, L] or back: the spatial dims lie next to each other in either order.
  void sinkReshape(Build &b, ReshapeOp op) {
    Dims in(facts.dims(op.getX())), out(facts.dims(op.getY()));
    if (out.size() < 3 || in[0] != out[0] || in[1] != out[1])
      return;
    done(b, op, b.reshape(last(b, op.getX()), permuted(out, toLast(out.size()))));
  }

  void sinkReduction(Build &b, Operation *op) {
    Value x = op->getOperand(0);
    int64_t rank = facts.rank(x);
    Perm perm = toLast(rank), axes;
    for (int64_t axis : cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef())
      axes.push_back(llvm::find(perm, axis) - perm.begin());
    llvm::sort(axes);
    auto axesAttr = b.b.getNamedAttr("axes", b.b.getDenseI64ArrayAttr(axes));
    bool keep = cast<BoolAttr>(op->getAttr("keepdims")).getValue();
    if (keep) {
      done(b, op, recreate(b, op, {last(b, x)}, {axesAttr}));
      return;
    }
    // What remains must be in the same order either way.
    Perm remaining;
    for (auto [i, p] : llvm::enumerate(perm))
      if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
        remaining.push_back(p);
    if (!llvm::is_sorted(remaining))
      return;
    ++sunk;
    op->getResult(0).replaceAllUsesWith(recreate(b, op, {last(b, x)}, {axesAttr}));
  }

  Value recreate(Build &b, Operation *op, ArrayRef<Value> operands, ArrayRef<NamedAttribute> changed) {
    SmallVector<NamedAttribute> attrs(changed);
    for (NamedAttribute a : op->getAttrs())
      if (llvm::none_of(changed, [&](NamedAttribute c) { return c.getName() == a.getName(); }))
        attrs.push_back(a);
    Operation *made = facts.create(b.b, op->getLoc(), op->getName().getStringRef(), operands, attrs);
    return made ? made->getResult(0) : Value();
  }

  void done(Build &b, Operation *op, Value y) {
    if (!y)
      return;
    ++sunk;
    Dims dims(facts.dims(y));
    Perm perm = toFirst(dims.size());
    // A result whose channels and spatial dims cannot be told apart needs no transpose.
    Value first = transpose(b, y, perm);
    mark(first);
    op->getResult(0).replaceAllUsesWith(first);
  }

  ShapeFacts &facts;
  const LayoutChoice *choice;
};

struct ChannelsLast : impl::ChannelsLastBase<ChannelsLast> {
  using ChannelsLastBase::ChannelsLastBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    LayoutChoice choice(getOperation(), facts);
    if (explain && !always)
      choice.explain(llvm::errs());
    Rewriter rewriter(facts, always ? nullptr : &choice);
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      rewriter.visit(op);
    eraseDead(getOperation());
    getOperation().walk([](TransposeOp t) { t->removeAttr(kLayoutAttr); });
    spatial += rewriter.spatial;
    sunk += rewriter.sunk;
  }
};

} // namespace
} // namespace mlc

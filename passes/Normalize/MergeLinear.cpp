// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From back to front, so that a norm's shift is gone when its scale is looked at:
// 1. a shift or scale of rows by constants goes into the products that follow; 2. two linear layers in a row become one when that is cheaper.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_MERGELINEAR
#include "passes/Normalize/Passes.h.inc"

namespace {

/// What a scale and a shift cost is little beside a product of large weights, and less than reading these while compiling; scaled ones mlc-refit would not find in the model.
constexpr int64_t kMaxFoldedElements = 1 << 16;
/// What is that small may be kept twice.
constexpr int64_t kSharedElements = 1 << 12;

/// A result that is `rows` with the constant [N] `row` added or multiplied; no rows: it is none.
struct RowOp {
  Value rows, row;
};

class Merger {
public:
  explicit Merger(ShapeFacts &facts) : facts(facts) {}

  bool visit(Operation *op) {
    if (gone.contains(op))
      return false;
    if (auto add = dyn_cast<AddOp>(op))
      return foldIntoProducts(add);
    if (auto mul = dyn_cast<MulOp>(op))
      return foldIntoProducts(mul);
    if (auto product = dyn_cast<MatMulOp>(op))
      return mergeProducts(product);
    if (auto conv = dyn_cast<ConvOp>(op))
      return mergeConvs(conv);
    return false;
  }

private:
  bool isRow(Value v) {
    ArrayRef<DimExpr> dims = facts.dims(v);
    return !dims.empty() && dims.back().constant() && product(dims.drop_back()).isConstant(1) && facts.elementType(v).isF32() && derivesFromConstants(v);
  }

  template <typename Op> RowOp rowOp(Op op) {
    for (auto [rows, row] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())})
      if (Dims(facts.dims(rows)) == Dims(facts.dims(op.getY())) && isRow(row) && facts.dims(row).back() == facts.dims(rows).back())
        return {rows, row};
    return {};
  }

  /// x w, with w constant.
  bool isLinear(MatMulOp op) {
    return facts.elementType(op.getY()).isF32() && facts.rank(op.getA()) >= 2 && facts.rank(op.getB()) == 2 && derivesFromConstants(op.getB()) && !derivesFromConstants(op.getA());
  }

  int64_t elements(Value v) { return product(facts.dims(v)).constant().value_or(INT64_MAX); }

  /// Whether at least `limit` ops that run use `v`, or more than a few elements computed from it.
  bool hasUsers(Value v, int limit) {
    SmallVector<Value> work{v};
    while (!work.empty())
      for (Operation *user : work.pop_back_val().getUsers()) {
        bool constant = user->getNumResults() == 1 && derivesFromConstants(user->getResult(0));
        if (constant && elements(user->getResult(0)) > kSharedElements)
          work.push_back(user->getResult(0));
        else if (!constant && --limit == 0)
          return true;
      }
    return false;
  }

  /// Whether one op alone uses the weights: then others can take their place.
  bool isOwn(Value weights) {
    if (weights.getDefiningOp<ConstantOp>())
      return elements(weights) <= kSharedElements || !hasUsers(weights, 2);
    return llvm::all_of(weights.getDefiningOp()->getOperands(), [&](Value v) { return isOwn(v); });
  }

  const char *whyNot(Operation *op, RowOp by) {
    if (!by.rows || derivesFromConstants(by.rows))
      return "no operand is a constant row";
    for (OpOperand &use : op->getUses()) {
      auto product = dyn_cast<MatMulOp>(use.getOwner());
      if (!product || use.getOperandNumber() != 0 || product.getA() == product.getB() || !isLinear(product))
        return "not all users are products by constants";
      bool merges = isa<AddOp>(op) && op->hasOneUse() && whatMerges(by.rows, product);
      if (elements(product.getB()) > kMaxFoldedElements && !merges)
        return "the weights are large";
      if (isa<MulOp>(op) && !isOwn(product.getB()))
        return "the weights are used elsewhere";
    }
    return op->use_empty() ? "nothing uses it" : nullptr;
  }

  template <typename Op> bool foldIntoProducts(Op op) {
    RowOp by = rowOp(op);
    if (whyNot(op, by))
      return false;
    SmallVector<MatMulOp> made;
    for (Operation *user : llvm::to_vector(op->getUsers())) {
      auto product = cast<MatMulOp>(user);
      Build k(product, facts);
      Value w = product.getB();
      DimExpr inner = facts.dim(w, 0), columns = facts.dim(w, 1);
      Value y = isa<MulOp>(op) ? k.make<MatMulOp>({by.rows, k.make<MulOp>({w, k.reshape(by.row, {inner, 1})})}) : k.make<MatMulOp>({by.rows, w});
      made.push_back(y.getDefiningOp<MatMulOp>());
      if (isa<MulOp>(op))
        replace(product, y);
      else
        addRow(product, y, k.reshape(k.make<MatMulOp>({k.reshape(by.row, {1, inner}), w}), {columns}));
    }
    erase(op);
    for (MatMulOp product : made)
      mergeProducts(product);
    return true;
  }

  void replace(Operation *op, Value y) {
    op->getResult(0).replaceAllUsesWith(y);
    erase(op);
  }
  /// NOTE: what is replaced goes at once, so that it is no user of anything.
  void erase(Operation *op) {
    gone.insert(op);
    op->erase();
  }

  /// Puts y + row in the place of `product`; a constant row that is added next takes `row` in.
  void addRow(MatMulOp product, Value y, Value row) {
    auto next = product->hasOneUse() ? dyn_cast<AddOp>(*product->user_begin()) : AddOp();
    RowOp bias = next ? rowOp(next) : RowOp();
    if (bias.rows != product.getY())
      return replace(product, Build(product, facts).make<AddOp>({y, row}));
    Build k(next, facts);
    row = k.make<AddOp>({k.reshape(bias.row, {facts.dims(bias.row).back()}), row});
    replace(next, k.make<AddOp>({y, row}));
    erase(product);
  }

  /// Whether [k, n] costs no more than [k, m] and [m, n].
  static bool isCheaper(const DimExpr &k, const DimExpr &m, const DimExpr &n) {
    auto a = k.constant(), b = m.constant(), c = n.constant();
    return a && b && c && *a * *c <= *a * *b + *b * *c;
  }

  /// The product `a` that is worth being merged with `op`, or null.
  MatMulOp whatMerges(Value a, MatMulOp op) {
    auto first = a.getDefiningOp<MatMulOp>();
    if (!first || !first->hasOneUse() || first->getBlock() != op->getBlock() || !isLinear(op) || !isLinear(first) || !isOwn(op.getB()) || !isOwn(first.getB()))
      return {};
    return isCheaper(facts.dim(first.getB(), 0), facts.dim(op.getB(), 0), facts.dim(op.getB(), 1)) ? first : MatMulOp();
  }

  /// (x v) w = x (v w)
  bool mergeProducts(MatMulOp op) {
    MatMulOp first = whatMerges(op.getA(), op);
    if (!first)
      return false;
    Build k(op, facts);
    Value y = k.make<MatMulOp>({first.getA(), k.make<MatMulOp>({first.getB(), op.getB()})});
    replace(op, y);
    erase(first);
    mergeProducts(y.getDefiningOp<MatMulOp>());
    return true;
  }

  /// A convolution that is a product over channels.
  bool isPointwise(ConvOp op) {
    auto isAll = [](ArrayRef<int64_t> values, int64_t number) { return llvm::all_of(values, [&](int64_t v) { return v == number; }); };
    return op.getGroup() == 1 && !op.getChannelsLast() && isAll(op.getPads(), 0) && facts.elementType(op.getY()).isF32() && derivesFromConstants(op.getW()) && isOwn(op.getW()) &&
           product(facts.dims(op.getW()).drop_front(2)).isConstant(1) && (!op.getBias() || derivesFromConstants(op.getBias()));
  }

  bool mergeConvs(ConvOp op) {
    auto first = op.getX().getDefiningOp<ConvOp>();
    if (!first || !first->hasOneUse() || first->getBlock() != op->getBlock() || !isPointwise(op) || !isPointwise(first))
      return false;
    DimExpr in = facts.dim(first.getW(), 1), middle = facts.dim(op.getW(), 1), out = facts.dim(op.getW(), 0);
    if (!isCheaper(in, middle, out))
      return false;
    Build k(op, facts);
    Value w = k.reshape(op.getW(), {out, middle});
    Dims dims(facts.dims(op.getW()));
    dims[1] = in;
    SmallVector<Value> operands{first.getX(), k.reshape(k.make<MatMulOp>({w, k.reshape(first.getW(), {middle, in})}), dims)};
    Value bias = op.getBias();
    if (first.getBias()) {
      Value through = k.reshape(k.make<MatMulOp>({w, k.reshape(first.getBias(), {middle, 1})}), {out});
      bias = bias ? k.make<AddOp>({through, bias}) : through;
    }
    if (bias)
      operands.push_back(bias);
    SmallVector<int64_t> strides;
    for (auto [a, b] : llvm::zip(first.getStrides(), op.getStrides()))
      strides.push_back(a * b);
    SmallVector<NamedAttribute> attrs(llvm::make_filter_range(op->getAttrs(), [](NamedAttribute a) { return a.getName() != "strides"; }));
    attrs.push_back(k.b.getNamedAttr("strides", k.b.getDenseI64ArrayAttr(strides)));
    Value y = k.make<ConvOp>(operands, attrs);
    if (!y || Dims(facts.dims(y)) != Dims(facts.dims(op.getY())))
      return false; // a symbolic dim, divided twice
    replace(op, y);
    erase(first);
    mergeConvs(y.getDefiningOp<ConvOp>());
    return true;
  }

  ShapeFacts &facts;
  llvm::DenseSet<Operation *> gone; // of those that are to be visited
};

struct MergeLinear : impl::MergeLinearBase<MergeLinear> {
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    Merger merger(facts);
    for (Operation *op : llvm::reverse(ops))
      numMerged += merger.visit(op);
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace mlc

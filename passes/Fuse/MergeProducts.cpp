// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. collect products with constant right operands, each with the constant bias that follows it, by their left operand; 2. of those whose results are only moved (split into
// heads), make one product; 3. slices of it take the places of the parts.
#include "llvm/ADT/MapVector.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"
#include "passes/Normalize/Build.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_MERGEPRODUCTS
#include "passes/Fuse/FusePasses.h.inc"

namespace {

/// One product and what follows it: y = a b + bias.
struct Part {
  MatMulOp product;
  Value bias;   // [N], or null
  Value result; // of the add, or of the product
};

class Merger {
public:
  Merger(func::FuncOp func, ShapeFacts &facts) : func(func), facts(facts) {}

  unsigned run() {
    llvm::MapVector<Value, SmallVector<Part>> groups;
    func.walk([&](MatMulOp op) {
      if (auto part = partOf(op))
        groups[op.getA()].push_back(*part);
    });
    unsigned merged = 0;
    for (auto &[a, parts] : groups)
      if (parts.size() > 1 && llvm::all_of(parts, [&](Part &p) { return p.product->getBlock() == parts.front().product->getBlock(); })) {
        merge(a, parts);
        merged += parts.size();
      }
    return merged;
  }

private:
  std::optional<Part> partOf(MatMulOp op) {
    if (!facts.elementType(op.getY()).isF32() || facts.rank(op.getB()) != 2 || facts.rank(op.getA()) < 2 || !isConstantExpression(op.getB()))
      return std::nullopt;
    Part part{op, {}, op.getY()};
    auto add = op->hasOneUse() ? dyn_cast<AddOp>(*op->user_begin()) : AddOp();
    if (add) {
      Value other = add.getA() == op.getY() ? add.getB() : add.getA();
      if (facts.rank(other) != 1 || facts.dim(other, 0) != facts.dim(op.getB(), 1) || !isConstantExpression(other))
        return std::nullopt;
      part.bias = other;
      part.result = add.getY();
    }
    // Slices of the merged result are read through by what moves it; anything else would pay for a copy.
    return onlyMoved(part.result) && !part.result.use_empty() ? std::optional<Part>(part) : std::nullopt;
  }

  /// Whether all that reads a value moves it, if after a scale (of queries), which attention takes in as well.
  static bool onlyMoved(Value v) {
    return llvm::all_of(v.getUsers(), [&](Operation *user) {
      bool scales = isa<MulOp, DivOp>(user) && user->getOperand(0) == v && isImmediate(user->getOperand(1));
      return isa<ReshapeOp, TransposeOp>(user) || (scales && llvm::all_of(user->getUsers(), [](Operation *next) { return isa<ReshapeOp, TransposeOp>(next); }));
    });
  }

  void merge(Value a, MutableArrayRef<Part> parts) {
    // The first product's place: its operands and all constants are there.
    Build k(parts.front().product, facts);
    for (Part p : parts)
      hoist(p, k);
    SmallVector<Location> locs;
    for (Part p : parts)
      locs.append({p.product.getLoc(), p.result.getLoc()});
    k.loc = k.b.getFusedLoc(locs);
    bool biased = llvm::any_of(parts, [](const Part &p) { return Value(p.bias); });
    SmallVector<Value> weights, biases;
    for (Part p : parts) {
      weights.push_back(p.product.getB());
      if (biased)
        biases.push_back(p.bias ? p.bias : zeros(k, facts.dim(p.product.getB(), 1)));
    }
    Value y = k.make<MatMulOp>({a, concat(k, weights, 1)});
    if (biased)
      y = k.make<AddOp>({y, concat(k, biases, 0)});
    DimExpr start = 0;
    for (Part p : parts) {
      Dims dims(facts.dims(p.result)), starts(dims.size(), DimExpr(0));
      starts.back() = start;
      SmallVector<int64_t> steps(dims.size(), 1);
      auto attr = [&](StringRef name, const Dims &d) { return k.b.getNamedAttr(name, DimsAttr::get(k.b.getContext(), ArrayRef<DimExpr>(d))); };
      Value part = k.make<SliceOp>(y, {attr("starts", starts), k.b.getNamedAttr("steps", k.b.getDenseI64ArrayAttr(steps)), attr("dims", dims)});
      start = start + dims.back();
      Value(p.result).replaceAllUsesWith(part);
    }
  }

  /// Moves the constants of a part before the merged product.
  void hoist(Part p, Build &k) {
    SmallVector<Operation *> work;
    for (Value v : {Value(p.product.getB()), p.bias})
      if (v)
        work.push_back(v.getDefiningOp());
    llvm::SetVector<Operation *> chain;
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      if (op->getBlock() != p.product->getBlock())
        continue;
      chain.insert(op);
      for (Value v : op->getOperands())
        work.push_back(v.getDefiningOp());
    }
    SmallVector<Operation *> ops(chain.begin(), chain.end());
    llvm::sort(ops, [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
    for (Operation *op : ops)
      if (!op->isBeforeInBlock(&*k.b.getInsertionPoint()))
        op->moveBefore(&*k.b.getInsertionPoint());
  }

  static Value zeros(Build &k, const DimExpr &n) {
    auto type = RankedTensorType::get({*n.constant()}, k.b.getF32Type());
    auto op = ConstantOp::create(k.b, k.loc, cast<ElementsAttr>(DenseElementsAttr::get(type, 0.0f)));
    (void)k.facts.infer(op);
    return op;
  }

  static Value concat(Build &k, ArrayRef<Value> values, int64_t axis) { return k.make<ConcatOp>(values, k.b.getNamedAttr("axis", k.b.getI64IntegerAttr(axis))); }

  func::FuncOp func;
  ShapeFacts &facts;
};

struct MergeProducts : impl::MergeProductsBase<MergeProducts> {
  using MergeProductsBase::MergeProductsBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    numMerged += Merger(getOperation(), facts).run();
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace mlc

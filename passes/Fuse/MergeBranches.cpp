// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. collect convolutions and products of one tensor that differ in their weights alone; 2. follow what comes behind all of them as long as it is the same; 3. when the readers can read slices and the cost model says so, make one of them, with
// slices of its result in the places of theirs.
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "passes/Fuse/Cost.h"
#include "passes/Fuse/Notes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"
#include "passes/Normalize/Build.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_MERGEBRANCHES
#include "passes/Fuse/FusePasses.h.inc"

namespace {

/// A convolution or product and the pointwise ops that follow it.
struct Branch {
  Operation *product;
  SmallVector<Operation *> tail;
  Value result() const { return (tail.empty() ? product : tail.back())->getResult(0); }
};

class Merger {
public:
  Merger(func::FuncOp func, ShapeFacts &facts, FusionNotes notes) : func(func), facts(facts), sizes(func, facts), notes(notes) {}

  unsigned run() {
    // By input, and what must be equal.
    using Key = std::pair<Value, Attribute>;
    llvm::MapVector<Key, SmallVector<Branch>> groups;
    func.walk([&](Operation *op) {
      if (Attribute alike = kindOf(op))
        groups[{op->getOperand(0), alike}].push_back({op, {}});
    });
    unsigned merged = 0;
    for (auto &[key, branches] : groups) {
      llvm::erase_if(branches, [&](Branch &b) { return b.product->getBlock() != branches.front().product->getBlock(); });
      if (branches.size() < 2)
        continue;
      grow(branches);
      if (std::string why = whyNot(branches); !why.empty()) {
        for (const Branch &b : ArrayRef<Branch>(branches).drop_front())
          notes.decline(key.first, b.product, [&] { return "its input is another product's too, but not of one with it: " + why; });
        continue;
      }
      merge(branches);
      merged += branches.size();
    }
    return merged;
  }

private:
  /// What two ops must agree in to be one: a dictionary of attributes and the weights' dims but those of the results; null for what cannot be part of one.
  Attribute kindOf(Operation *op) {
    if (op->getNumOperands() != 2 || !isa<ConvOp, MatMulOp>(op) || !facts.elementType(op->getResult(0)).isF32() || !isConstantExpression(op->getOperand(1)) || isConstantExpression(op->getOperand(0)))
      return {};
    Dims w(facts.dims(op->getOperand(1)));
    auto conv = dyn_cast<ConvOp>(op);
    if (conv ? conv.getGroup() != 1 || !conv.getChannelsLast() : w.size() != 2 || facts.rank(op->getOperand(0)) < 2)
      return {};
    w[columnsAt(op)] = 1;
    NamedAttrList attrs(op->getAttrDictionary());
    attrs.set("weights", DimsAttr::get(op->getContext(), ArrayRef<DimExpr>(w)));
    attrs.set("op", StringAttr::get(op->getContext(), op->getName().getStringRef()));
    return attrs.getDictionary(op->getContext());
  }
  /// The dim of the weights that becomes the result's last.
  static int64_t columnsAt(Operation *op) { return isa<ConvOp>(op) ? 0 : 1; }
  DimExpr columns(const Branch &b) { return facts.dims(b.product->getResult(0)).back(); }

  /// The one pointwise op that reads `v` and could be part of the product's kernel.
  Operation *nextOf(Value v) {
    Operation *op = v.hasOneUse() ? *v.user_begin() : nullptr;
    return op && op->hasTrait<Pointwise>() && op->getNumResults() == 1 && Dims(facts.dims(op->getResult(0))) == Dims(facts.dims(v)) ? op : nullptr;
  }

  /// Whether operand `i` of the ops is one and the same number. One branch's alone may be a number too: the constant of its only column.
  bool isOneNumber(ArrayRef<Operation *> ops, unsigned i) {
    bool same = llvm::all_of(ops, [&](Operation *op) { return op->getOperand(i) == ops[0]->getOperand(i) || (isImmediate(op->getOperand(i)) && isImmediate(ops[0]->getOperand(i)) && constant(op, i) == constant(ops[0], i)); });
    return same && product(facts.dims(ops[0]->getOperand(i))).isConstant(1);
  }

  /// Whether operand `i` of the next ops can be one: equal numbers, or a constant for each column.
  bool joins(ArrayRef<Operation *> ops, ArrayRef<Branch> branches, unsigned i) {
    if (isOneNumber(ops, i))
      return true;
    return llvm::all_of(llvm::zip(ops, branches), [&](auto pair) {
      auto [op, branch] = pair;
      Value v = op->getOperand(i);
      return isConstantExpression(v) && facts.rank(v) == 1 && facts.dim(v, 0) == columns(branch);
    });
  }
  static Attribute constant(Operation *op, unsigned i) { return op->getOperand(i).getDefiningOp<ConstantOp>().getValue(); }

  /// Lengthens all tails while the next op of each is the same.
  void grow(MutableArrayRef<Branch> branches) {
    while (true) {
      SmallVector<Operation *> next;
      for (Branch &b : branches)
        if (Operation *op = nextOf(b.result()))
          next.push_back(op);
      if (next.size() < branches.size())
        return;
      for (unsigned i = 0; i < next[0]->getNumOperands(); ++i)
        for (auto [op, b] : llvm::zip(next, branches))
          if (op->getName() != next[0]->getName() || op->getAttrDictionary() != next[0]->getAttrDictionary() || (op->getOperand(i) == b.result()) != (next[0]->getOperand(i) == branches[0].result()))
            return;
      for (unsigned i = 0; i < next[0]->getNumOperands(); ++i)
        if (next[0]->getOperand(i) != branches[0].result() && !joins(next, branches, i))
          return;
      for (auto [op, b] : llvm::zip(next, branches))
        b.tail.push_back(op);
    }
  }

  /// Kernels of these find elements by strides, whatever lies between them.
  static bool readsSlices(OpOperand &use) {
    Operation *op = use.getOwner();
    return op->hasTrait<Pointwise>() || op->hasTrait<Reduction>() || (isa<ConvOp, MatMulOp, MaxPoolOp, AveragePoolOp>(op) && use.getOperandNumber() == 0);
  }

  std::string whyNot(ArrayRef<Branch> branches) {
    for (const Branch &b : branches) {
      if (b.result().use_empty())
        return "nobody reads a result";
      if (Operation *op = nextOf(b.result()))
        return ("'" + op->getName().getStringRef() + "' follows this one alone").str();
      for (OpOperand &use : b.result().getUses())
        if (!readsSlices(use))
          return ("'" + use.getOwner()->getName().getStringRef() + "' would need a copy of its part").str();
    }
    // Gained: launches, and passes over the input. Lost: parts of cache lines between the rows that a reader wants.
    Value x = branches[0].product->getOperand(0);
    auto bytes = [&](Value v) { return double(sizes(product(facts.dims(v)))) * 4; };
    double gained = (branches.size() - 1) * readAgainNs(bytes(x)), lost = 0;
    int64_t pitch = 0;
    for (const Branch &b : branches)
      pitch += sizes(columns(b)) * 4;
    for (const Branch &b : branches) {
      int64_t row = std::max<int64_t>(1, sizes(columns(b))) * 4;
      lost += overReadNs(bytes(b.result()) / row, row, pitch) * llvm::range_size(b.result().getUses());
    }
    return gained > lost ? "" : llvm::formatv("one pass less over the input saves {0:f1} us, reading rows with gaps costs {1:f1} us", gained / 1e3, lost / 1e3).str();
  }

  /// Moves the constants that an op reads before the merged product.
  void hoist(Value v, Build &k) {
    SmallVector<Value> work{v};
    llvm::SetVector<Operation *> chain;
    while (!work.empty())
      if (Operation *op = work.pop_back_val().getDefiningOp(); op->getBlock() == k.b.getInsertionBlock() && chain.insert(op))
        llvm::append_range(work, op->getOperands());
    SmallVector<Operation *> ops(chain.begin(), chain.end());
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : ops)
      if (!op->isBeforeInBlock(&*k.b.getInsertionPoint()))
        op->moveBefore(&*k.b.getInsertionPoint());
  }

  Value joined(Build &k, ArrayRef<Value> values, int64_t axis) {
    for (Value v : values)
      hoist(v, k);
    return k.make<ConcatOp>(values, k.b.getNamedAttr("axis", k.b.getI64IntegerAttr(axis)));
  }

  void merge(ArrayRef<Branch> branches) {
    Operation *first = branches[0].product;
    Build k(first, facts);
    auto locations = [&](llvm::function_ref<Operation *(const Branch &)> of) {
      SmallVector<Location> locs;
      for (const Branch &b : branches)
        locs.push_back(of(b)->getLoc());
      return k.b.getFusedLoc(locs);
    };
    auto operands = [&](llvm::function_ref<Value(const Branch &)> of) {
      SmallVector<Value> values;
      for (const Branch &b : branches)
        values.push_back(of(b));
      return values;
    };
    k.loc = locations([](const Branch &b) { return b.product; });
    Value w = joined(k, operands([](const Branch &b) { return b.product->getOperand(1); }), columnsAt(first));
    Operation *made = facts.create(k.b, k.loc, first->getName().getStringRef(), {first->getOperand(0), w}, first->getAttrs());
    Value y = made->getResult(0);
    for (size_t t = 0; t < branches[0].tail.size(); ++t) {
      Operation *op = branches[0].tail[t];
      k.loc = locations([&](const Branch &b) { return b.tail[t]; });
      SmallVector<Value> inputs;
      auto ops = llvm::map_to_vector(branches, [&](const Branch &b) { return b.tail[t]; });
      for (unsigned i = 0; i < op->getNumOperands(); ++i) {
        Value before = (t ? branches[0].tail[t - 1] : first)->getResult(0), v = op->getOperand(i);
        bool one = v != before && isOneNumber(ops, i);
        if (one)
          hoist(v, k);
        inputs.push_back(v == before ? y : one ? v : joined(k, operands([&](const Branch &b) { return b.tail[t]->getOperand(i); }), 0));
      }
      y = facts.create(k.b, k.loc, op->getName().getStringRef(), inputs, op->getAttrs())->getResult(0);
    }
    DimExpr start = 0;
    for (const Branch &b : branches) {
      Dims dims(facts.dims(b.result())), starts(dims.size(), DimExpr(0));
      starts.back() = start;
      SmallVector<int64_t> steps(dims.size(), 1);
      auto attr = [&](StringRef name, const Dims &d) { return k.b.getNamedAttr(name, DimsAttr::get(k.b.getContext(), ArrayRef<DimExpr>(d))); };
      Value part = k.make<SliceOp>(y, {attr("starts", starts), k.b.getNamedAttr("steps", k.b.getDenseI64ArrayAttr(steps)), attr("dims", dims)});
      start = start + dims.back();
      b.result().replaceAllUsesWith(part);
    }
  }

  func::FuncOp func;
  ShapeFacts &facts;
  AssumedSizes sizes;
  FusionNotes notes;
};

struct MergeBranches : impl::MergeBranchesBase<MergeBranches> {
  using MergeBranchesBase::MergeBranchesBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    numMerged += Merger(getOperation(), facts, FusionNotes(explain)).run();
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace mlc

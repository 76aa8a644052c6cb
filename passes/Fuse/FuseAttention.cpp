// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. from each product walk back from its left operand to one other product, through pointwise ops and row reductions of the scores' shape;
// 2. take in what only moves or scales the three operands, and a transpose of the result; 3. make the group a region.
#include "dialects/Graph/AssumedSizes.h"
#include "dialects/Graph/ShapeFacts.h"
#include "llvm/ADT/SetVector.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"
#include "passes/Fuse/SoftmaxForm.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_FUSEATTENTION
#include "passes/Fuse/FusePasses.h.inc"

namespace {

using Group = llvm::SetVector<Operation *>;

constexpr size_t kMaxOps = 256; // between two products; a stream of residuals of the scores' shape would be walked to its beginning, for each product

class Matcher {
public:
  Matcher(MatMulOp second, ShapeFacts &facts) : second(second), facts(facts) {}

  /// The ops of the attention that ends in `second`, in block order; empty when there is none.
  SmallVector<Operation *> run() {
    if (!isProductOfRows(second) || !walkBack() || !hasReduction() || !isClosed() || !hasOwnValues())
      return {};
    takeOperand(first.getA());
    takeOperand(first.getB());
    takeOperand(second.getB());
    takeResult();
    SmallVector<Operation *> ops(group.begin(), group.end());
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return ops;
  }

private:
  bool isProductOfRows(MatMulOp op) { return facts.elementType(op.getY()).isF32() && facts.rank(op.getA()) >= 2 && facts.rank(op.getB()) >= 2 && facts.rank(op.getY()) == facts.rank(op.getA()); }

  /// Fills the group with what lies between the two products, them included.
  bool walkBack() {
    Dims scores(facts.dims(second.getA())), reduced(scores);
    reduced.back() = 1;
    Group candidates;
    SmallVector<Value> work{second.getA()};
    while (!work.empty()) {
      Operation *op = work.pop_back_val().getDefiningOp();
      if (!op || op->getBlock() != second->getBlock() || candidates.contains(op))
        continue;
      if (auto product = dyn_cast<MatMulOp>(op); product && product != first) {
        if (first || !isProductOfRows(product) || Dims(facts.dims(product.getY())) != scores)
          return false;
        first = product;
      }
      bool rowReduction = isRowReduction(op, facts) && Dims(facts.dims(op->getOperand(0))) == scores;
      bool pointwise = op->hasTrait<Pointwise>() && (Dims(facts.dims(op->getResult(0))) == scores || Dims(facts.dims(op->getResult(0))) == reduced);
      if (op != first && !rowReduction && !pointwise)
        continue;
      candidates.insert(op);
      if (candidates.size() > kMaxOps)
        return false;
      if (op != first)
        work.append(op->operand_begin(), op->operand_end());
    }
    if (!first)
      return false;
    keepWhatDependsOnScores(candidates);
    group.insert(second);
    return true;
  }

  /// A mask's ops may have the scores' shape too; they stay outside.
  void keepWhatDependsOnScores(const Group &candidates) {
    SmallVector<Operation *> work{first};
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      if (!candidates.contains(op) || !group.insert(op))
        continue;
      work.append(op->user_begin(), op->user_end());
    }
  }

  bool hasReduction() {
    return llvm::any_of(group, [](Operation *op) { return op->hasTrait<Reduction>(); });
  }

  /// Nothing but the last product's result is used outside.
  bool isClosed() {
    return llvm::all_of(group, [&](Operation *op) { return op == second || llvm::all_of(op->getUsers(), [&](Operation *user) { return group.contains(user); }); });
  }

  /// The values are none of the scores, and have no batch dims that the scores lack: each batch entry of the scores is computed once.
  bool hasOwnValues() {
    ArrayRef<DimExpr> y = facts.dims(second.getY()), scores = facts.dims(second.getA());
    return !group.contains(second.getB().getDefiningOp()) && llvm::equal(y.drop_back(2), scores.drop_back(2));
  }

  /// Whether reading an op's result element by element along the last or second to last dim costs no more than reading its operand.
  bool isReadThrough(Operation *op) {
    if (!facts.elementType(op->getResult(0)).isF32() || op->getBlock() != second->getBlock() || !isComputedOrView(op))
      return false;
    if (isa<TransposeOp>(op))
      return true;
    if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      // Heads split from or merged into one dim; the inner length stays.
      DimExpr last = facts.dims(reshape.getX()).back();
      auto in = last.constant(), out = facts.dims(reshape.getY()).back().constant();
      return last == facts.dims(reshape.getY()).back() || (in && out && (*in % *out == 0 || *out % *in == 0));
    }
    if (auto slice = dyn_cast<SliceOp>(op))
      return llvm::all_of(slice.getSteps(), [](int64_t step) { return step == 1; });
    if (isa<ExpandOp>(op))
      return true;
    // A scale.
    return isa<MulOp, DivOp>(op) && llvm::count_if(op->getOperands(), [](Value v) { return isImmediate(v); }) == 1;
  }

  bool isComputedOrView(Operation *op) { return isa<ReshapeOp>(op) ? !isConstantExpression(op->getResult(0)) : isComputed(op); }

  void takeOperand(Value v) {
    while (Operation *op = v.getDefiningOp()) {
      if (!isReadThrough(op) || llvm::any_of(op->getUsers(), [&](Operation *user) { return !group.contains(user); }))
        return;
      group.insert(op);
      v = isImmediate(op->getOperand(0)) ? op->getOperand(1) : op->getOperand(0);
    }
  }

  void takeResult() {
    if (!second->hasOneUse())
      return;
    auto transpose = dyn_cast<TransposeOp>(*second->user_begin());
    if (transpose && transpose->getBlock() == second->getBlock() && transpose.getPerm().back() + 1 == static_cast<int64_t>(transpose.getPerm().size()))
      group.insert(transpose);
  }

  MatMulOp first, second;
  ShapeFacts &facts;
  Group group;
};

/// The multiplication by a number that an operand goes through behind moves, each used once; null when there is none.
MulOp scaleOf(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (!v.hasOneUse())
      return {};
    if (auto mul = dyn_cast<MulOp>(op))
      return isImmediate(mul.getA()) != isImmediate(mul.getB()) ? mul : MulOp();
    if (!isa<ReshapeOp, TransposeOp, SliceOp, ExpandOp>(op))
      return {};
    v = op->getOperand(0);
  }
  return {};
}

/// (s a) b = s (a b): the scores are scaled instead of an operand, so that the operand is read as it lies in memory.
void scaleScores(MatMulOp first, ShapeFacts &facts) {
  for (unsigned i = 0; i < 2; ++i) {
    MulOp mul = scaleOf(first->getOperand(i));
    if (!mul)
      continue;
    bool left = isImmediate(mul.getA());
    Value number = left ? mul.getA() : mul.getB(), x = left ? mul.getB() : mul.getA();
    if (Dims(facts.dims(x)) != Dims(facts.dims(mul.getY())) || facts.rank(number) > facts.rank(first.getY()))
      continue;
    mul.getY().replaceAllUsesWith(x);
    mul.erase();
    OpBuilder b(first->getContext());
    b.setInsertionPointAfter(first);
    // The number may be defined behind the product.
    Value constant = b.clone(*number.getDefiningOp())->getResult(0);
    (void)facts.infer(constant.getDefiningOp());
    Value scaled = facts.make<MulOp>(b, first.getLoc(), {first.getY(), constant});
    first.getY().replaceAllUsesExcept(scaled, scaled.getDefiningOp());
  }
}

struct FuseAttention : impl::FuseAttentionBase<FuseAttention> {
  using FuseAttentionBase::FuseAttentionBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<MatMulOp> products;
    getOperation().walk([&](MatMulOp op) { products.push_back(op); });
    AssumedSizes sizes(getOperation(), facts);
    if (onlySoftmax)
      for (MatMulOp product : products)
        if (auto form = takenForm(product, facts, sizes))
          scaleScores(form->first, facts);
    llvm::SetVector<Block *> blocks;
    for (MatMulOp product : products) {
      auto ops = Matcher(product, facts).run();
      if (ops.empty() || (onlySoftmax && !takenForm(product, facts, sizes)))
        continue;
      blocks.insert(product->getBlock());
      makeRegion(ops, "attention");
      ++numFused;
    }
    for (Block *block : blocks)
      mlir::sortTopologically(block);
  }

  /// The softmax in front of a product, where its sizes are those of the options.
  std::optional<SoftmaxForm> takenForm(MatMulOp second, ShapeFacts &facts, const AssumedSizes &sizes) {
    auto form = matchSoftmaxForm(second, facts);
    if (!form)
      return std::nullopt;
    ArrayRef<DimExpr> y = facts.dims(second.getY());
    if (y.size() < 2 || (mostQueries && sizes(y[y.size() - 2]) > mostQueries))
      return std::nullopt;
    for (const DimExpr &head : {facts.dims(form->first.getA()).back(), y.back()})
      if (!takesHead(head))
        return std::nullopt;
    return form;
  }

  bool takesHead(const DimExpr &head) {
    if (headMultiple <= 1 && !mostHead)
      return true;
    auto size = head.constant();
    return size && *size % headMultiple == 0 && (!mostHead || *size <= mostHead);
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Softmax, and the two products around one. 1. softmax by its op or by its sum of exponentials; 2. attention from its second product: back over a guard to the softmax, from its logits back through
// pointwise ops and views to the first product; 3. what was met on the way tells the details.
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Patterns.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

constexpr size_t kMaxOps = 256; // between two products, or in front of a mask

/// A softmax, its ops and what it is of.
struct Softmax {
  Outcome outcome;
  Value logits;
  int64_t axis = 0; // of logits
};

/// The first user of v, behind views, that `wanted` takes; all ops up to it join o.
Operation *userBehindViews(Value v, Outcome &o, llvm::function_ref<bool(Operation *)> wanted) {
  for (Operation *user : v.getUsers()) {
    if (wanted(user)) {
      o.ops.insert(user);
      return user;
    }
    if (isa<ReshapeOp, ExpandOp, CastOp>(user))
      if (Operation *found = userBehindViews(user->getResult(0), o, wanted)) {
        o.ops.insert(user);
        return found;
      }
  }
  return nullptr;
}

bool divides(Operation *op, Value exps, Value by) { return isa<DivOp>(op) && behindViews(op->getOperand(1)) == by && behindViews(op->getOperand(0)) == exps; }
bool multiplies(Operation *op, Value exps) { return isa<MulOp>(op) && (behindViews(op->getOperand(0)) == exps || behindViews(op->getOperand(1)) == exps); }

/// exp(x - max x) / sum, or x - max - log(sum), around the sum.
std::optional<Softmax> aroundSum(ReduceSumOp sum) {
  Softmax s;
  Outcome &o = s.outcome;
  auto power = makerOf<ExpOp>(sum.getX(), &o);
  if (!power || sum.getAxes().size() != 1)
    return std::nullopt;
  s.axis = sum.getAxes()[0];
  Value shifted = power.getX();
  auto difference = makerOf<SubOp>(shifted, &o);
  auto largest = difference ? makerOf<ReduceMaxOp>(difference.getB(), &o) : ReduceMaxOp();
  bool isShifted = largest && behindViews(largest.getX()) == behindViews(difference.getA());
  s.logits = isShifted ? difference.getA() : shifted;
  if (!isShifted)
    o.details.push_back("no maximum");
  Value exps = power.getY(), total = sum.getY();
  Operation *last = userBehindViews(total, o, [&](Operation *user) { return divides(user, exps, total); });
  if (!last)
    if (Operation *inverse = userBehindViews(total, o, [](Operation *user) { return isa<ReciprocalOp>(user); }))
      last = userBehindViews(inverse->getResult(0), o, [&](Operation *user) { return multiplies(user, exps); });
  o.name = "softmax";
  if (!last)
    if (Operation *log = userBehindViews(total, o, [](Operation *user) { return isa<LogOp>(user); })) {
      o.name = "log_softmax";
      last = userBehindViews(log->getResult(0), o, [&](Operation *user) { return isa<SubOp>(user) && behindViews(user->getOperand(0)) == behindViews(shifted); });
    }
  if (!last)
    o.declined = "nothing is divided by the sum";
  else if (isShifted && largest.getAxes() != sum.getAxes())
    o.declined = "the maximum is over another dim than the sum";
  o.ops.insert(sum);
  llvm::SmallSetVector<Operation *, 16> ops;
  if (last)
    ops.insert(last);
  ops.insert(o.ops.begin(), o.ops.end());
  o.ops = ops;
  return s;
}

/// The softmax that gives v.
std::optional<Softmax> softmaxOf(Value v, ShapeFacts &facts) {
  Operation *op = v.getDefiningOp();
  if (auto named = dyn_cast_or_null<SoftmaxOp>(op)) {
    Softmax s;
    s.outcome.name = "softmax";
    s.outcome.ops.insert(op);
    s.logits = named.getX();
    int64_t axis = named.getAxis();
    s.axis = axis < 0 ? axis + facts.rank(s.logits) : axis;
    return s;
  }
  if (!isa_and_nonnull<DivOp, MulOp>(op))
    return std::nullopt;
  for (Value operand : op->getOperands()) {
    auto inverse = makerOf<ReciprocalOp>(operand);
    if (auto sum = makerOf<ReduceSumOp>(inverse ? inverse.getX() : operand))
      if (auto s = aroundSum(sum); s && s->outcome.found() && s->outcome.ops.front() == op)
        return s;
  }
  return std::nullopt;
}

class AttentionMatcher {
public:
  AttentionMatcher(MatMulOp second, ShapeFacts &facts) : second(second), facts(facts) {}

  Outcome run() {
    auto softmax = findSoftmax();
    if (!softmax)
      return Outcome::none();
    Outcome walked = walkToScores(softmax->logits);
    if (walked.declined)
      return Outcome::almost("attention", walked.declined);
    if (softmax->axis + 1 != facts.rank(softmax->logits))
      return Outcome::almost("attention", "the softmax is not over the keys");
    o.name = "attention";
    o.ops.insert(softmax->outcome.ops.begin(), softmax->outcome.ops.end());
    o.ops.insert(walked.ops.begin(), walked.ops.end());
    lookAtOperand(first.getB());
    lookAtOperand(values);
    for (auto [seen, name] : {std::pair{cached, "cache"}, {grouped, "grouped"}})
      if (seen)
        o.details.push_back(name);
    return o;
  }

private:
  /// Behind the probabilities, on either side of the product, and what guards them.
  std::optional<Softmax> findSoftmax() {
    for (bool right : {false, true}) {
      o = Outcome();
      o.ops.insert(second);
      Value p = behindViews(right ? second.getB() : second.getA(), &o);
      if (auto moved = p.getDefiningOp<TransposeOp>(); right && moved) {
        o.ops.insert(moved);
        p = behindViews(moved.getX(), &o);
      }
      if (auto where = p.getDefiningOp<WhereOp>())
        if (auto isNaN = makerOf<IsNaNOp>(where.getCondition(), &o); isNaN && behindViews(isNaN.getX()) == behindViews(where.getB())) {
          o.ops.insert(where);
          o.details.push_back("guard");
          p = behindViews(where.getB(), &o);
        }
      values = right ? second.getA() : second.getB();
      if (auto s = softmaxOf(p, facts))
        return s;
    }
    return std::nullopt;
  }

  /// The one product that the logits are made of, and the ops between; what is added on the way is a mask or a bias.
  Outcome walkToScores(Value logits) {
    llvm::SetVector<Operation *> seen;
    SmallVector<Value> work{logits};
    while (!work.empty()) {
      Operation *op = work.pop_back_val().getDefiningOp();
      if (!op || op->getBlock() != second->getBlock() || seen.contains(op))
        continue;
      if (auto product = dyn_cast<MatMulOp>(op)) {
        if (first)
          return Outcome::almost("", "the scores are made of two products");
        first = product;
      } else if (!op->hasTrait<Pointwise>() && !isa<ReshapeOp, TransposeOp>(op)) {
        continue;
      }
      seen.insert(op);
      if (seen.size() > kMaxOps)
        return Outcome::almost("", "too much is computed of the scores");
      if (op != first)
        work.append(op->operand_begin(), op->operand_end());
    }
    if (!first)
      return Outcome::almost("", "no product makes the scores");
    return dependents(seen);
  }

  /// Those of the ops that depend on the scores: the others are masks.
  Outcome dependents(const llvm::SetVector<Operation *> &seen) {
    Outcome between;
    SmallVector<Operation *> ops(seen.begin(), seen.end());
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    bool masked = false, causal = false;
    for (Operation *op : ops) {
      bool depends = op == first || llvm::any_of(op->getOperands(), [&](Value v) { return between.ops.contains(v.getDefiningOp()); });
      if (!depends)
        continue;
      between.ops.insert(op);
      if (op == first || !isa<AddOp, SubOp, WhereOp, MinimumOp, MaximumOp>(op))
        continue;
      for (Value v : op->getOperands())
        if (!between.ops.contains(v.getDefiningOp()) && !splatValue(v)) {
          masked = true;
          causal |= comparesPositions(v);
        }
    }
    if (masked)
      o.details.push_back("mask");
    if (causal)
      o.details.push_back("causal");
    return between;
  }

  /// Whether a mask is made of a triangle, or of numbers of rows beside numbers of columns.
  bool comparesPositions(Value mask) {
    llvm::SmallPtrSet<Operation *, 16> seen;
    SmallVector<Value> work{mask};
    while (!work.empty() && seen.size() < kMaxOps) {
      Operation *op = work.pop_back_val().getDefiningOp();
      if (!op || !seen.insert(op).second)
        continue;
      if (isa<TriluOp>(op))
        return true;
      ArrayRef<DimExpr> dims = facts.dims(op->getResult(0));
      if (isa<LessOp, LessOrEqualOp, GreaterOp, GreaterOrEqualOp>(op) && dims.size() >= 2 && !dims.back().isConstant(1) && !(dims.end() - 2)->isConstant(1))
        return true;
      work.append(op->operand_begin(), op->operand_end());
    }
    return false;
  }

  /// Keys or values: joined to what an input holds of earlier tokens, or shared by several heads.
  void lookAtOperand(Value v) {
    for (unsigned i = 0; i < 16; ++i) {
      Operation *op = v.getDefiningOp();
      if (!op)
        return;
      if (auto concat = dyn_cast<ConcatOp>(op))
        cached |= llvm::any_of(concat.getXs(), [](Value part) { return isa<BlockArgument>(behindViews(part)); });
      if (isa<ExpandOp>(op))
        grouped |= product(facts.dims(op->getOperand(0))) != product(facts.dims(op->getResult(0)));
      bool scales = isa<MulOp, DivOp>(op) && (splatValue(op->getOperand(0)) || splatValue(op->getOperand(1)));
      if (!scales && !isa<ReshapeOp, TransposeOp, ExpandOp, CastOp>(op))
        return;
      v = scales && splatValue(op->getOperand(0)) ? op->getOperand(1) : op->getOperand(0);
    }
  }

  MatMulOp first, second;
  Value values;
  ShapeFacts &facts;
  Outcome o;
  bool cached = false, grouped = false;
};

} // namespace

Outcome matchSoftmax(Operation *op, ShapeFacts &facts) {
  if (auto sum = dyn_cast<ReduceSumOp>(op))
    if (auto s = aroundSum(sum))
      return s->outcome;
  if (isa<SoftmaxOp>(op))
    return softmaxOf(op->getResult(0), facts)->outcome;
  if (!isa<LogSoftmaxOp>(op))
    return Outcome::none();
  Outcome o;
  o.name = "log_softmax";
  o.ops.insert(op);
  return o;
}

Outcome matchAttention(Operation *op, ShapeFacts &facts) {
  auto product = dyn_cast<MatMulOp>(op);
  return product ? AttentionMatcher(product, facts).run() : Outcome::none();
}

} // namespace mlc

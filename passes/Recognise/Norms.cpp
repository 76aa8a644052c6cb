// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. from the root back: epsilon, the moment, the squares, what is squared; 2. from the root on to what it scales; 3. by which dims were reduced, the norm's name.
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Patterns.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

/// The operand of a binary op that is no single number, and the number; null when both or none are.
struct WithNumber {
  Value x;
  double number = 0;
};
template <typename Op> std::optional<WithNumber> withNumber(Value v, Outcome &o) {
  auto op = makerOf<Op>(v, &o);
  if (!op)
    return std::nullopt;
  auto a = splatValue(op->getOperand(0)), b = splatValue(op->getOperand(1));
  if (a.has_value() == b.has_value())
    return std::nullopt;
  return a ? WithNumber{op->getOperand(1), *a} : WithNumber{op->getOperand(0), *b};
}

class NormMatcher {
public:
  NormMatcher(Operation *root, ShapeFacts &facts) : root(root), facts(facts) {}

  Outcome run() {
    if (!isRoot() || !walkBack())
      return Outcome::none();
    const char *name = centred ? "layer_norm" : averaged ? "rms_norm" : "l2_norm";
    if (why)
      return Outcome::almost(name, why);
    if (!findScaled(root->getResult(0), 0))
      return Outcome::almost(name, "the root scales something else than what was squared");
    if (llvm::is_contained(axes, 0) && facts.rank(reduced) > 1)
      return Outcome::almost(name, "it is over the batch");
    o.name = centred ? centredName() : StringRef(name);
    o.ops.insert(root);
    // The last op in front.
    llvm::SmallSetVector<Operation *, 16> ops;
    ops.insert(last);
    ops.insert(o.ops.begin(), o.ops.end());
    o.ops = ops;
    return o;
  }

private:
  bool isRoot() {
    if (isa<SqrtOp>(root))
      return true;
    auto pow = dyn_cast<PowOp>(root);
    auto exponent = pow ? splatValue(pow->getOperand(1)) : std::nullopt;
    return exponent == -0.5 || exponent == 0.5;
  }

  /// A mean: reduce_mean, or a sum over a number; `isMean` tells a sum that is not divided.
  Operation *reductionOf(Value v, bool &isMean) {
    isMean = true;
    Outcome ignored;
    if (auto mean = makerOf<ReduceMeanOp>(v, &o))
      return mean;
    for (auto scaled : {withNumber<DivOp>(v, ignored), withNumber<MulOp>(v, ignored)})
      if (auto sum = scaled ? makerOf<ReduceSumOp>(scaled->x, &o) : ReduceSumOp()) {
        o.ops.insert(behindViews(v).getDefiningOp());
        return sum;
      }
    isMean = false;
    return makerOf<ReduceSumOp>(v, &o);
  }

  /// What is squared, or null.
  Value squared(Value v) {
    if (auto mul = makerOf<MulOp>(v, &o))
      return behindViews(mul.getA()) == behindViews(mul.getB()) ? mul.getA() : Value();
    auto power = withNumber<PowOp>(v, o);
    return power && power->number == 2 ? power->x : Value();
  }

  bool walkBack() {
    Value moment = root->getOperand(0);
    if (auto sum = withNumber<AddOp>(moment, o))
      moment = sum->x;
    else if (auto largest = withNumber<MaximumOp>(moment, o))
      moment = largest->x;
    if (auto largest = withNumber<MaximumOp>(moment, o); largest && largest->number == 0)
      moment = largest->x; // what rounding makes of E[x^2] - E[x]^2
    if (auto difference = makerOf<SubOp>(moment, &o))
      return differenceOfMoments(difference);
    Operation *reduction = reductionOf(moment, averaged);
    x = reduction ? squared(reduction->getOperand(0)) : Value();
    if (!x)
      return false;
    reduced = reduction->getOperand(0);
    axes = llvm::to_vector(axesOf(reduction));
    if (auto difference = makerOf<SubOp>(x)) {
      bool isMean = false;
      Outcome before = o;
      Operation *mean = reductionOf(difference.getB(), isMean);
      if (mean && isMean && behindViews(mean->getOperand(0)) == behindViews(difference.getA())) {
        centred = true;
        makerOf<SubOp>(x, &o);
        if (axesOf(mean) != ArrayRef<int64_t>(axes))
          why = "the mean is over other dims than the variance";
        else if (!averaged)
          why = "the squares are summed, not averaged";
      } else {
        o = before;
      }
    }
    return true;
  }

  /// E[x^2] - E[x]^2
  bool differenceOfMoments(SubOp difference) {
    bool isMean = false, isMeanToo = false;
    Operation *second = reductionOf(difference.getA(), isMean);
    x = second ? squared(second->getOperand(0)) : Value();
    Value mean = x ? squared(difference.getB()) : Value();
    Operation *first = mean ? reductionOf(mean, isMeanToo) : nullptr;
    if (!first || behindViews(first->getOperand(0)) != behindViews(x))
      return false;
    centred = averaged = true;
    firstMoment = mean;
    reduced = second->getOperand(0);
    axes = llvm::to_vector(axesOf(second));
    if (axesOf(first) != axesOf(second))
      why = "the mean is over other dims than the variance";
    else if (!isMean || !isMeanToo)
      why = "the moments are sums, not means";
    return true;
  }

  /// Whether a value is what the norm scales: x, or x minus its mean where the variance did not need that.
  bool isScaled(Value v) {
    if (behindViews(v) == behindViews(x))
      return true;
    auto difference = firstMoment ? makerOf<SubOp>(v) : SubOp();
    if (!difference || behindViews(difference.getA()) != behindViews(x) || behindViews(difference.getB()) != behindViews(firstMoment))
      return false;
    o.ops.insert(difference);
    return true;
  }

  /// From the root, through its reciprocal, a lower bound, views and scales, to the product or quotient with x.
  bool findScaled(Value v, unsigned depth) {
    if (depth > 5)
      return false;
    for (Operation *user : v.getUsers()) {
      if (isa<MulOp, DivOp>(user)) {
        Value other = user->getOperand(0) == v ? user->getOperand(1) : user->getOperand(0);
        if (isScaled(other) && !(isa<DivOp>(user) && user->getOperand(1) != v)) {
          last = user;
          return true;
        }
      }
      bool hands = isa<ReciprocalOp, CastOp, ReshapeOp, ExpandOp, MaximumOp>(user) || (isa<AddOp>(user) && (splatValue(user->getOperand(0)) || splatValue(user->getOperand(1)))) ||
                   (isa<DivOp>(user) && splatValue(user->getOperand(0)) == 1) || (isa<MulOp>(user) && derivesFromConstants(user->getOperand(user->getOperand(0) == v ? 1 : 0), 2));
      if (hands && findScaled(user->getResult(0), depth + 1)) {
        o.ops.insert(user);
        return true;
      }
    }
    return false;
  }

  /// Whether y is scaled by one number per entry of dim 1, or per entry of the last; neither when there is no such scale.
  bool isScaledAlong(Value y, bool channels) {
    for (Operation *user : y.getUsers()) {
      if (isa<ReshapeOp, CastOp>(user) && isScaledAlong(user->getResult(0), channels))
        return true;
      if (!isa<MulOp>(user))
        continue;
      Value scale = user->getOperand(user->getOperand(0) == y ? 1 : 0);
      ArrayRef<DimExpr> dims = facts.dims(scale);
      int64_t shift = facts.rank(y) - static_cast<int64_t>(dims.size()), wanted = channels ? 1 - shift : static_cast<int64_t>(dims.size()) - 1;
      if (!derivesFromConstants(scale) || wanted < 0 || dims.empty() || dims[wanted].isConstant(1))
        continue;
      if (llvm::count_if(dims, [](const DimExpr &d) { return !d.isConstant(1); }) == 1)
        return true;
    }
    return false;
  }

  /// The dims that x had before it was cut into groups of channels, when what was scaled gets them back.
  std::optional<Dims> dimsBeforeGroups() {
    Dims inner(facts.dims(x));
    for (Operation *user : last->getUsers())
      if (isa<ReshapeOp>(user))
        if (Dims outer(facts.dims(user->getResult(0))); outer.size() >= 3 && inner.size() >= 3 && outer[0] == inner[0] && outer[1] != inner[1])
          return outer;
    return std::nullopt;
  }

  StringRef centredName() {
    int64_t rank = facts.rank(reduced);
    bool behindChannels = rank >= 3 && ArrayRef<int64_t>(axes) == ArrayRef<int64_t>(llvm::to_vector(llvm::seq<int64_t>(2, rank)));
    bool behindBatch = rank >= 3 && ArrayRef<int64_t>(axes) == ArrayRef<int64_t>(llvm::to_vector(llvm::seq<int64_t>(1, rank)));
    Value y = last->getResult(0);
    if (behindChannels && dimsBeforeGroups())
      return "group_norm";
    if (behindChannels && (rank == 3 ? isScaledAlong(y, true) : !isScaledAlong(y, false)))
      return "instance_norm";
    return behindBatch && isScaledAlong(y, true) && !isScaledAlong(y, false) ? "group_norm" : "layer_norm";
  }

  Operation *root, *last = nullptr;
  ShapeFacts &facts;
  Outcome o;
  Value x, reduced, firstMoment;
  SmallVector<int64_t> axes;
  bool centred = false, averaged = false;
  const char *why = nullptr;
};

} // namespace

Outcome matchNorm(Operation *op, ShapeFacts &facts) { return NormMatcher(op, facts).run(); }

} // namespace mlc

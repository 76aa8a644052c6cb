// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Rotary position embedding, in the two ways in which it is written. Whole: x cos + concat(-x2, x1) sin. By parts: concat(x1 cos - x2 sin, x2 cos + x1 sin).
// x1 and x2 are the halves of the last dim, or (interleaved) its even and odd elements: slices of step 2, or of one of two along a dim of pairs.
#include "passes/Recognise/Rotary.h"
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Patterns.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

/// A part of x.
struct Part {
  SliceOp slice;
  Value x; // behind views
};

class RotaryMatcher {
public:
  explicit RotaryMatcher(ShapeFacts &facts) : facts(facts) {}
  RotaryForm form; // once found

  Outcome whole(Operation *sum) {
    for (unsigned i : {0u, 1u}) {
      o = Outcome();
      o.ops.insert(sum);
      auto turned = makerOf<MulOp>(sum->getOperand(i), &o), straight = makerOf<MulOp>(sum->getOperand(1 - i), &o);
      if (!turned || !straight)
        continue;
      for (unsigned k : {0u, 1u})
        if (auto concat = makerOf<ConcatOp>(turned->getOperand(k), &o); concat && concat.getXs().size() == 2)
          if (Outcome found = rotatedBeside(concat, straight); !found.name.empty()) {
            form.last = sum, form.turned = turned, form.sin = turned->getOperand(1 - k);
            return found;
          }
    }
    return Outcome::none();
  }

  Outcome byParts(ConcatOp concat) {
    if (concat.getXs().size() != 2)
      return Outcome::none();
    o.ops.insert(concat);
    form.last = form.parts = concat;
    for (unsigned i : {0u, 1u}) {
      auto difference = makerOf<SubOp>(concat.getXs()[i], &o);
      auto sum = makerOf<AddOp>(concat.getXs()[1 - i], &o);
      auto minuend = difference ? scaledPart(difference.getA()) : std::nullopt, subtrahend = difference ? scaledPart(difference.getB()) : std::nullopt;
      auto left = sum ? scaledPart(sum.getA()) : std::nullopt, right = sum ? scaledPart(sum.getB()) : std::nullopt;
      if (!minuend || !subtrahend || !left || !right)
        continue;
      Value cos = minuend->second, sin = subtrahend->second, x1 = minuend->first.slice.getY(), x2 = subtrahend->first.slice.getY();
      auto is = [](std::pair<Part, Value> term, Value part, Value by) { return term.first.slice.getY() == part && term.second == by; };
      if (!(is(*left, x2, cos) && is(*right, x1, sin)) && !(is(*right, x2, cos) && is(*left, x1, sin)))
        return Outcome::almost("rotary", "its parts are not turned by the same cosine and sine");
      return judge(minuend->first, subtrahend->first);
    }
    return Outcome::none();
  }

private:
  std::optional<Part> partOf(Value v) {
    auto slice = makerOf<SliceOp>(v, &o);
    return slice ? std::optional<Part>({slice, behindViews(slice.getX())}) : std::nullopt;
  }

  /// part * factor
  std::optional<std::pair<Part, Value>> scaledPart(Value v) {
    auto mul = makerOf<MulOp>(v, &o);
    for (unsigned i = 0; mul && i < 2; ++i)
      if (auto part = partOf(mul->getOperand(i)))
        return {{*part, behindViews(mul->getOperand(1 - i))}};
    return std::nullopt;
  }

  /// What is negated, or null.
  Value negated(Value v) {
    if (auto neg = makerOf<NegOp>(v, &o))
      return neg.getX();
    auto mul = makerOf<MulOp>(v);
    for (unsigned i = 0; mul && i < 2; ++i)
      if (splatValue(mul->getOperand(i)) == -1) {
        o.ops.insert(mul);
        return mul->getOperand(1 - i);
      }
    return {};
  }

  Outcome rotatedBeside(ConcatOp concat, MulOp straight) {
    Value first = negated(concat.getXs()[0]), second = negated(concat.getXs()[1]);
    if (!first == !second)
      return Outcome::none();
    auto a = partOf(first ? first : concat.getXs()[0]), b = partOf(second ? second : concat.getXs()[1]);
    if (!a || !b)
      return Outcome::none();
    bool left = behindViews(straight.getA()) == a->x;
    if (!left && behindViews(straight.getB()) != a->x)
      return Outcome::almost("rotary", "what is turned is not what it is added to");
    form.parts = concat, form.straight = straight;
    form.x = left ? straight.getA() : straight.getB(), form.cos = left ? straight.getB() : straight.getA();
    return judge(*b, *a);
  }

  /// The two slices are two halves of one value, or its even and odd elements.
  Outcome judge(Part a, Part b) {
    if (a.x != b.x)
      return Outcome::almost("rotary", "its parts are of two values");
    Dims whole(facts.dims(a.slice.getX())), one(facts.dims(a.slice.getY())), other(facts.dims(b.slice.getY()));
    if (a.slice.getX().getType() != b.slice.getX().getType() || one != other)
      return Outcome::almost("rotary", "its parts are not of one length");
    Dims from(a.slice.getStarts().getDims()), to(b.slice.getStarts().getDims());
    int64_t cut = -1;
    for (size_t i = 0; i < whole.size(); ++i)
      if (from[i] != to[i]) {
        if (cut >= 0)
          return Outcome::almost("rotary", "its parts differ in more than one dim");
        cut = i;
      }
    if (cut < 0 || whole[cut] != one[cut] * 2)
      return Outcome::almost("rotary", "its parts are no halves");
    bool pairs = a.slice.getSteps()[cut] == 2 || (whole[cut].isConstant(2) && cut + 1 == static_cast<int64_t>(whole.size()));
    if (!pairs && a.slice.getSteps()[cut] != 1)
      return Outcome::almost("rotary", "its parts are neither halves nor every second element");
    o.name = "rotary";
    form.interleaved = pairs;
    if (pairs)
      o.details.push_back("interleaved");
    return o;
  }

  ShapeFacts &facts;
  Outcome o;
};

} // namespace

static Outcome match(RotaryMatcher &matcher, Operation *op) {
  if (isa<AddOp, SubOp>(op))
    return matcher.whole(op);
  auto concat = dyn_cast<ConcatOp>(op);
  return concat ? matcher.byParts(concat) : Outcome::none();
}

Outcome matchRotary(Operation *op, ShapeFacts &facts) {
  RotaryMatcher matcher(facts);
  return match(matcher, op);
}

std::optional<RotaryForm> rotaryForm(Operation *last, ShapeFacts &facts) {
  RotaryMatcher matcher(facts);
  return match(matcher, last).found() ? std::optional(matcher.form) : std::nullopt;
}

} // namespace mlc

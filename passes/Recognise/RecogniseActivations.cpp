// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From the last op of a block backwards: grow a function of one value, and replace it as soon as it is a known one.
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Passes.h"
#include "passes/Recognise/ScalarFunction.h"
#include <cmath>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_RECOGNISEACTIVATIONS
#include "passes/Recognise/RecognisePasses.h.inc"

namespace {

struct Activation {
  StringRef op, attribute;
  std::variant<int, float, const char *> value;
  double (*formula)(double);
};

const Activation kActivations[] = {
#define ACTIVATION(Op, attribute, value, formula) {Op::getOperationName(), attribute, value, [](double x) -> double { return formula; }},
#include "passes/Recognise/Activations.def"
#undef ACTIVATION
};

/// Near zero, where activations bend, and out to where they are straight. No round numbers, at which different functions may meet.
ArrayRef<double> points() {
  static const std::vector<double> all = [] {
    std::vector<double> v{0};
    for (double x = 0.0137; x < 30; x *= 1.31)
      v.insert(v.end(), {x, -x});
    return v;
  }();
  return all;
}

/// Written-out forms lose digits where terms cancel, but in double precision not as many.
bool agree(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::max(std::fabs(b), 1e-2) + 1e-9; }

/// The activation that f is, or null.
const Activation *find(const ScalarFunction &f) {
  constexpr double kProbe = -1.234567; // most functions differ here already
  double y = f(kProbe);
  for (const Activation &known : kActivations)
    if (agree(y, known.formula(kProbe)) && llvm::all_of(points(), [&](double x) { return agree(f(x), known.formula(x)); }))
      return &known;
  return nullptr;
}

struct RecogniseActivations : impl::RecogniseActivationsBase<RecogniseActivations> {
  using RecogniseActivationsBase::RecogniseActivationsBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (ScalarFunction::knows(op))
        ops.push_back(op);
    });
    llvm::SmallPtrSet<Operation *, 16> gone;
    for (Operation *op : llvm::reverse(ops))
      if (!gone.contains(op))
        recognise(op, facts, gone);
    eraseDead(getOperation());
  }

  void recognise(Operation *op, ShapeFacts &facts, llvm::SmallPtrSetImpl<Operation *> &gone) {
    ScalarFunction f(op);
    while (f.extend()) {
      Value x = f.argument();
      if (!x || Dims(facts.dims(x)) != Dims(facts.dims(op->getResult(0))) || facts.elementType(x) != facts.elementType(op->getResult(0)))
        continue;
      const Activation *known = find(f);
      if (!known)
        continue;
      replace(f, *known, facts);
      gone.insert(f.ops().begin(), f.ops().end());
      ++numRecognised;
      return;
    }
  }

  void replace(const ScalarFunction &f, const Activation &known, ShapeFacts &facts) {
    Operation *last = f.ops().front();
    SmallVector<Location> locs;
    for (Operation *op : f.ops())
      locs.push_back(op->getLoc());
    Build k(last, facts);
    SmallVector<NamedAttribute, 1> attrs;
    if (auto number = std::get_if<float>(&known.value))
      attrs.push_back(k.b.getNamedAttr(known.attribute, k.b.getF32FloatAttr(*number)));
    else if (auto text = std::get_if<const char *>(&known.value))
      attrs.push_back(k.b.getNamedAttr(known.attribute, k.b.getStringAttr(*text)));
    Operation *named = facts.create(k.b, k.b.getFusedLoc(locs), known.op, f.argument(), attrs);
    last->getResult(0).replaceAllUsesWith(named->getResult(0));
  }
};

} // namespace
} // namespace mlc

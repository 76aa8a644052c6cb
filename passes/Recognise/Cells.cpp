// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// One step of a recurrent layer, written out: lstm_cell, h = sigmoid(o) tanh(c') with c' = sigmoid(f) c + sigmoid(i) tanh(g); gru_cell, h = (1 - z) n + z h' with z = sigmoid(..), n = tanh(..).
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Patterns.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

/// The product of a value that A makes and another one, behind views; null when `v` is none.
template <typename A> Value besideGate(Value v, Outcome &o) {
  auto mul = makerOf<MulOp>(v, &o);
  for (unsigned i = 0; mul && i < 2; ++i)
    if (makerOf<A>(mul->getOperand(i), &o))
      return mul->getOperand(1 - i);
  return {};
}

Outcome lstmCell(MulOp last) {
  Outcome o;
  o.name = "lstm_cell";
  Value gated = besideGate<SigmoidOp>(last.getY(), o);
  auto squashed = gated ? makerOf<TanhOp>(gated, &o) : TanhOp();
  auto state = squashed ? makerOf<AddOp>(squashed->getOperand(0), &o) : AddOp();
  if (!state)
    return Outcome::none();
  Value a = besideGate<SigmoidOp>(state.getA(), o), b = besideGate<SigmoidOp>(state.getB(), o);
  if (!a || !b)
    return Outcome::almost("lstm_cell", "the state is no sum of two gated values");
  if (!makerOf<TanhOp>(a, &o) && !makerOf<TanhOp>(b, &o))
    return Outcome::almost("lstm_cell", "what comes into the state is no tanh");
  return o;
}

Outcome gruCell(AddOp last) {
  for (unsigned i : {0u, 1u}) {
    Outcome o;
    o.name = "gru_cell";
    o.ops.insert(last);
    Value fresh = besideGate<SubOp>(last->getOperand(i), o), old = besideGate<SigmoidOp>(last->getOperand(1 - i), o);
    if (!fresh || !old)
      continue;
    auto mul = makerOf<MulOp>(last->getOperand(i));
    auto rest = makerOf<SubOp>(mul.getA() == fresh ? mul.getB() : mul.getA());
    auto gate = makerOf<SigmoidOp>(rest.getB());
    if (splatValue(rest.getA()) != 1 || !gate)
      continue;
    auto kept = makerOf<MulOp>(last->getOperand(1 - i));
    if (makerOf<SigmoidOp>(kept.getA()) != gate && makerOf<SigmoidOp>(kept.getB()) != gate)
      return Outcome::almost("gru_cell", "old and new are weighed by different gates");
    if (!makerOf<TanhOp>(fresh, &o))
      return Outcome::almost("gru_cell", "what comes in is no tanh");
    return o;
  }
  return Outcome::none();
}

} // namespace

Outcome matchCell(Operation *op, ShapeFacts &) {
  if (auto mul = dyn_cast<MulOp>(op))
    return lstmCell(mul);
  auto add = dyn_cast<AddOp>(op);
  return add ? gruCell(add) : Outcome::none();
}

} // namespace mlc

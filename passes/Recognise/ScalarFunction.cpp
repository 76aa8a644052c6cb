// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Recognise/ScalarFunction.h"
#include "passes/Normalize/Build.h"
#include <cmath>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

/// One op on numbers; nothing for ops that are none of these.
static std::optional<double> evaluate(Operation *op, ArrayRef<double> in) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<AddOp>([&](auto) { return in[0] + in[1]; })
      .Case<SubOp>([&](auto) { return in[0] - in[1]; })
      .Case<MulOp>([&](auto) { return in[0] * in[1]; })
      .Case<DivOp>([&](auto) { return in[0] / in[1]; })
      .Case<PowOp>([&](auto) { return std::pow(in[0], in[1]); })
      .Case<MinimumOp>([&](auto) { return std::min(in[0], in[1]); })
      .Case<MaximumOp>([&](auto) { return std::max(in[0], in[1]); })
      .Case<NegOp>([&](auto) { return -in[0]; })
      .Case<AbsOp>([&](auto) { return std::fabs(in[0]); })
      .Case<ExpOp>([&](auto) { return std::exp(in[0]); })
      .Case<LogOp>([&](auto) { return std::log(in[0]); })
      .Case<SqrtOp>([&](auto) { return std::sqrt(in[0]); })
      .Case<ReciprocalOp>([&](auto) { return 1 / in[0]; })
      .Case<TanhOp>([&](auto) { return std::tanh(in[0]); })
      .Case<ErfOp>([&](auto) { return std::erf(in[0]); })
      .Case<SigmoidOp>([&](auto) { return 1 / (1 + std::exp(-in[0])); })
      .Case<SoftplusOp>([&](auto) { return in[0] > 0 ? in[0] + std::log1p(std::exp(-in[0])) : std::log1p(std::exp(in[0])); })
      .Case<ReluOp>([&](auto) { return std::max(in[0], 0.0); })
      .Case<HardSigmoidOp>([&](HardSigmoidOp h) { return std::clamp(h.getAlpha().convertToFloat() * in[0] + double(h.getBeta().convertToFloat()), 0.0, 1.0); })
      .Default([](Operation *) { return std::nullopt; });
}

bool ScalarFunction::knows(Operation *op) {
  const double ones[] = {1, 1};
  auto type = op->getNumResults() == 1 ? dyn_cast<RankedTensorType>(op->getResult(0).getType()) : RankedTensorType();
  return type && (type.getElementType().isF32() || type.getElementType().isF64()) && op->getNumOperands() <= 2 && evaluate(op, ones).has_value();
}

ScalarFunction::ScalarFunction(Operation *last) { take(last); }

void ScalarFunction::take(Operation *op) {
  inside.insert(op);
  for (Value v : op->getOperands())
    if (!splatValue(v) && !llvm::is_contained(leaves, v))
      leaves.push_back(v);
}

bool ScalarFunction::extend() {
  auto latest = leaves.end();
  for (auto it = leaves.begin(); it != leaves.end(); ++it) {
    Operation *op = it->getDefiningOp();
    if (op && op->getBlock() == inside[0]->getBlock() && (latest == leaves.end() || latest->getDefiningOp()->isBeforeInBlock(op)))
      latest = it;
  }
  Operation *op = latest == leaves.end() ? nullptr : latest->getDefiningOp();
  if (!op || inside.size() >= kMaxOps || !knows(op) || !llvm::all_of(op->getUsers(), [&](Operation *user) { return inside.contains(user); }))
    return false;
  leaves.erase(latest);
  take(op);
  return true;
}

double ScalarFunction::operator()(double x) const {
  llvm::SmallDenseMap<Value, double, 16> values{{argument(), x}};
  for (Operation *op : llvm::reverse(inside)) {
    SmallVector<double, 2> in;
    for (Value v : op->getOperands()) {
      auto it = values.find(v);
      in.push_back(it != values.end() ? it->second : *splatValue(v));
    }
    values[op->getResult(0)] = *evaluate(op, in);
  }
  return values[inside[0]->getResult(0)];
}

} // namespace mlc

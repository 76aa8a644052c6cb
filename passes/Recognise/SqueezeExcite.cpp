// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From a multiplication back along the operand of one pixel: activations, biases and products by constants, down to a mean over all pixels.
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Patterns.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

constexpr unsigned kMaxOps = 24; // of a gate

/// The mean over dims 2 and on that v is one.
Operation *meanOfPixels(Value v, ShapeFacts &facts) {
  auto mean = v.getDefiningOp<ReduceMeanOp>();
  int64_t rank = mean ? facts.rank(mean.getX()) : 0;
  return rank >= 3 && mean.getAxes() == ArrayRef<int64_t>(llvm::to_vector(llvm::seq<int64_t>(2, rank))) ? mean.getOperation() : nullptr;
}

/// The operand that an op of a gate computes with; null for ops of no gate.
Value gateOperand(Operation *op) {
  if (isa<ConvOp, MatMulOp>(op))
    return derivesFromConstants(op->getOperand(1)) ? op->getOperand(0) : Value();
  if (isa<ReshapeOp, TransposeOp>(op))
    return op->getOperand(0);
  if (!op->hasTrait<Pointwise>())
    return {};
  Value only;
  for (Value v : op->getOperands())
    if (!derivesFromConstants(v)) {
      if (only && only != v)
        return {};
      only = v;
    }
  return only;
}

/// The gate that ends in `gate` and scales `x`.
Outcome gateOf(Value gate, Value x, ShapeFacts &facts) {
  Outcome o;
  unsigned products = 0;
  for (unsigned i = 0; i < kMaxOps; ++i) {
    Operation *op = gate.getDefiningOp();
    if (!op)
      return Outcome::none();
    o.ops.insert(op);
    if (Operation *mean = meanOfPixels(gate, facts)) {
      if (!products)
        return Outcome::none();
      if (behindViews(mean->getOperand(0)) != behindViews(x))
        return Outcome::almost("squeeze_excite", "the mean is of another value than the one that is scaled");
      if (products != 2)
        return Outcome::almost("squeeze_excite", "the gate is not made by two products");
      o.name = "squeeze_excite";
      return o;
    }
    products += isa<ConvOp, MatMulOp>(op);
    gate = gateOperand(op);
    if (!gate)
      return Outcome::none();
  }
  return Outcome::none();
}

/// [.., 1, 1] beside x.
bool isOnePixel(ArrayRef<DimExpr> dims) {
  return dims.size() >= 3 && llvm::all_of(dims.drop_front(2), [](const DimExpr &d) { return d.isConstant(1); });
}

} // namespace

Outcome matchSqueezeExcite(Operation *op, ShapeFacts &facts) {
  if (!isa<MulOp>(op) || facts.rank(op->getResult(0)) < 3)
    return Outcome::none();
  for (unsigned i : {0u, 1u}) {
    if (!isOnePixel(facts.dims(op->getOperand(i))) || isOnePixel(facts.dims(op->getOperand(1 - i))))
      continue;
    Outcome o = gateOf(op->getOperand(i), op->getOperand(1 - i), facts);
    if (!o.found())
      return o;
    llvm::SmallSetVector<Operation *, 16> ops;
    ops.insert(op);
    ops.insert(o.ops.begin(), o.ops.end());
    o.ops = ops;
    return o;
  }
  return Outcome::none();
}

} // namespace mlc

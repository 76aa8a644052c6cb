// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Fuse/SoftmaxForm.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

/// A constant of zeros.
static bool isZero(Value v) {
  auto constant = v.getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return dense && dense.isSplat() && isa<FloatType>(dense.getElementType()) && dense.getSplatValue<APFloat>().isZero();
}

/// Behind casts between floats.
static Value withoutCasts(Value v) {
  while (auto cast = v.getDefiningOp<CastOp>()) {
    if (!isa<FloatType>(getElementTypeOrSelf(cast.getX().getType())))
      break;
    v = cast.getX();
  }
  return v;
}

template <typename Op> static Op definedBy(Value v) { return withoutCasts(v).getDefiningOp<Op>(); }

/// The scores' product behind pointwise ops; null when there is none or more than one.
static MatMulOp scoresOf(Value logits, const Dims &dims, ShapeFacts &facts) {
  MatMulOp found;
  SmallVector<Value> work{logits};
  llvm::DenseSet<Operation *> seen;
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second || seen.size() > 256)
      continue;
    if (auto product = dyn_cast<MatMulOp>(op)) {
      if (found)
        return {};
      found = product;
    } else if (op->hasTrait<Pointwise>()) {
      work.append(op->operand_begin(), op->operand_end());
    }
  }
  return found && Dims(facts.dims(found.getY())) == dims ? found : MatMulOp();
}

std::optional<SoftmaxForm> matchSoftmaxForm(MatMulOp second, ShapeFacts &facts) {
  SoftmaxForm form;
  form.second = second;
  Value p = withoutCasts(second.getA());
  if (auto where = p.getDefiningOp<WhereOp>()) {
    auto isNaN = where.getCondition().getDefiningOp<IsNaNOp>();
    if (!isNaN || withoutCasts(isNaN.getX()) != withoutCasts(where.getB()) || !isZero(where.getA()))
      return std::nullopt;
    form.guarded = true;
    p = withoutCasts(where.getB());
  }
  auto quotient = p.getDefiningOp<DivOp>();
  auto power = quotient ? definedBy<ExpOp>(quotient.getA()) : ExpOp();
  auto sum = quotient ? definedBy<ReduceSumOp>(quotient.getB()) : ReduceSumOp();
  auto shifted = power ? definedBy<SubOp>(power.getX()) : SubOp();
  auto largest = shifted ? definedBy<ReduceMaxOp>(shifted.getB()) : ReduceMaxOp();
  if (!sum || !largest || withoutCasts(sum.getX()) != power.getY() || withoutCasts(largest.getX()) != withoutCasts(shifted.getA()) || !isRowReduction(sum, facts) || !isRowReduction(largest, facts))
    return std::nullopt;
  form.logits = withoutCasts(shifted.getA());
  form.first = scoresOf(form.logits, Dims(facts.dims(second.getA())), facts);
  return form.first ? std::optional<SoftmaxForm>(form) : std::nullopt;
}

} // namespace mlc

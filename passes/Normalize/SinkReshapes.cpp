// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_SINKRESHAPES
#include "passes/Normalize/Passes.h.inc"

namespace {

class Sinker {
public:
  explicit Sinker(ShapeFacts &facts) : facts(facts) {}

  /// The value that replaces the op's result, or null.
  Value visit(Operation *op) {
    if (auto product = dyn_cast<MatMulOp>(op))
      return ofProduct(product);
    return op->hasTrait<Pointwise>() && !isa<ExpandOp, CastOp>(op) && op->getNumResults() == 1 ? pointwise(op) : Value();
  }

private:
  /// What all reshapes before a value start from.
  static Value source(Value v) {
    while (auto reshape = v.getDefiningOp<ReshapeOp>())
      v = reshape.getX();
    return v;
  }

  /// The rows of a product are what they are, however they are counted: reshape(x) w = reshape(x w).
  Value ofProduct(MatMulOp op) {
    Value x = source(op.getA());
    if (x == op.getA() || facts.rank(op.getB()) != 2 || facts.rank(op.getA()) < 2 || facts.rank(x) < 2 || facts.dims(x).back() != facts.dims(op.getA()).back())
      return {};
    Build b(op, facts);
    return b.reshape(b.make<MatMulOp>({x, op.getB()}), Dims(facts.dims(op.getY())));
  }

  /// f(reshape(x), reshape(y), c) = reshape(f(x, y, c)) when x and y have one shape and c follows the last dim, which stays, or is one element.
  Value pointwise(Operation *op) {
    Dims out(facts.dims(op->getResult(0)));
    std::optional<Dims> inner;
    for (Value v : op->getOperands())
      if (Value x = source(v); x != v && Dims(facts.dims(v)) == out && !inner)
        inner = Dims(facts.dims(x));
    if (!inner || inner->empty() || out.empty())
      return {};
    bool keepsLast = inner->back() == out.back();
    SmallVector<Value> operands;
    for (Value v : op->getOperands()) {
      Dims dims(facts.dims(v));
      if (Value x = source(v); dims == out && Dims(facts.dims(x)) == *inner) {
        operands.push_back(x);
        continue;
      }
      bool one = product(dims).isConstant(1), row = keepsLast && !dims.empty() && dims.back() == out.back() && product(ArrayRef<DimExpr>(dims).drop_back()).isConstant(1);
      if ((!one && !row) || dims.size() > inner->size())
        return {};
      operands.push_back(v);
    }
    Build b(op, facts);
    Operation *made = facts.create(b.b, op->getLoc(), op->getName().getStringRef(), operands, op->getAttrs());
    if (!made || Dims(facts.dims(made->getResult(0))) != *inner)
      return {};
    return b.reshape(made->getResult(0), out);
  }

  ShapeFacts &facts;
};

struct SinkReshapes : impl::SinkReshapesBase<SinkReshapes> {
  using SinkReshapesBase::SinkReshapesBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Sinker sinker(facts);
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (Value y = sinker.visit(op)) {
        op->getResult(0).replaceAllUsesWith(y);
        ++numSunk;
      }
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace mlc

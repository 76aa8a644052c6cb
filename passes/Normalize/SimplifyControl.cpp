// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From the innermost op out: 1. an If of a known condition gives way to its branch; 2. what does not change in a Loop's body moves before the loop;
// 3. a short Loop of a known count becomes its iterations.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_SIMPLIFYCONTROL
#include "passes/Normalize/Passes.h.inc"

namespace {

constexpr int64_t kMaxUnrolled = 256; // ops that a loop may become

std::optional<bool> known(Value condition) {
  auto value = splatValue(condition);
  return value ? std::optional<bool>(*value != 0) : std::nullopt;
}

class Simplifier {
public:
  explicit Simplifier(ShapeFacts &facts) : facts(facts) {}
  unsigned inlined = 0, hoisted = 0, unrolled = 0;

  void visit(Operation *op) {
    if (auto branch = dyn_cast<IfOp>(op))
      inlineBranch(branch);
    if (auto loop = dyn_cast<LoopOp>(op)) {
      hoist(loop);
      if (!whyNotUnrolled(loop))
        unroll(loop);
    }
  }

private:
  void inlineBranch(IfOp op) {
    auto condition = known(op.getCondition());
    if (!condition)
      return;
    Block &taken = (*condition ? op.getThenRegion() : op.getElseRegion()).front();
    SmallVector<Value> values(taken.getTerminator()->getOperands());
    taken.getTerminator()->erase();
    op->getBlock()->getOperations().splice(op->getIterator(), taken.getOperations());
    op.replaceAllUsesWith(values);
    op.erase();
    ++inlined;
  }

  /// Whether an op may run although the body may not: it costs little more than the time, and nothing in its data can be a fault.
  static bool isHarmless(Operation *op) {
    if (isa<DivOp, ModOp>(op))
      return isa<FloatType>(getElementTypeOrSelf(op->getResult(0)));
    return isa<ConstantOp, MatMulOp, ConvOp, ReshapeOp, TransposeOp, ExpandOp, SliceOp, PadOp, ConcatOp, CastOp, DimsTensorOp>(op) || op->hasTrait<Pointwise>() || op->hasTrait<Reduction>();
  }

  void hoist(LoopOp loop) {
    for (Operation &op : llvm::make_early_inc_range(loop.getBody().front().without_terminator())) {
      bool outside = llvm::all_of(op.getOperands(), [&](Value v) { return !loop.getBody().isAncestor(v.getParentRegion()); });
      if (!outside || op.getNumRegions() || !isHarmless(&op))
        continue;
      // NOTE: what it requires of dims would now be required of runs that never enter the loop, too.
      Block *body = op.getBlock();
      Operation *next = op.getNextNode();
      size_t required = facts.requirements().size();
      op.moveBefore(loop);
      if (failed(facts.infer(&op)) || facts.requirements().size() != required)
        op.moveBefore(body, next->getIterator());
      else
        ++hoisted;
    }
  }

  const char *whyNotUnrolled(LoopOp loop) {
    auto trips = facts.constantElements(loop.getTripCount());
    if (!trips || (*trips)[0] < 1)
      return "the trip count is no number above 0";
    Block &body = loop.getBody().front();
    Value next = body.getTerminator()->getOperand(0);
    if (known(loop.getCondition()) != true || (next != body.getArgument(1) && known(next) != true))
      return "a condition may end it before";
    int64_t ops = 0;
    body.walk([&](Operation *op) { ops += !isa<ConstantOp, YieldOp>(op); });
    return (*trips)[0] > kMaxUnrolled || ops * (*trips)[0] > kMaxUnrolled ? "its iterations are too many ops" : nullptr;
  }

  void unroll(LoopOp loop) {
    Build k(loop, facts);
    Block &body = loop.getBody().front();
    size_t carried = loop.getInit().size(), trips = (*facts.constantElements(loop.getTripCount()))[0];
    SmallVector<Value> state(loop.getInit());
    SmallVector<SmallVector<Value>> stacked(loop.getNumResults() - carried);
    for (size_t i = 0; i < trips; ++i) {
      IRMapping map;
      map.map(body.getArgument(0), constant(k, i));
      map.map(body.getArgument(1), loop.getCondition());
      map.map(body.getArguments().drop_front(2), state);
      for (Operation &op : body.without_terminator())
        (void)facts.infer(k.b.clone(op, map));
      auto yields = llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value v) { return map.lookupOrDefault(v); });
      state.assign(yields.begin() + 1, yields.begin() + 1 + carried);
      for (size_t j = 0; j < stacked.size(); ++j) {
        Value part = yields[1 + carried + j];
        Dims dims(facts.dims(part));
        dims.insert(dims.begin(), DimExpr(1));
        stacked[j].push_back(k.reshape(part, dims));
      }
    }
    for (ArrayRef<Value> parts : stacked)
      state.push_back(k.make<ConcatOp>(parts, k.b.getNamedAttr("axis", k.b.getI64IntegerAttr(0))));
    loop.replaceAllUsesWith(state);
    loop.erase();
    ++unrolled;
  }

  static Value constant(Build &k, int64_t i) {
    auto op = ConstantOp::create(k.b, k.loc, cast<ElementsAttr>(DenseElementsAttr::get(RankedTensorType::get({}, k.b.getI64Type()), i)));
    (void)k.facts.infer(op);
    return op;
  }

  ShapeFacts &facts;
};

struct SimplifyControl : impl::SimplifyControlBase<SimplifyControl> {
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<IfOp, LoopOp>(op))
        ops.push_back(op);
    });
    Simplifier simplifier(facts);
    for (Operation *op : ops)
      simplifier.visit(op);
    numInlined += simplifier.inlined;
    numHoisted += simplifier.hoisted;
    numUnrolled += simplifier.unrolled;
    func::FuncOp func = getOperation();
    func.setFunctionType(FunctionType::get(&getContext(), func.getArgumentTypes(), func.getBody().front().getTerminator()->getOperandTypes()));
  }
};

} // namespace
} // namespace mlc

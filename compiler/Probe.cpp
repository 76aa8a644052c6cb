// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "compiler/Probe.h"
#include "compiler/Samples.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Fuse/Regions.h"
#include "passes/Precision/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

class ProbeBuilder {
public:
  ProbeBuilder(func::FuncOp func, ShapeFacts &facts, const Narrowing &narrowing) : func(func), facts(facts), narrowing(narrowing), b(func.getContext()) {}

  void build(ArrayRef<RegionOp> regions) {
    int64_t count = regions.size();
    Block &body = func.getBody().front();
    switches = body.addArgument(RankedTensorType::get({count}, b.getI1Type()), func.getLoc());
    facts.set(switches, b.getI1Type(), {DimExpr(count)});
    for (auto [i, region] : llvm::enumerate(regions))
      addRounding(region, i);
    SmallVector<DictionaryAttr> attributes;
    func.getAllArgAttrs(attributes);
    attributes.push_back(b.getDictionaryAttr({b.getNamedAttr(kNameAttr, b.getStringAttr(kSwitchesInput)), b.getNamedAttr(kDimsAttr, DimsAttr::get(b.getContext(), {DimExpr(count)}))}));
    func.setFunctionType(FunctionType::get(func.getContext(), body.getArgumentTypes(), func.getFunctionType().getResults()));
    func.setAllArgAttrs(attributes);
  }

private:
  /// Behind a region its twin on rounded inputs; readers get the results of one of the two.
  void addRounding(RegionOp region, int64_t number) {
    b.setInsertionPointAfter(region);
    Value flag = facts.make<SliceOp>(b, region.getLoc(), switches, {b.getNamedAttr("starts", dims({number})), b.getNamedAttr("steps", b.getDenseI64ArrayAttr({1})), b.getNamedAttr("dims", dims({1}))});
    flag = facts.make<ReshapeOp>(b, region.getLoc(), flag, {b.getNamedAttr("dims", dims({}))});
    SmallVector<Value> inputs;
    for (auto [v, inner] : llvm::zip(region.getInputs(), region.getBody().front().getArguments())) {
      bool isConstant = isConstantExpression(v);
      if (!facts.elementType(v).isF32() || !(isConstant ? narrowing.isNarrowedConstant(v, inner) : feedsProduct(inner)))
        inputs.push_back(v);
      else
        inputs.push_back(isConstant ? roundedConstant(v) : rounded(v));
    }
    bool hasProduct = llvm::any_of(region.getBody().front(), [](Operation &op) { return isNarrowProduct(&op); });
    RegionOp twin = hasProduct || inputs != SmallVector<Value>(region.getInputs()) ? makeTwin(region, inputs) : region;
    for (auto [r, now] : llvm::zip(region.getResults(), twin.getResults())) {
      if (!facts.elementType(r).isF32())
        continue;
      Value chosen = facts.make<WhereOp>(b, r.getLoc(), {flag, narrowing.isNarrow(r) ? rounded(narrowing.narrowType().isF16() && holdsMask(region) ? limited(now) : now) : now, r});
      r.replaceUsesWithIf(chosen, [&](OpOperand &use) { return chosen.getDefiningOp()->isBeforeInBlock(region->getBlock()->findAncestorOpInBlock(*use.getOwner())); });
    }
  }

  /// The region on other inputs, with what its products multiply rounded where it is computed inside.
  RegionOp makeTwin(RegionOp region, ValueRange inputs) {
    auto twin = cast<RegionOp>(b.clone(*region));
    twin.getInputsMutable().assign(inputs);
    for (auto [r, now] : llvm::zip(region.getResults(), twin.getResults()))
      facts.set(now, facts.elementType(r), Dims(facts.dims(r)));
    for (auto [v, inner] : llvm::zip(region.getBody().front().getArguments(), twin.getBody().front().getArguments()))
      facts.set(inner, facts.elementType(v), Dims(facts.dims(v)));
    OpBuilder::InsertionGuard guard(b);
    for (Operation &op : llvm::make_early_inc_range(twin.getBody().front())) {
      (void)facts.infer(&op);
      if (!isNarrowProduct(&op) || !facts.elementType(op.getResult(0)).isF32())
        continue;
      b.setInsertionPoint(&op);
      for (OpOperand &operand : op.getOpOperands()) {
        Value source = operand.get();
        while (source.getDefiningOp() && isRoundedMove(source.getDefiningOp()))
          source = source.getDefiningOp()->getOperand(0);
        if (source.getDefiningOp())
          operand.set(rounded(operand.get()));
      }
    }
    return twin;
  }

  /// As masks are stored.
  Value limited(Value v) {
    auto number = [&](float x) { return ConstantOp::create(b, v.getLoc(), cast<ElementsAttr>(DenseElementsAttr::get(RankedTensorType::get({}, b.getF32Type()), x))); };
    Value low = number(-kLargestHalf), high = number(kLargestHalf);
    for (Value limit : {low, high})
      facts.set(limit, b.getF32Type(), {});
    return facts.make<MaximumOp>(b, v.getLoc(), {facts.make<MinimumOp>(b, v.getLoc(), {v, high}), low});
  }

  Value rounded(Value v) {
    Value narrow = facts.make<CastOp>(b, v.getLoc(), v, b.getNamedAttr("to", TypeAttr::get(narrowing.narrowType())));
    return facts.make<CastOp>(b, v.getLoc(), narrow, b.getNamedAttr("to", TypeAttr::get(b.getF32Type())));
  }

  /// The constant rounded first, then moved, once for all its uses.
  Value roundedConstant(Value v) {
    if (Value known = constants.lookup(v))
      return known;
    OpBuilder::InsertionGuard guard(b);
    Operation *op = v.getDefiningOp();
    SmallVector<Value> operands;
    if (!isa<ConstantOp>(op))
      for (Value operand : op->getOperands())
        operands.push_back(roundedConstant(operand));
    b.setInsertionPointAfter(op);
    Value now = isa<ConstantOp>(op) ? rounded(v) : facts.create(b, op->getLoc(), op->getName().getStringRef(), operands, llvm::to_vector(op->getAttrs()))->getResult(0);
    return constants[v] = now;
  }

  DimsAttr dims(ArrayRef<DimExpr> values) { return DimsAttr::get(b.getContext(), values); }

  func::FuncOp func;
  ShapeFacts &facts;
  const Narrowing &narrowing;
  OpBuilder b;
  Value switches;
  DenseMap<Value, Value> constants; // as they are rounded
};

} // namespace

std::vector<RegionOp> narrowedRegions(ModuleOp fused, const Narrowing &narrowing) {
  std::vector<RegionOp> regions;
  fused.walk([&](RegionOp region) {
    if (!narrowing.isKept(region))
      regions.push_back(region);
  });
  return regions;
}

OwningOpRef<ModuleOp> makeProbe(ModuleOp fused, const Narrowing::Options &options, ConstantEvaluator evaluator) {
  OwningOpRef<ModuleOp> clone(fused.clone());
  auto func = clone->lookupSymbol<func::FuncOp>("main");
  ShapeFacts facts(func);
  if (!facts.valid())
    return {};
  Narrowing narrowing(func, facts, options);
  ProbeBuilder(func, facts, narrowing).build(narrowedRegions(*clone, narrowing));
  PassManager pm(fused.getContext());
  pm.addNestedPass<func::FuncOp>(createFoldConstants(evaluator)); // so that the host packs rounded weights as it does others
  if (failed(pm.run(*clone)))
    return {};
  return clone;
}

} // namespace mlc

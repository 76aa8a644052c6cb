// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. find the values between regions that can change their type and may (Narrowing.h); 2. rebuild each region in order: a value of its body has a wide form, a narrow one, or both,
// made when they are asked for; moves follow whichever form is wanted, products want narrow operands, everything else wide ones.
#include "dialects/Graph/ShapeFacts.h"
#include "llvm/ADT/StringExtras.h"
#include "passes/Precision/Narrowing.h"
#include "passes/Precision/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CONVERTPRECISION
#include "passes/Precision/PrecisionPasses.h.inc"

namespace {

/// Rewrites one region.
class Body {
public:
  /// `keep`: products stay f32 too; `isMask`: holdsMask.
  Body(ShapeFacts &facts, OpBuilder &b, Type narrow, bool keep, bool isMask) : facts(facts), b(b), narrowType(narrow), wideType(b.getF32Type()), keep(keep), isMask(isMask) {}

  void define(Value old, Value now) { (facts.elementType(now) == narrowType && facts.elementType(old) == wideType ? narrows : wides)[old] = now; }

  LogicalResult rewrite(Operation *op) {
    if (isRoundedMove(op) && facts.elementType(op->getResult(0)).isF32())
      return success(); // when one of its forms is asked for
    SmallVector<Value> operands;
    for (Value v : op->getOperands())
      operands.push_back(!keep && isNarrowProduct(op) && facts.elementType(op->getResult(0)).isF32() ? narrow(v) : wide(v));
    return clone(op, operands);
  }

  Value wide(Value v) {
    auto found = wides.find(v);
    if (found != wides.end())
      return found->second;
    if (narrows.contains(v))
      return wides[v] = cast(narrows[v], wideType);
    return wides[v] = follow(v, [this](Value operand) { return wide(operand); });
  }

  Value narrow(Value v) {
    if (!facts.elementType(v).isF32())
      return wide(v);
    auto found = narrows.find(v);
    if (found != narrows.end())
      return found->second;
    Operation *op = v.getDefiningOp();
    if (op && isRoundedMove(op))
      return narrows[v] = follow(v, [this](Value operand) { return narrow(operand); });
    return narrows[v] = cast(wide(v), narrowType);
  }

  /// For memory: f16 has no room for what masks hold.
  Value stored(Value v) {
    if (!isMask || !narrowType.isF16() || narrows.contains(v))
      return narrow(v);
    Value limited = facts.make<MinimumOp>(b, v.getLoc(), {wide(v), number(kLargestHalf)});
    return cast(facts.make<MaximumOp>(b, v.getLoc(), {limited, number(-kLargestHalf)}), narrowType);
  }

private:
  Value cast(Value v, Type type) { return facts.make<CastOp>(b, v.getLoc(), v, b.getNamedAttr("to", TypeAttr::get(type))); }

  Value number(double value) {
    auto op = ConstantOp::create(b, b.getUnknownLoc(), llvm::cast<ElementsAttr>(DenseElementsAttr::get(RankedTensorType::get({}, wideType), b.getFloatAttr(wideType, value).getValue())));
    (void)facts.infer(op);
    return op;
  }
  /// The move that defines `v`, on operands of another form.
  Value follow(Value v, llvm::function_ref<Value(Value)> form) {
    Operation *op = v.getDefiningOp();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(form(operand));
    Operation *now = facts.create(b, op->getLoc(), op->getName().getStringRef(), operands, attributes(op));
    return now->getResult(llvm::cast<OpResult>(v).getResultNumber());
  }

  static SmallVector<NamedAttribute> attributes(Operation *op) { return llvm::to_vector(op->getAttrs()); }

  LogicalResult clone(Operation *op, ArrayRef<Value> operands) {
    if (isa<ConstantOp>(op) || (!isNarrowProduct(op))) {
      IRMapping map;
      for (auto [old, now] : llvm::zip(op->getOperands(), operands))
        map.map(old, now);
      Operation *now = b.clone(*op, map);
      (void)facts.infer(now);
      for (auto [old, result] : llvm::zip(op->getResults(), now->getResults()))
        wides[old] = result;
      return success();
    }
    Operation *now = facts.create(b, op->getLoc(), op->getName().getStringRef(), operands, attributes(op));
    if (!now)
      return failure();
    for (auto [old, result] : llvm::zip(op->getResults(), now->getResults()))
      define(old, result);
    return success();
  }

  ShapeFacts &facts;
  OpBuilder &b;
  Type narrowType, wideType;
  bool keep, isMask;
  DenseMap<Value, Value> wides, narrows; // values of other types are in wides
};

struct ConvertPrecision : impl::ConvertPrecisionBase<ConvertPrecision> {
  using ConvertPrecisionBase::ConvertPrecisionBase;

  void runOnOperation() override {
    if (type != "f16" && type != "bf16") {
      getOperation().emitError() << "convert-precision takes f16 or bf16, got '" << type << "'";
      return signalPassFailure();
    }
    ShapeFacts shapes(getOperation());
    if (!shapes.valid())
      return signalPassFailure();
    facts = &shapes;
    SmallVector<StringRef> names;
    StringRef(keep).split(names, ';', -1, /*KeepEmpty=*/false);
    Narrowing found(getOperation(), shapes, {type, names, io});
    narrowing = &found;
    narrowType = found.narrowType();
    converted += found.values();
    kept += found.keptRegions();
    if (io)
      addArguments();
    SmallVector<Operation *> ops, old;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<RegionOp>(op) || (isMemoryView(op) && !isa<RegionOp>(op->getParentOp())))
        ops.push_back(op);
      return isa<RegionOp>(op) ? WalkResult::skip() : WalkResult::advance();
    });
    for (Operation *op : ops)
      if (failed(isa<RegionOp>(op) ? rebuild(cast<RegionOp>(op), old) : rebuildView(op, old)))
        return signalPassFailure();
    if (io)
      finishSignature();
    for (Operation *op : llvm::reverse(old))
      op->erase();
    for (BlockArgument argument : llvm::reverse(widened))
      argument.getOwner()->eraseArgument(argument.getArgNumber());
    getOperation().setFunctionType(FunctionType::get(&getContext(), getOperation().getBody().front().getArgumentTypes(), getOperation().getBody().front().getTerminator()->getOperandTypes()));
    for (Value v : llvm::reverse(unusedConstants))
      if (v.use_empty())
        v.getDefiningOp()->erase();
  }

private:
  Value castAlone(OpBuilder &b, Value v, Type type) {
    Dims dims(facts->dims(v));
    auto region = RegionOp::create(b, v.getLoc(), TypeRange{cast<RankedTensorType>(v.getType()).clone(type)}, ValueRange{v}, b.getStringAttr("single"));
    OpBuilder inside(region);
    Block *block = inside.createBlock(&region.getBody());
    BlockArgument argument = block->addArgument(v.getType(), v.getLoc());
    facts->set(argument, facts->elementType(v), dims);
    Value now = facts->make<CastOp>(inside, v.getLoc(), argument, inside.getNamedAttr("to", TypeAttr::get(type)));
    YieldOp::create(inside, v.getLoc(), now);
    facts->set(region.getResult(0), type, dims);
    return region.getResult(0);
  }

  /// Narrow arguments in front of the f32 ones, which go when nothing uses them anymore. What may not change its type (control flow reads it) is widened by a region of its own.
  void addArguments() {
    Block &body = getOperation().getBody().front();
    for (unsigned i = 0; i < body.getNumArguments(); ++i) {
      BlockArgument old = body.getArgument(i);
      if (!facts->elementType(old).isF32())
        continue;
      BlockArgument now = body.insertArgument(i++, cast<RankedTensorType>(old.getType()).clone(narrowType), old.getLoc());
      facts->set(now, narrowType, Dims(facts->dims(old)));
      OpBuilder b = OpBuilder::atBlockBegin(&body);
      if (narrowing->isNarrow(old))
        rebuilt[old] = now;
      else
        old.replaceAllUsesWith(castAlone(b, now, b.getF32Type()));
      widened.push_back(old);
    }
  }

  void finishSignature() {
    Block &body = getOperation().getBody().front();
    Operation *terminator = body.getTerminator();
    for (OpOperand &operand : terminator->getOpOperands()) {
      OpBuilder b(terminator);
      Value v = operand.get();
      if (narrowing->isNarrow(v))
        operand.set(rebuilt.lookup(v));
      else if (facts->elementType(v).isF32())
        operand.set(castAlone(b, v, narrowType));
    }
  }

  /// The constant with its elements rounded first, then moved: what is stored once for all its uses.
  Value narrowConstant(Value v) {
    if (Value known = constants.lookup(v))
      return known;
    Operation *op = v.getDefiningOp();
    SmallVector<Value> operands;
    if (!isa<ConstantOp>(op))
      for (Value operand : op->getOperands())
        operands.push_back(narrowConstant(operand));
    OpBuilder b(op);
    b.setInsertionPointAfter(op);
    Value now = isa<ConstantOp>(op) ? facts->make<CastOp>(b, op->getLoc(), v, b.getNamedAttr("to", TypeAttr::get(narrowType)))
                                    : facts->create(b, op->getLoc(), op->getName().getStringRef(), operands, llvm::to_vector(op->getAttrs()))->getResult(0);
    constants[v] = now;
    unusedConstants.push_back(v);
    return now;
  }

  Value outer(Value v, BlockArgument inner, bool isWide) {
    if (narrowing->isNarrow(v))
      return rebuilt.lookup(v);
    return !isWide && narrowing->isNarrowedConstant(v, inner) ? narrowConstant(v) : v;
  }

  LogicalResult rebuild(RegionOp region, SmallVector<Operation *> &old) {
    OpBuilder b(region);
    Block &body = region.getBody().front();
    bool isWide = narrowing->isKept(region);
    SmallVector<Value> inputs;
    for (auto [v, inner] : llvm::zip(region.getInputs(), body.getArguments()))
      inputs.push_back(outer(v, inner, isWide));
    SmallVector<Type> types;
    for (Value r : region.getResults())
      types.push_back(narrowing->isNarrow(r) ? cast<RankedTensorType>(r.getType()).clone(narrowType) : r.getType());
    auto now = RegionOp::create(b, region.getLoc(), types, inputs, region.getKindAttr());
    for (NamedAttribute attribute : region->getDiscardableAttrs())
      if (!llvm::is_contained({kRangesAttr, kProductRangeAttr, kKeepAttr}, attribute.getName()))
        now->setDiscardableAttr(attribute.getName(), attribute.getValue());
    Block *block = b.createBlock(&now.getBody());
    Body rewriter(*facts, b, narrowType, isWide, holdsMask(region));
    for (auto [v, inner] : llvm::zip(inputs, body.getArguments())) {
      BlockArgument argument = block->addArgument(v.getType(), inner.getLoc());
      facts->set(argument, facts->elementType(v), Dims(facts->dims(inner)));
      rewriter.define(inner, argument);
    }
    for (Operation &op : body.without_terminator())
      if (failed(rewriter.rewrite(&op)))
        return failure();
    SmallVector<Value> yields;
    for (auto [r, v] : llvm::zip(region.getResults(), body.getTerminator()->getOperands()))
      yields.push_back(narrowing->isNarrow(r) ? rewriter.stored(v) : rewriter.wide(v));
    YieldOp::create(b, region.getLoc(), yields);
    replace(region, now, old);
    return success();
  }

  LogicalResult rebuildView(Operation *op, SmallVector<Operation *> &old) {
    if (!narrowing->isNarrow(op->getResult(0)))
      return success();
    OpBuilder b(op);
    SmallVector<Value> operands;
    for (Value v : op->getOperands())
      operands.push_back(rebuilt.lookup(v));
    Operation *now = facts->create(b, op->getLoc(), op->getName().getStringRef(), operands, llvm::to_vector(op->getAttrs()));
    replace(op, now, old);
    return success();
  }

  void replace(Operation *op, Operation *now, SmallVector<Operation *> &old) {
    for (auto [was, is] : llvm::zip(op->getResults(), now->getResults())) {
      facts->set(is, narrowing->isNarrow(was) ? narrowType : facts->elementType(was), Dims(facts->dims(was)));
      if (narrowing->isNarrow(was))
        rebuilt[was] = is;
      else
        was.replaceAllUsesWith(is);
    }
    old.push_back(op);
  }

  ShapeFacts *facts = nullptr;
  Type narrowType;
  const Narrowing *narrowing = nullptr;
  DenseMap<Value, Value> rebuilt, constants;
  SmallVector<Value> unusedConstants;
  SmallVector<BlockArgument> widened; // f32 arguments that narrow ones replace
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. find the values between regions that can change their type and may (Islands.h), views of one memory together; 2. rebuild each region in order: a value of its body has a wide form, a narrow one, or both,
// made when they are asked for; moves follow whichever form is wanted, products want narrow operands, everything else wide ones.
#include "dialects/Graph/NodeNames.h"
#include "dialects/Graph/ShapeFacts.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/StringSet.h"
#include "passes/Fuse/Regions.h"
#include "passes/Precision/Islands.h"
#include "passes/Precision/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CONVERTPRECISION
#include "passes/Precision/PrecisionPasses.h.inc"

namespace {

constexpr int64_t kLargeTable = 1 << 18; // elements; smaller constants that no product reads stay exact
constexpr double kLargestHalf = 65504;

/// Whether the result's f32 elements are elements of operand 0 (or of all operands), so that rounding may come before or after.
bool isMove(Operation *op) {
  if (auto pad = dyn_cast<PadOp>(op))
    return !pad.getValue();
  return isa<ReshapeOp, TransposeOp, SliceOp, ConcatOp, ExpandOp, TileOp, GatherOp, GatherElementsOp, GatherNDOp, MaxPoolOp>(op);
}

bool isProduct(Operation *op) { return isa<MatMulOp, ConvOp>(op); }

/// A view of its operand's memory, outside of regions.
bool isView(Operation *op) {
  return isa<ReshapeOp>(op) || isPlaced(op);
}

/// Rewrites one region.
class Body {
public:
  /// `keep`: products stay f32 too.
  Body(ShapeFacts &facts, OpBuilder &b, Type narrow, bool keep) : facts(facts), b(b), narrowType(narrow), wideType(b.getF32Type()), keep(keep) {}

  void define(Value old, Value now) { (facts.elementType(now) == narrowType && facts.elementType(old) == wideType ? narrows : wides)[old] = now; }

  LogicalResult rewrite(Operation *op) {
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      noteConstant(constant);
    } else if (isMove(op) && facts.elementType(op->getResult(0)).isF32()) {
      return success(); // when one of its forms is asked for
    }
    SmallVector<Value> operands;
    for (Value v : op->getOperands())
      operands.push_back(!keep && isProduct(op) && facts.elementType(op->getResult(0)).isF32() ? narrow(v) : wide(v));
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
    if (op && isMove(op))
      return narrows[v] = follow(v, [this](Value operand) { return narrow(operand); });
    return narrows[v] = cast(wide(v), narrowType);
  }

  /// For memory: f16 has no room for what masks hold.
  Value stored(Value v) {
    if (!hasLargeConstants || !narrowType.isF16() || narrows.contains(v))
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
    if (isa<ConstantOp>(op) || (!isProduct(op))) {
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

  void noteConstant(ConstantOp op) {
    auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
    if (dense && dense.getElementType().isF32() && dense.isSplat())
      hasLargeConstants |= std::abs(dense.getSplatValue<float>()) > kLargestHalf;
  }

  ShapeFacts &facts;
  OpBuilder &b;
  Type narrowType, wideType;
  bool keep;
  DenseMap<Value, Value> wides, narrows; // values of other types are in wides
  bool hasLargeConstants = false;
};

struct ConvertPrecision : impl::ConvertPrecisionBase<ConvertPrecision> {
  using ConvertPrecisionBase::ConvertPrecisionBase;

  void runOnOperation() override {
    if (type != "f16" && type != "bf16") {
      getOperation().emitError() << "convert-precision takes f16 or bf16, got '" << type << "'";
      return signalPassFailure();
    }
    narrowType = type == "f16" ? Type(Float16Type::get(&getContext())) : Type(BFloat16Type::get(&getContext()));
    ShapeFacts shapes(getOperation());
    if (!shapes.valid())
      return signalPassFailure();
    facts = &shapes;
    SmallVector<StringRef> names;
    StringRef(keep).split(names, ';', -1, /*KeepEmpty=*/false);
    for (StringRef name : names)
      keepNames.insert(name);
    findNarrow();
    if (io)
      addArguments();
    SmallVector<Operation *> ops, old;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<RegionOp>(op) || (isView(op) && !isa<RegionOp>(op->getParentOp())))
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
  /// Whether a region computes in f32: a node of it is named, or calibration saw what f16 does not hold.
  bool isKept(RegionOp region) {
    if (!keepNames.empty()) {
      SmallVector<StringRef> nodes;
      collectNames(region.getLoc(), nodes);
      if (llvm::any_of(nodes, [&](StringRef node) { return keepNames.contains(node); }))
        return true;
    }
    if (!narrowType.isF16())
      return false;
    for (auto [v, inner] : llvm::zip(region.getInputs(), region.getBody().front().getArguments()))
      if (isNarrowedConstant(v, inner) && overflowsHalf(v))
        return true;
    auto overflows = [](double largest) { return !(largest <= kLargestTrusted); }; // NaN does
    auto ranges = region->getAttrOfType<DenseF64ArrayAttr>(kRangesAttr);
    auto products = region->getAttrOfType<FloatAttr>(kProductRangeAttr);
    return (ranges && llvm::any_of(ranges.asArrayRef(), overflows)) || (products && overflows(products.getValueAsDouble()));
  }

  /// Whether a constant expression has finite elements that f16 would make infinite.
  bool overflowsHalf(Value v) {
    auto op = v.getDefiningOp<ConstantOp>();
    if (!op)
      return llvm::any_of(v.getDefiningOp()->getOperands(), [&](Value operand) { return overflowsHalf(operand); });
    auto [it, fresh] = overflowing.try_emplace(op.getValue(), false);
    if (fresh)
      it->second = hasLarge(op.getValue());
    return it->second;
  }

  static bool hasLarge(Attribute value) {
    ArrayRef<float> elements;
    float splat = 0;
    if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
      if (dense.isSplat())
        elements = splat = dense.getSplatValue<float>();
      else
        elements = ArrayRef(reinterpret_cast<const float *>(dense.getRawData().data()), dense.getRawData().size() / sizeof(float));
    } else if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(value)) {
      elements = resource.tryGetAsArrayRef().value_or(ArrayRef<float>());
    }
    bool large = false; // without an early end, so that it is one loop of vectors: weights are large
    for (float x : elements)
      large |= std::abs(x) > kLargestHalf && std::abs(x) <= std::numeric_limits<float>::max();
    return large;
  }

  bool isArgument(Value v) {
    auto argument = dyn_cast<BlockArgument>(v);
    return argument && argument.getOwner() == &getOperation().getBody().front();
  }

  /// Ops whose kernels are loops that write their results' memory and read it again: no cast comes behind them in one kernel.
  static bool isWrittenByLoops(Operation *op) { return isa_and_nonnull<CumSumOp, ScatterElementsOp, ScatterNDOp, TopKOp>(op); }

  /// Results of regions that only regions use (with `io` the caller too), and views of them, as whole classes of one memory.
  void findNarrow() {
    llvm::EquivalenceClasses<void *> memory;
    llvm::DenseSet<void *> fixed;
    SmallVector<Value> values;
    Islands islands(getOperation(), *facts);
    auto add = [&](Value v) {
      if (!facts->elementType(v).isF32())
        return;
      values.push_back(v);
      memory.insert(v.getAsOpaquePointer());
      for (Operation *user : v.getUsers())
        if (!isa<RegionOp>(user) && !isView(user) && !(io && isa<func::ReturnOp>(user)))
          fixed.insert(v.getAsOpaquePointer());
    };
    if (io)
      for (Value argument : getOperation().getArguments())
        add(argument);
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto region = dyn_cast<RegionOp>(op)) {
        bool isWide = isKept(region);
        if (isWide)
          keptRegions.insert(region);
        for (auto [r, yielded] : llvm::zip(region.getResults(), region.getBody().front().getTerminator()->getOperands())) {
          add(r);
          if (isWide || isWrittenByLoops(yielded.getDefiningOp()) || islands.contains(r))
            fixed.insert(r.getAsOpaquePointer());
        }
        return WalkResult::skip();
      }
      if (isView(op) && facts->elementType(op->getResult(0)).isF32() && !isConstantExpression(op->getResult(0))) {
        add(op->getResult(0));
        for (Value v : op->getOperands()) {
          memory.unionSets(op->getResult(0).getAsOpaquePointer(), v.getAsOpaquePointer());
          bool changes = (io && isArgument(v)) || (v.getDefiningOp() && (isa<RegionOp>(v.getDefiningOp()) || isView(v.getDefiningOp())) && !isConstantExpression(v));
          if (!changes)
            fixed.insert(v.getAsOpaquePointer());
        }
      }
      return WalkResult::advance();
    });
    llvm::DenseSet<void *> fixedClasses;
    for (void *v : fixed)
      fixedClasses.insert(memory.getOrInsertLeaderValue(v));
    for (Value v : values)
      if (!fixedClasses.contains(memory.getLeaderValue(v.getAsOpaquePointer())))
        isNarrow.insert(v);
    converted += isNarrow.size();
    kept += keptRegions.size();
  }

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
      if (isNarrow.contains(old))
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
      if (isNarrow.contains(v))
        operand.set(rebuilt.lookup(v));
      else if (facts->elementType(v).isF32())
        operand.set(castAlone(b, v, narrowType));
    }
  }

  /// Whether a product of the region reads the argument, through moves.
  static bool feedsProduct(Value v) {
    return llvm::any_of(v.getUsers(), [](Operation *user) { return isProduct(user) || (isMove(user) && feedsProduct(user->getResult(0))); });
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

  /// Weights of products and large tables.
  bool isNarrowedConstant(Value v, Value inner) {
    return facts->elementType(v).isF32() && isConstantExpression(v) && (cast<RankedTensorType>(v.getType()).getNumElements() >= kLargeTable || feedsProduct(inner));
  }

  Value outer(Value v, BlockArgument inner, bool isWide) {
    if (isNarrow.contains(v))
      return rebuilt.lookup(v);
    return !isWide && isNarrowedConstant(v, inner) ? narrowConstant(v) : v;
  }

  LogicalResult rebuild(RegionOp region, SmallVector<Operation *> &old) {
    OpBuilder b(region);
    Block &body = region.getBody().front();
    bool isWide = keptRegions.contains(region);
    SmallVector<Value> inputs;
    for (auto [v, inner] : llvm::zip(region.getInputs(), body.getArguments()))
      inputs.push_back(outer(v, inner, isWide));
    SmallVector<Type> types;
    for (Value r : region.getResults())
      types.push_back(isNarrow.contains(r) ? cast<RankedTensorType>(r.getType()).clone(narrowType) : r.getType());
    auto now = RegionOp::create(b, region.getLoc(), types, inputs, region.getKindAttr());
    for (NamedAttribute attribute : region->getDiscardableAttrs())
      if (attribute.getName() != kRangesAttr && attribute.getName() != kProductRangeAttr)
        now->setDiscardableAttr(attribute.getName(), attribute.getValue());
    Block *block = b.createBlock(&now.getBody());
    Body rewriter(*facts, b, narrowType, isWide);
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
      yields.push_back(isNarrow.contains(r) ? rewriter.stored(v) : rewriter.wide(v));
    YieldOp::create(b, region.getLoc(), yields);
    replace(region, now, old);
    return success();
  }

  LogicalResult rebuildView(Operation *op, SmallVector<Operation *> &old) {
    if (!isNarrow.contains(op->getResult(0)))
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
      facts->set(is, isNarrow.contains(was) ? narrowType : facts->elementType(was), Dims(facts->dims(was)));
      if (isNarrow.contains(was))
        rebuilt[was] = is;
      else
        was.replaceAllUsesWith(is);
    }
    old.push_back(op);
  }

  ShapeFacts *facts = nullptr;
  Type narrowType;
  llvm::DenseSet<Value> isNarrow;
  llvm::DenseSet<Operation *> keptRegions;
  llvm::StringSet<> keepNames;
  DenseMap<Attribute, bool> overflowing;
  DenseMap<Value, Value> rebuilt, constants;
  SmallVector<Value> unusedConstants;
  SmallVector<BlockArgument> widened; // f32 arguments that narrow ones replace
};

} // namespace
} // namespace mlc

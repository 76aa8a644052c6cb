// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Precision/Narrowing.h"
#include "dialects/Graph/NodeNames.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "passes/Fuse/Regions.h"
#include "passes/Precision/Islands.h"
#include "passes/Precision/Passes.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

constexpr int64_t kLargeTable = 1 << 18; // elements; smaller constants that no product reads stay exact

bool hasLarge(Attribute value) {
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

/// Ops whose kernels are loops that write their results' memory and read it again: no cast comes behind them in one kernel.
bool isWrittenByLoops(Operation *op) { return isa_and_nonnull<CumSumOp, ScatterElementsOp, ScatterNDOp, TopKOp>(op); }

} // namespace

bool isRoundedMove(Operation *op) {
  if (auto pad = dyn_cast<PadOp>(op))
    return !pad.getValue();
  return isa<ReshapeOp, TransposeOp, SliceOp, ConcatOp, ExpandOp, TileOp, GatherOp, GatherElementsOp, GatherNDOp, MaxPoolOp>(op);
}

bool isNarrowProduct(Operation *op) { return isa<MatMulOp, ConvOp>(op); }

bool isMemoryView(Operation *op) { return isa<ReshapeOp>(op) || isPlaced(op); }

bool holdsMask(RegionOp region) {
  return llvm::any_of(region.getBody().front().getOps<ConstantOp>(), [](ConstantOp op) {
    auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
    return dense && dense.isSplat() && dense.getElementType().isF32() && std::abs(dense.getSplatValue<float>()) > kLargestHalf;
  });
}

bool feedsProduct(Value argument) {
  return llvm::any_of(argument.getUsers(), [](Operation *user) { return isNarrowProduct(user) || (isRoundedMove(user) && feedsProduct(user->getResult(0))); });
}

Narrowing::Narrowing(func::FuncOp func, ShapeFacts &facts, const Options &options) : facts(facts) {
  type = options.type == "f16" ? Type(Float16Type::get(func.getContext())) : Type(BFloat16Type::get(func.getContext()));
  llvm::StringSet<> names;
  for (StringRef name : options.keep)
    names.insert(name);
  find(func, names, options.io);
}

bool Narrowing::isNarrowedConstant(Value outer, Value inner) const {
  return facts.elementType(outer).isF32() && isConstantExpression(outer) && (cast<RankedTensorType>(outer.getType()).getNumElements() >= kLargeTable || feedsProduct(inner));
}

bool Narrowing::mustKeep(RegionOp region, const llvm::StringSet<> &names) {
  if (region->hasAttr(kKeepAttr))
    return true;
  if (!names.empty()) {
    SmallVector<StringRef> nodes;
    collectNames(region.getLoc(), nodes);
    if (llvm::any_of(nodes, [&](StringRef node) { return names.contains(node); }))
      return true;
  }
  if (!type.isF16())
    return false;
  for (auto [v, inner] : llvm::zip(region.getInputs(), region.getBody().front().getArguments()))
    if (isNarrowedConstant(v, inner) && overflowsHalf(v))
      return true;
  auto overflows = [](double largest) { return !(largest <= kLargestTrusted); }; // NaN does
  auto ranges = region->getAttrOfType<DenseF64ArrayAttr>(kRangesAttr);
  auto products = region->getAttrOfType<FloatAttr>(kProductRangeAttr);
  return (ranges && llvm::any_of(ranges.asArrayRef(), overflows)) || (products && overflows(products.getValueAsDouble()));
}

bool Narrowing::overflowsHalf(Value v) {
  auto op = v.getDefiningOp<ConstantOp>();
  if (!op)
    return llvm::any_of(v.getDefiningOp()->getOperands(), [&](Value operand) { return overflowsHalf(operand); });
  auto [it, fresh] = overflowing.try_emplace(op.getValue(), false);
  if (fresh)
    it->second = hasLarge(op.getValue());
  return it->second;
}

void Narrowing::find(func::FuncOp func, const llvm::StringSet<> &names, bool io) {
  llvm::EquivalenceClasses<void *> memory;
  llvm::DenseSet<void *> fixed;
  SmallVector<Value> values;
  Islands islands(func, facts);
  auto isArgument = [&](Value v) {
    auto argument = dyn_cast<BlockArgument>(v);
    return argument && argument.getOwner() == &func.getBody().front();
  };
  auto add = [&](Value v) {
    if (!facts.elementType(v).isF32())
      return;
    values.push_back(v);
    memory.insert(v.getAsOpaquePointer());
    for (Operation *user : v.getUsers())
      if (!isa<RegionOp>(user) && !isMemoryView(user) && !(io && isa<func::ReturnOp>(user)))
        fixed.insert(v.getAsOpaquePointer());
  };
  if (io)
    for (Value argument : func.getArguments())
      add(argument);
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto region = dyn_cast<RegionOp>(op)) {
      bool isWide = mustKeep(region, names);
      if (isWide)
        kept.insert(region);
      for (auto [r, yielded] : llvm::zip(region.getResults(), region.getBody().front().getTerminator()->getOperands())) {
        add(r);
        if (isWide || isWrittenByLoops(yielded.getDefiningOp()) || islands.contains(r))
          fixed.insert(r.getAsOpaquePointer());
      }
      return WalkResult::skip();
    }
    if (isMemoryView(op) && facts.elementType(op->getResult(0)).isF32() && !isConstantExpression(op->getResult(0))) {
      add(op->getResult(0));
      for (Value v : op->getOperands()) {
        memory.unionSets(op->getResult(0).getAsOpaquePointer(), v.getAsOpaquePointer());
        bool changes = (io && isArgument(v)) || (v.getDefiningOp() && (isa<RegionOp>(v.getDefiningOp()) || isMemoryView(v.getDefiningOp())) && !isConstantExpression(v));
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
      narrow.insert(v);
}

} // namespace mlc

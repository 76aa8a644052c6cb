// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Memory/LowerToPlan.h"
#include "dialects/Graph/NodeNames.h"
#include "passes/Fuse/Regions.h"
#include "passes/Memory/Placement.h"
#include "passes/Memory/RegionWork.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

class Lowering {
public:
  Lowering(func::FuncOp func, ShapeFacts &facts, ConstantTable &constants, plan_ir::ProgramOp program)
      : func(func), facts(facts), placements(func, facts), constants(constants), b(program.getContext()), declarations(program.getContext()) {
    Block *body = b.createBlock(&program.getBody());
    // Buffers are declared ahead of all instructions: before a marker that is removed in the end.
    b.setInsertionPointToEnd(body);
    marker = UnrealizedConversionCastOp::create(b, b.getUnknownLoc(), TypeRange{}, ValueRange{});
    declarations.setInsertionPoint(marker);
  }

  LogicalResult run() {
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (!func.getArgAttrOfType<StringAttr>(i, kNameAttr))
        return func.emitError() << "argument " << i << " has no " << kNameAttr << ", which names the plan's input";
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      if (!func.getResultAttrOfType<StringAttr>(i, kNameAttr))
        return func.emitError() << "result " << i << " has no " << kNameAttr << ", which names the plan's output";
    for (auto [i, arg] : llvm::enumerate(func.getArguments()))
      buffers[arg] = declare("input", i, {}, 0, arg, func.getArgAttrOfType<StringAttr>(i, kNameAttr).getValue());
    auto ret = cast<func::ReturnOp>(func.getBody().front().getTerminator());
    for (auto [i, v] : llvm::enumerate(ret.getOperands()))
      outputs.push_back(declare("output", i, {}, 0, v, func.getResultAttrOfType<StringAttr>(i, kNameAttr).getValue()));
    for (auto [v, i] : writtenOutputs(ret))
      destination[v] = outputs[i];
    findLastUses(func.getBody().front());
    if (failed(lowerBlock(func.getBody().front())))
      return failure();
    for (auto [v, out] : llvm::zip(ret.getOperands(), outputs))
      if (Value from = buffer(v); root(from) != out)
        copy(from, out, "output");
    marker->erase();
    return success();
  }

private:
  DimsAttr one(const DimExpr &e) { return DimsAttr::get(b.getContext(), ArrayRef<DimExpr>{e}); }

  Value declare(StringRef kind, int64_t index, Value rootBuffer, const DimExpr &offset, Value v, StringRef name) {
    return declare(kind, index, rootBuffer, offset, byteSize(v, facts), facts.elementType(v), Dims(facts.dims(v)), name);
  }
  Value declare(StringRef kind, int64_t index, Value rootBuffer, const DimExpr &offset, const DimExpr &size, Type element, const Dims &dims, StringRef name) {
    auto op = plan_ir::BufferOp::create(declarations, declarations.getUnknownLoc(), plan_ir::BufferType::get(b.getContext()), rootBuffer, kind, index, one(offset), one(size), element,
                                        DimsAttr::get(b.getContext(), ArrayRef<DimExpr>(dims)), name);
    return op.getBuffer();
  }

  /// For each value of a block the last op in the block (or holding a nested use) that uses it or a view of it.
  void findLastUses(Block &block) {
    for (Operation &op : block)
      op.walk([&](Operation *inner) {
        for (Value v : inner->getOperands())
          lastUse[viewed(v)] = &op;
        for (Region &r : inner->getRegions())
          if (!isa<RegionOp>(inner))
            for (Block &nested : r)
              if (&nested != &block && inner == &op)
                findLastUses(nested);
      });
  }

  Value buffer(Value v) {
    auto it = buffers.find(v);
    if (it != buffers.end())
      return it->second;
    if (isConstantExpression(v))
      return buffers[v] = declare("constant", constants.index(v), {}, 0, v, nodeName(v.getDefiningOp()));
    if (auto reshape = v.getDefiningOp<ReshapeOp>())
      return buffers[v] = declare("alias", -1, buffer(reshape.getX()), 0, v, "");
    if (isa<ConcatOp, TransposeOp>(v.getDefiningOp())) { // a placed one: declared by its first part, or part of a larger one
      auto place = placements.of(v);
      return buffers[v] = place ? partOf(v, *place) : declare("temp", -1, {}, 0, v, "");
    }
    llvm_unreachable("every value is an argument, a constant, a view or a result");
  }

  static Value root(Value buffer) {
    while (auto op = buffer.getDefiningOp<plan_ir::BufferOp>()) {
      if (!op.getRoot())
        break;
      buffer = op.getRoot();
    }
    return buffer;
  }

  /// Memory inside of the concat that the value is part of, from its first to its last element.
  Value partOf(Value v, const Placement &place) {
    DimExpr span = 1, size = (facts.elementType(v).getIntOrFloatBitWidth() + 7) / 8;
    for (auto [dim, stride] : llvm::zip(facts.dims(v), place.strides))
      span = span + (dim - 1) * stride;
    return declare("alias", -1, buffer(place.whole), place.offset * size, span * size, facts.elementType(v), Dims(facts.dims(v)), "");
  }

  bool isTemp(Value buffer) { return cast<plan_ir::BufferOp>(root(buffer).getDefiningOp()).getKind() == "temp"; }

  void copy(Value from, Value to, StringRef label) { plan_ir::CopyOp::create(b, b.getUnknownLoc(), from, to, label); }

  /// Memory for result 0 of a region: an operand that dies here.
  Value inPlaceOperand(RegionOp region) {
    for (Value v : inPlaceOperands(region, facts, placements))
      if (lastUse.lookup(viewed(v)) == region.getOperation() && isTemp(buffer(v)))
        return buffer(v);
    return {};
  }

  LogicalResult lowerRegion(RegionOp region) {
    auto kernel = region->getAttrOfType<StringAttr>(kernel_attr::kKernel);
    if (!kernel)
      return region.emitOpError() << "has no kernel";
    SmallVector<Value> operands;
    for (Value v : region.getInputs())
      operands.push_back(buffer(v));
    for (Value r : region.getResults()) {
      Value place = destination.lookup(r);
      if (auto part = placements.of(r))
        place = partOf(r, *part);
      if (!place && r == region.getResult(0))
        if (Value shared = inPlaceOperand(region))
          place = declare("alias", -1, shared, 0, r, "");
      if (!place)
        place = declare("temp", -1, {}, 0, r, "");
      buffers[r] = place;
      operands.push_back(place);
    }
    for (const DimExpr &size : region->getAttrOfType<DimsAttr>(kernel_attr::kWorkspaces).getDims())
      operands.push_back(declare("temp", -1, {}, 0, size, b.getI8Type(), {size}, "workspace"));
    SmallVector<StringRef> names;
    collectNames(region.getLoc(), names);
    ArrayAttr patterns = patternsOf(region);
    std::string label = (region.getKind() + ":" + (names.empty() ? StringRef("") : names.front())).str();
    plan_ir::LaunchOp::create(b, b.getUnknownLoc(), operands, kernel, region->getAttrOfType<DimsAttr>(kernel_attr::kScalars), region->getAttrOfType<DimsAttr>(kernel_attr::kGrid),
                              region->getAttrOfType<DimsAttr>(kernel_attr::kScratch), region->getAttrOfType<FloatAttr>(kernel_attr::kTaskNs), b.getStringAttr(label),
                              b.getStrArrayAttr(names), DimsAttr::get(b.getContext(), ArrayRef<DimExpr>{regionFlops(region, facts), regionTraffic(region, facts)}), patterns, region->getAttrOfType<IntegerAttr>(kStreamAttr));
    return success();
  }

  /// Names of the patterns that the region's ops are part of, each once; null for none.
  ArrayAttr patternsOf(RegionOp region) {
    SmallVector<PatternTag> tags;
    collectPatterns(region.getLoc(), tags);
    llvm::SetVector<StringRef> names;
    for (const PatternTag &tag : tags)
      names.insert(tag.name);
    return names.empty() ? ArrayAttr() : b.getStrArrayAttr(names.getArrayRef());
  }

  LogicalResult lowerIf(IfOp op) {
    SmallVector<Value> places;
    for (Value r : op.getResults()) {
      places.push_back(declare("temp", -1, {}, 0, r, ""));
      buffers[r] = places.back();
    }
    auto lowered = plan_ir::IfOp::create(b, b.getUnknownLoc(), buffer(op.getCondition()), nodeName(op));
    for (auto [from, to] : {std::pair(&op.getThenRegion(), &lowered.getThenRegion()), std::pair(&op.getElseRegion(), &lowered.getElseRegion())}) {
      OpBuilder::InsertionGuard guard(b);
      b.createBlock(to);
      if (failed(lowerBlock(from->front())))
        return failure();
      for (auto [v, place] : llvm::zip(from->front().getTerminator()->getOperands(), places))
        copy(buffer(v), place, "if result");
    }
    return success();
  }

  LogicalResult lowerLoop(LoopOp op) {
    Block &body = op.getBody().front();
    size_t carriedCount = op.getInit().size();
    SmallVector<Value> carried, next, elements, stacked;
    for (auto [i, init] : llvm::enumerate(op.getInit())) {
      Value place = declare("temp", -1, {}, 0, op.getResult(i), "");
      copy(buffer(init), place, "loop state");
      carried.push_back(place);
      buffers[op.getResult(i)] = place;
      buffers[body.getArgument(i + 2)] = place;
    }
    Value iteration = buffers[body.getArgument(0)] = declare("temp", -1, {}, 0, body.getArgument(0), "iteration");
    Value condition = buffers[body.getArgument(1)] = declare("temp", -1, {}, 0, body.getArgument(1), "condition");
    copy(buffer(op.getCondition()), condition, "loop condition");
    Value trips = buffer(op.getTripCount());
    auto yields = body.getTerminator()->getOperands();
    auto scratch = std::make_unique<Region>();
    {
      OpBuilder::InsertionGuard guard(b);
      b.createBlock(scratch.get());
      if (failed(lowerBlock(body)))
        return failure();
      for (size_t i = 0; i < carriedCount; ++i)
        next.push_back(separate(buffer(yields[i + 1]), op.getResult(i), carried));
      for (size_t i = carriedCount; i < op.getNumResults(); ++i)
        elements.push_back(buffer(yields[i + 1]));
    }
    for (size_t i = carriedCount; i < op.getNumResults(); ++i) {
      Value place = declare("temp", -1, {}, 0, op.getResult(i), "");
      stacked.push_back(place);
      buffers[op.getResult(i)] = place;
    }
    auto lowered = plan_ir::LoopOp::create(b, b.getUnknownLoc(), trips, condition, buffer(yields[0]), iteration, carried, next, elements, stacked, nodeName(op));
    lowered.getBody().takeBody(*scratch);
    return success();
  }

  /// A next state that is itself a carried buffer is copied first, since all states change at once.
  Value separate(Value from, Value like, ArrayRef<Value> carried) {
    if (!llvm::is_contained(carried, root(from)))
      return from;
    Value place = declare("temp", -1, {}, 0, like, "");
    copy(from, place, "loop state");
    return place;
  }

  static StringRef spelling(Requirement::Kind kind) {
    switch (kind) {
    case Requirement::Kind::Equal: return "equal";
    case Requirement::Kind::Broadcast: return "broadcast";
    case Requirement::Kind::BroadcastTo: return "broadcast_to";
    case Requirement::Kind::AtMost: return "at_most";
    }
    llvm_unreachable("a kind of requirement");
  }

  LogicalResult lowerBlock(Block &block) {
    for (const Requirement &r : facts.requirements())
      if (r.scope == &block)
        plan_ir::CheckOp::create(b, r.loc, spelling(r.kind), DimsAttr::get(b.getContext(), {r.left, r.right}), nodeName(r.loc, r.name));
    for (Operation &op : block) {
      if (auto region = dyn_cast<RegionOp>(op)) {
        if (failed(lowerRegion(region)))
          return failure();
      } else if (auto branch = dyn_cast<IfOp>(op)) {
        if (failed(lowerIf(branch)))
          return failure();
      } else if (auto loop = dyn_cast<LoopOp>(op)) {
        if (failed(lowerLoop(loop)))
          return failure();
      } else if (isComputed(&op)) {
        return op.emitOpError() << "is outside of any region";
      }
    }
    return success();
  }

  func::FuncOp func;
  ShapeFacts &facts;
  Placements placements;
  ConstantTable &constants;
  OpBuilder b, declarations;
  DenseMap<Value, Value> buffers, destination;
  DenseMap<Value, Operation *> lastUse;
  SmallVector<Value> outputs;
  Operation *marker;
};

} // namespace

static ArrayRef<char> resourceBytes(ElementsAttr value) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

const void *ConstantTable::identity(ElementsAttr value) {
  ArrayRef<char> bytes = resourceBytes(value);
  auto [known, fresh] = identities.try_emplace(value.getAsOpaquePointer(), value.getAsOpaquePointer());
  if (!fresh || bytes.empty()) // other attributes are unique by what they hold
    return known->second;
  auto &candidates = byHash[llvm::xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()))];
  for (ElementsAttr other : candidates)
    if (other.getType() == value.getType() && resourceBytes(other) == bytes)
      return known->second = other.getAsOpaquePointer();
  candidates.push_back(value);
  return known->second;
}

unsigned ConstantTable::stepsOf(Value v) {
  llvm::MapVector<Operation *, unsigned> numbers; // of this expression: values may be gone at the next call
  SmallVector<Operation *> work{v.getDefiningOp()};
  while (!work.empty()) {
    Operation *op = work.back();
    size_t waiting = work.size();
    for (Value operand : op->getOperands())
      if (!numbers.contains(operand.getDefiningOp()))
        work.push_back(operand.getDefiningOp());
    if (work.size() != waiting)
      continue;
    work.pop_back();
    std::string key;
    llvm::raw_string_ostream os(key);
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      os << identity(constant.getValue());
    } else {
      os << op->getName() << op->getAttrDictionary() << op->getResult(0).getType();
      for (Value operand : op->getOperands())
        os << ',' << numbers[operand.getDefiningOp()];
    }
    numbers[op] = steps.try_emplace(key, steps.size()).first->second;
  }
  return numbers[v.getDefiningOp()];
}

unsigned ConstantTable::index(Value constant) {
  auto [it, fresh] = bySteps.try_emplace(stepsOf(constant), entries.size());
  if (fresh)
    entries.push_back(constant);
  return it->second;
}

std::string nodeName(Location loc, OperationName op) {
  StringRef name = firstName(loc);
  return (name.empty() ? op.getStringRef() : name).str();
}

std::string nodeName(Operation *op) { return nodeName(op->getLoc(), op->getName()); }

FailureOr<plan_ir::ProgramOp> lowerToPlan(func::FuncOp func, ShapeFacts &facts, ConstantTable &constants, ModuleOp module, StringRef target) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto program = plan_ir::ProgramOp::create(b, func.getLoc(), func.getName(), target);
  if (failed(Lowering(func, facts, constants, program).run())) {
    program.erase();
    return failure();
  }
  return program;
}

} // namespace mlc

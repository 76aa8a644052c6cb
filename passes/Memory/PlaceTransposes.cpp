// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. find transposes that keep the last dim and the kernel that makes what they move; 2. where the kernel's rows are counted in other dims than the transpose's, count them in those; 3. mark the transpose.
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Fuse/Notes.h"
#include "passes/Fuse/Regions.h"
#include "passes/Memory/Passes.h"
#include "passes/Memory/Placement.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_PLACETRANSPOSES
#include "passes/Memory/MemoryPasses.h.inc"

namespace {

constexpr int64_t kMinBytes = 64; // of a row: shorter ones would be parts of cache lines

class Placer {
public:
  Placer(ShapeFacts &facts, FusionNotes notes) : facts(facts), notes(notes) {}

  bool place(TransposeOp move) {
    if (!isComputed(move) || isa<RegionOp>(move->getParentOp()))
      return false;
    std::string why = whyNot(move);
    if (why.empty() && !hasStrides(move, viewed(move.getX())) && !recount(move))
      why = "its maker's rows cannot be counted in the dims that are moved";
    if (!why.empty()) {
      for (Operation *reader : move.getY().getUsers())
        notes.decline(move.getY(), reader, [&] { return "its maker does not store it moved: " + why; });
      return false;
    }
    move->setAttr(kPlacedAttr, UnitAttr::get(move.getContext()));
    return true;
  }

private:
  std::string whyNot(TransposeOp move) {
    int64_t rank = facts.rank(move.getX());
    if (move.getPerm().back() + 1 != rank)
      return "the rows themselves are moved";
    auto last = facts.dims(move.getX()).back().constant();
    if (!last || *last * facts.elementType(move.getX()).getIntOrFloatBitWidth() / 8 < kMinBytes)
      return "its rows are shorter than a cache line";
    Value made = viewed(move.getX());
    Operation *maker = made.getDefiningOp();
    if (!maker || maker->getBlock() != move->getBlock())
      return "it is no kernel's of this block";
    auto region = dyn_cast<RegionOp>(maker);
    bool rows = region ? llvm::is_contained({"gemm", "rows", "pointwise"}, region.getKind()) : isComputed(maker) && (isa<MatMulOp>(maker) || maker->hasTrait<Pointwise>());
    if (!rows)
      return "its maker's kernel has an order of its own";
    for (Value v = move.getX();; v = v.getDefiningOp()->getOperand(0)) {
      if (!v.hasOneUse())
        return "others read it where it is";
      if (v == made)
        break;
    }
    if (isReturned(move.getY()))
      return "it is the caller's memory";
    bool empty = llvm::any_of(facts.dims(move.getX()), [&](const DimExpr &d) { return d.bounds(facts.symbols).first < 1; });
    return empty ? "it may have no elements" : "";
  }

  static bool isReturned(Value v) {
    return llvm::any_of(v.getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>() || (isa<ReshapeOp>(user) && isReturned(user->getResult(0))); });
  }

  bool hasStrides(TransposeOp move, Value made) { return stridesThroughView(facts.dims(move.getX()), transposedStrides(move, facts), facts.dims(made)).has_value(); }

  /// Makes the maker again with the leading dims of what is moved: its rows are what they are, however they are counted.
  bool recount(TransposeOp move) {
    Value made = viewed(move.getX());
    Dims from(facts.dims(made)), to(facts.dims(move.getX()));
    if (from.back() != to.back())
      return false;
    Operation *maker = made.getDefiningOp();
    auto region = dyn_cast<RegionOp>(maker);
    SmallVector<Operation *> ops;
    if (region)
      for (Operation &op : region.getBody().front().without_terminator())
        ops.push_back(&op);
    else
      ops.push_back(maker);
    SmallVector<Value> outer(region ? ValueRange(region.getInputs()) : ValueRange(maker->getOperands()));
    if (!llvm::all_of(outer, [&](Value v) { return isCounted(v, from) || isBroadcast(v); }) || !llvm::all_of(ops, [&](Operation *op) { return isRowwise(op, from); }))
      return false;
    // Another result that lies in a concat has strides there already.
    for (Value r : maker->getResults())
      for (Operation *user : r.getUsers())
        if (auto concat = dyn_cast<ConcatOp>(user); concat && isPlaced(concat))
          return false;
    OpBuilder b(maker);
    SmallVector<Value> inputs;
    for (Value v : outer)
      inputs.push_back(isCounted(v, from) ? reshape(b, maker->getLoc(), v, counted(facts.dims(v), to)) : v);
    Operation *again = region ? cloneRegion(b, region, inputs, to) : cloneOp(b, maker, inputs, to);
    for (auto [old, now] : llvm::zip(maker->getResults(), again->getResults())) {
      b.setInsertionPointAfter(again);
      if (old == made)
        move.getXMutable().assign(now);
      else
        old.replaceAllUsesWith(reshape(b, maker->getLoc(), now, Dims(facts.dims(old))));
    }
    return true;
  }

  /// Whether a value has the maker's rows; what it has behind them may be another number of columns.
  bool isCounted(Value v, const Dims &from) {
    ArrayRef<DimExpr> dims = facts.dims(v);
    return dims.size() == from.size() && dims.size() > 1 && llvm::equal(dims.drop_back(), ArrayRef<DimExpr>(from).drop_back());
  }
  /// Weights, a vector for all rows, one number.
  bool isBroadcast(Value v) { return isConstantExpression(v) || facts.rank(v) <= 1 || product(ArrayRef<DimExpr>(facts.dims(v)).drop_back()).isConstant(1); }

  bool isRowwise(Operation *op, const Dims &from) {
    if (isa<ConstantOp>(op))
      return true;
    if (op->getNumResults() != 1)
      return false;
    Value y = op->getResult(0);
    if (!isCounted(y, from)) // of weights: packed ones are unpacked inside
      return isa<ReshapeOp, TransposeOp>(op) && !isCounted(op->getOperand(0), from);
    if (auto matmul = dyn_cast<MatMulOp>(op))
      return isCounted(matmul.getA(), from) && facts.rank(matmul.getB()) == 2;
    return op->hasTrait<Pointwise>() || isRowReduction(op, facts);
  }

  static Dims counted(ArrayRef<DimExpr> dims, const Dims &to) {
    Dims out(to);
    out.back() = dims.back();
    return out;
  }

  Value reshape(OpBuilder &b, Location loc, Value v, const Dims &dims) {
    return facts.make<ReshapeOp>(b, loc, v, b.getNamedAttr("dims", DimsAttr::get(b.getContext(), ArrayRef<DimExpr>(dims))));
  }

  Operation *cloneOp(OpBuilder &b, Operation *op, ArrayRef<Value> inputs, const Dims &to) {
    SmallVector<NamedAttribute> attrs(op->getAttrs());
    for (NamedAttribute &a : attrs)
      if (a.getName() == "axes")
        a = b.getNamedAttr("axes", b.getDenseI64ArrayAttr({static_cast<int64_t>(to.size()) - 1}));
    return facts.create(b, op->getLoc(), op->getName().getStringRef(), inputs, attrs);
  }

  Operation *cloneRegion(OpBuilder &b, RegionOp region, ArrayRef<Value> inputs, const Dims &to) {
    Dims from(facts.dims(region.getResult(0)));
    SmallVector<Type> types;
    for (Value r : region.getResults())
      types.push_back(typeOf(facts.elementType(r), counted(facts.dims(r), to)));
    auto again = RegionOp::create(b, region.getLoc(), types, inputs, b.getStringAttr(region.getKind()));
    for (auto [now, old] : llvm::zip(again.getResults(), region.getResults()))
      facts.set(now, facts.elementType(old), counted(facts.dims(old), to));
    OpBuilder::InsertionGuard guard(b);
    Block *body = b.createBlock(&again.getBody());
    IRMapping map;
    for (auto [arg, input] : llvm::zip(region.getBody().getArguments(), inputs)) {
      Value inner = body->addArgument(input.getType(), arg.getLoc());
      facts.set(inner, facts.elementType(input), Dims(facts.dims(input)));
      map.map(arg, inner);
    }
    for (Operation &op : region.getBody().front().without_terminator()) {
      if (isa<ConstantOp>(op)) {
        Operation *copy = b.clone(op, map);
        (void)facts.infer(copy);
        continue;
      }
      SmallVector<Value> operands;
      for (Value v : op.getOperands())
        operands.push_back(map.lookup(v));
      map.map(op.getResult(0), cloneOp(b, &op, operands, to)->getResult(0));
    }
    SmallVector<Value> yields;
    for (Value v : region.getBody().front().getTerminator()->getOperands())
      yields.push_back(map.lookup(v));
    YieldOp::create(b, region.getLoc(), yields);
    return again;
  }

  ShapeFacts &facts;
  FusionNotes notes;
};

struct PlaceTransposes : impl::PlaceTransposesBase<PlaceTransposes> {
  using PlaceTransposesBase::PlaceTransposesBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Placer placer(facts, FusionNotes(explain));
    SmallVector<TransposeOp> moves;
    getOperation().walk([&](TransposeOp move) { moves.push_back(move); });
    for (TransposeOp move : moves)
      numPlaced += placer.place(move);
    // Makers that were made again, and views of them.
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (!isa<RegionOp>(op->getParentOp()))
        ops.push_back(op);
    });
    for (Operation *op : llvm::reverse(ops))
      if (isa<RegionOp, ReshapeOp, MatMulOp>(op) || op->hasTrait<Pointwise>())
        if (op->use_empty())
          op->erase();
  }
};

} // namespace
} // namespace mlc

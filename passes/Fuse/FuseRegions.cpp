// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. number the computed ops of a block; 2. visit them in order and grow a group from each free one; 3. make each group a region.
#include "dialects/Graph/ShapeFacts.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "passes/Fuse/Cost.h"
#include "passes/Fuse/Notes.h"
#include "passes/Fuse/GroupOrder.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"
#include "passes/Fuse/Siblings.h"
#include <map>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_FUSEREGIONS
#include "passes/Fuse/FusePasses.h.inc"

namespace {

constexpr size_t kMaxOps = 64; // of a group; longer kernels gain nothing and compile slowly

enum class Kind { Gemm, Conv, Rows, Columns, Pointwise };

StringRef spelling(Kind kind) {
  switch (kind) {
  case Kind::Gemm: return "gemm";
  case Kind::Conv: return "conv";
  case Kind::Rows: return "rows";
  case Kind::Columns: return "columns";
  case Kind::Pointwise: return "pointwise";
  }
  return "";
}

class Fuser {
public:
  Fuser(Block &block, ShapeFacts &facts, const AssumedSizes &sizes, FusionNotes notes) : block(block), facts(facts), sizes(sizes), notes(notes), order(block) {}

  unsigned run() {
    std::vector<std::pair<Kind, SmallVector<Operation *>>> found;
    for (Operation &op : block) {
      if (order.isGrouped(&op) || !isComputed(&op))
        continue;
      auto kind = anchorKind(&op);
      if (!kind)
        continue;
      auto group = grow(&op, *kind);
      if (group.size() < 2)
        continue;
      order.contract(group);
      found.push_back({*kind, group});
    }
    for (auto &[kind, group] : found) {
      Kind actual = kind == Kind::Rows && llvm::none_of(group, [](Operation *op) { return op->hasTrait<Reduction>(); }) ? Kind::Pointwise : kind;
      makeRegion(group, spelling(actual));
    }
    return found.size();
  }

private:
  std::optional<Kind> anchorKind(Operation *op) {
    if (isa<MatMulOp>(op))
      return Kind::Gemm;
    if (isa<ConvOp>(op))
      return Kind::Conv;
    // A pointwise op may turn out to begin a rows group.
    if (op->hasTrait<Pointwise>() || isRowReduction(op, facts))
      return Kind::Rows;
    return isColumnReduction(op, facts) ? std::optional(Kind::Columns) : std::nullopt;
  }

  using Group = GroupOrder::Group;
  using Users = std::map<unsigned, Operation *>; // by order: a value may have thousands, of which the first is wanted

  SmallVector<Operation *> grow(Operation *first, Kind kind) {
    Group group;
    Users users;
    auto join = [&](Operation *op) {
      group.insert(op);
      users.erase(order.of(op));
      for (Operation *user : op->getUsers())
        if (user->getBlock() == &block && order.isGrouped(user))
          noteDeclined(user, group, "its reader belongs to another kernel already");
        else if (user->getBlock() == &block && !group.contains(user))
          users[order.of(user)] = user;
    };
    join(first);
    Dims dims(facts.dims(isRowReduction(first, facts) ? first->getOperand(0) : first->getResult(0)));
    // The longest prefix whose results are few enough.
    size_t good = 1;
    for (bool grew = true; grew && group.size() < kMaxOps;) {
      grew = false;
      if (Operation *next = nextMember(group, users, kind, dims)) {
        join(next);
        grew = true;
        if (results(group) <= maxResults(kind))
          good = group.size();
      }
    }
    if (kind == Kind::Rows || kind == Kind::Columns)
      takeSiblings(group, good, kind, dims);
    SmallVector<Operation *> ops(group.begin(), group.begin() + good);
    for (Operation *op : group.getArrayRef().drop_front(good))
      for (Value v : op->getOperands())
        if (llvm::is_contained(ops, v.getDefiningOp()))
          notes.decline(v, op, [&] { return ("it is needed elsewhere too, and a " + spelling(kind) + " kernel stores at most " + Twine(maxResults(kind)) + " results").str(); });
    if (kind == Kind::Rows)
      takeProducers(ops);
    if (auto product = dyn_cast<MatMulOp>(first))
      takePrologue(product, ops);
    llvm::sort(ops, [&](Operation *a, Operation *b) { return order.of(a) < order.of(b); });
    return ops;
  }

  /// Other reductions of what the group's reductions read, each with what follows it, as long as the group's results stay few.
  void takeSiblings(Group &group, size_t &good, Kind kind, const Dims &dims) {
    for (size_t i = 0; i < good; ++i) {
      Operation *own = group[i];
      if (!isReduction(own, kind))
        continue;
      for (ArrayRef<Operation *> sibling : siblingReductions(own, facts)) {
        Group trial;
        trial.insert(group.begin(), group.begin() + good);
        if (trial.contains(sibling.back()) || trial.size() + sibling.size() > kMaxOps)
          continue;
        StringRef why = joins(sibling, trial, kind, dims);
        size_t longest = 0;
        if (why.empty()) {
          longest = results(trial) <= maxResults(kind) ? trial.size() : 0;
          // What reads the sibling may be what makes the results few again.
          while (Operation *next = kind == Kind::Rows && trial.size() < kMaxOps ? nextReader(trial, sibling.back(), kind, dims) : nullptr) {
            trial.insert(next);
            if (results(trial) <= maxResults(kind))
              longest = trial.size();
          }
          why = longest ? "" : "a kernel for it and the other reductions of this tensor would store too many results";
        }
        if (!longest) {
          for (Value v : sibling.front()->getOperands())
            notes.decline(v, sibling.front(), [&] { return why.str(); });
          continue;
        }
        group = Group();
        group.insert(trial.begin(), trial.end());
        good = longest;
      }
    }
  }

  bool isReduction(Operation *op, Kind kind) { return kind == Kind::Rows ? isRowReduction(op, facts) : isColumnReduction(op, facts); }

  /// Adds the ops to the group; else says why one may not be there.
  StringRef joins(ArrayRef<Operation *> ops, Group &group, Kind kind, const Dims &dims) {
    for (Operation *op : ops) {
      if (group.contains(op))
        continue;
      if (order.isGrouped(op) || !isComputed(op))
        return "it belongs to another kernel already";
      if (kind == Kind::Rows && !isa<ArgMaxOp, ArgMinOp>(op))
        if (StringRef why = whyNotInRows(op, dims, group); !why.empty())
          return why;
      if (order.closesCycle(op, group))
        return "it also waits for what the kernel's other readers make";
      group.insert(op);
    }
    return "";
  }

  /// The earliest op that reads what was added to the group from `first` on and may join it.
  Operation *nextReader(const Group &group, Operation *first, Kind kind, const Dims &dims) {
    Users users;
    for (Operation *member : group.getArrayRef().drop_front(llvm::find(group, first) - group.begin()))
      for (Operation *user : member->getUsers())
        if (user->getBlock() == &block && !group.contains(user) && !order.isGrouped(user))
          users[order.of(user)] = user;
    return nextMember(group, users, kind, dims);
  }

  /// A scale of the left operand (squeeze and excitation) is computed while its rows are packed, once per panel of columns: few columns make it worth more
  /// than a pass over memory.
  void takePrologue(MatMulOp product, SmallVectorImpl<Operation *> &ops) {
    if (facts.rank(product.getA()) < 2 || facts.rank(product.getB()) != 2)
      return;
    Operation *op = product.getA().getDefiningOp();
    bool possible = op && isa<MulOp, AddOp>(op) && op->getBlock() == &block && op->hasOneUse() && !order.isGrouped(op) && isComputed(op);
    if (!possible || !facts.elementType(product.getY()).isF32() || !isConstantExpression(product.getB()))
      return;
    double times = timesReadByProduct(product, facts, sizes);
    FusionCost cost = fusionCost(op, times, /*keptToo=*/false, facts, sizes);
    if (!cost.pays())
      return notes.decline(product.getA(), product, [&] { return "the product packs its rows more than once: " + cost.str(times); });
    // The region stands at its last op; what the scale depends on comes before it in any case.
    ops.push_back(op);
  }

  /// Ops that feed the group alone and cost no more to read element by element than their results would: lookups, ranges, slices, broadcasts, and what
  /// computes masks and indices.
  void takeProducers(SmallVectorImpl<Operation *> &ops) {
    llvm::SmallPtrSet<Operation *, 32> inside(ops.begin(), ops.end());
    int64_t groupElements = 0;
    for (Operation *op : ops)
      groupElements = std::max(groupElements, sizes(product(facts.dims(op->getResult(0)))));
    for (size_t i = 0; i < ops.size(); ++i)
      for (Value v : ops[i]->getOperands()) {
        Operation *op = v.getDefiningOp();
        if (!op || op->getBlock() != &block || inside.contains(op) || order.isGrouped(op) || isConstantExpression(v) || isa<RegionOp>(op) || !isCheaplyRead(op))
          continue;
        if (ops.size() >= kMaxOps)
          return;
        if (!llvm::all_of(op->getUsers(), [&](Operation *user) { return inside.contains(user); })) {
          // Computed by each reader for itself; by all, when those outside are of the kind that takes producers.
          bool byAll = !op->getResult(0).hasNUsesOrMore(kMaxOps) && llvm::all_of(op->getUsers(), [&](Operation *user) { return inside.contains(user) || anchorKind(user) == Kind::Rows || isCheaplyRead(user); });
          double times = std::max(1.0, double(groupElements) / std::max<int64_t>(1, sizes(product(facts.dims(v)))));
          if (byAll)
            times *= llvm::range_size(op->getUsers());
          FusionCost cost = fusionCost(op, times, /*keptToo=*/!byAll, facts, sizes);
          if (!cost.pays()) {
            notes.decline(v, ops[i], [&] { return "others read it too: " + cost.str(times); });
            continue;
          }
          Operation *copy = OpBuilder(op).clone(*op);
          facts.set(copy->getResult(0), facts.elementType(op->getResult(0)), Dims(facts.dims(op->getResult(0))));
          order.addCopy(copy, op);
          op->getResult(0).replaceUsesWithIf(copy->getResult(0), [&](OpOperand &use) { return inside.contains(use.getOwner()); });
          op = copy;
        }
        inside.insert(op);
        ops.push_back(op);
      }
  }

  bool isCheaplyRead(Operation *op) {
    if (isa<GatherOp, GatherElementsOp, RangeOp, ExpandOp, DimsTensorOp>(op))
      return true;
    if (isa<ReshapeOp>(op)) {
      Type type = facts.elementType(op->getResult(0));
      return type.isInteger(1) || type.isInteger(64); // of masks and indices, so that what computes them can follow
    }
    if (auto slice = dyn_cast<SliceOp>(op)) {
      // Steps along the last dim would read lanes one by one; a pixel's few channels have no lanes.
      constexpr int64_t kMaxChannels = 4;
      ArrayRef<int64_t> steps = slice.getSteps();
      return steps.empty() || steps.back() == 1 || facts.dims(slice.getY()).back().constant().value_or(kMaxChannels + 1) <= kMaxChannels;
    }
    return op->hasTrait<Pointwise>() && !isa<FloatType>(facts.elementType(op->getResult(0)));
  }

  static unsigned maxResults(Kind kind) { return kind == Kind::Rows ? 2 : kind == Kind::Columns ? 4 : 1; }

  /// Values of the group that are used outside of it.
  static unsigned results(const Group &group) {
    unsigned n = 0;
    for (Operation *op : group)
      for (Value r : op->getResults())
        n += llvm::any_of(r.getUsers(), [&](Operation *user) { return !group.contains(user); });
    return n;
  }

  /// The earliest op that uses the group and may join it.
  Operation *nextMember(const Group &group, const Users &users, Kind kind, const Dims &dims) {
    for (auto [number, user] : users) {
      StringRef why = whyNot(user, kind, dims, group);
      if (why.empty())
        return user;
      noteDeclined(user, group, why);
    }
    return nullptr;
  }

  void noteDeclined(Operation *reader, const Group &group, StringRef why) {
    if (notes.areOn() && !isa<MatMulOp, ConvOp>(reader)) // of those explain-fusion knows more
      for (Value v : reader->getOperands())
        if (group.contains(v.getDefiningOp()))
          notes.decline(v, reader, [&] { return why.str(); });
  }

  /// Why a user of the group may not join it; empty when it may.
  StringRef whyNot(Operation *op, Kind kind, const Dims &dims, const Group &group) {
    if (!isComputed(op))
      return "its reader is control flow, a view or an output";
    if (kind == Kind::Columns)
      return "a kernel of reductions over dims before the last computes nothing else";
    if (StringRef why = kind == Kind::Rows ? whyNotInRows(op, dims, group) : whyNotInTile(op, dims); !why.empty())
      return why;
    return order.closesCycle(op, group) ? "its reader also waits for what the kernel's other readers make" : "";
  }

  StringRef whyNotInTile(Operation *op, const Dims &dims) {
    if (!op->hasTrait<Pointwise>())
      return "its reader is no pointwise op, which is all that a tile's epilogue computes";
    if (Dims(facts.dims(op->getResult(0))) != dims)
      return "its reader's result has another shape than the tile's";
    return smallOperands(op) ? "" : "the epilogue has no elements of this type";
  }

  StringRef whyNotInRows(Operation *op, const Dims &dims, const Group &group) {
    if (isRowReduction(op, facts))
      return Dims(facts.dims(op->getOperand(0))) == dims ? "" : "its reader reduces rows of another shape";
    if (!op->hasTrait<Pointwise>())
      return "its reader is neither pointwise nor a reduction of rows";
    Dims reduced(dims), own(facts.dims(op->getResult(0)));
    if (!reduced.empty())
      reduced.back() = 1;
    bool hasReduction = llvm::any_of(group, [](Operation *member) { return member->hasTrait<Reduction>(); });
    return own == dims || (hasReduction && own == reduced) ? "" : "its reader's result has another shape than the rows";
  }

  /// The tiles' epilogues work on f32; other types may only come in through casts inside.
  bool smallOperands(Operation *op) { return facts.elementType(op->getResult(0)).getIntOrFloatBitWidth() <= 64; }

  Block &block;
  ShapeFacts &facts;
  const AssumedSizes &sizes;
  FusionNotes notes;
  GroupOrder order;
};

struct FuseRegions : impl::FuseRegionsBase<FuseRegions> {
  using FuseRegionsBase::FuseRegionsBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    AssumedSizes sizes(getOperation(), facts);
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) {
      if (!isa<RegionOp>(block->getParentOp()))
        blocks.push_back(block);
    });
    for (Block *block : blocks) {
      regions += Fuser(*block, facts, sizes, FusionNotes(explain)).run();
      // Regions stand at their last op; ops between that used nothing of them keep their order.
      mlir::sortTopologically(block);
    }
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Fuse/Regions.h"
#include "passes/Memory/Passes.h"
#include "passes/Memory/Placement.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_PLACECONCATS
#include "passes/Memory/MemoryPasses.h.inc"

namespace {

class Placer {
public:
  explicit Placer(ShapeFacts &facts) : facts(facts) {}

  bool place(ConcatOp concat) {
    if (!isComputed(concat) || isa<RegionOp>(concat->getParentOp()) || isReturned(concat.getY()) || !hasElements(concat.getY()))
      return false;
    Dims strides = denseStrides(facts.dims(concat.getY()));
    if (!llvm::all_of(concat.getXs(), [&](Value v) { return canLieIn(v, concat, strides); }))
      return false;
    concat->setAttr(kPlacedAttr, UnitAttr::get(concat.getContext()));
    return true;
  }

  /// The concat with the most parts among which all of this one's lie side by side (the features so far of a dense block are the first of all of them), or null.
  ConcatOp wholeOf(ConcatOp concat) {
    ConcatOp best;
    Value first = concat.getXs().front();
    // NOTE: without a bound, n concats of one value cost n * n steps.
    if (first.hasNUsesOrMore(kMaxReaders))
      return {};
    for (Operation *user : first.getUsers())
      if (auto other = dyn_cast<ConcatOp>(user); other && other.getXs().size() > std::max(best ? best.getXs().size() : 0, concat.getXs().size()))
        if (other->getBlock() == concat->getBlock() && other.getAxis() == concat.getAxis())
          best = other;
    if (!best)
      return {};
    size_t at = llvm::find(best.getXs(), first) - best.getXs().begin(), n = concat.getXs().size();
    return at + n <= best.getXs().size() && llvm::equal(best.getXs().slice(at, n), concat.getXs()) ? best : ConcatOp();
  }

  /// Makes a concat a view of the placed one that holds its parts.
  bool placeInside(ConcatOp concat) {
    if (!isComputed(concat) || isReturned(concat.getY()) || !llvm::all_of(concat.getY().getUsers(), addressesByStrides))
      return false;
    concat->setAttr(kPlacedAttr, UnitAttr::get(concat.getContext()));
    concat->setAttr(kInsideAttr, UnitAttr::get(concat.getContext()));
    return true;
  }

private:
  static constexpr unsigned kMaxReaders = 256;

  /// Ops whose kernels read and write their tensors element by element, with any strides.
  static bool addressesByStrides(Operation *op) {
    return isa<RegionOp, ConvOp, MatMulOp, MaxPoolOp, AveragePoolOp, ResizeOp, TransposeOp, SliceOp, PadOp, ConcatOp>(op) || op->hasTrait<Pointwise>() || op->hasTrait<Reduction>();
  }

  bool canLieIn(Value v, ConcatOp concat, const Dims &strides) {
    if (v.hasNUsesOrMore(kMaxReaders) || llvm::count(v.getUsers(), concat.getOperation()) != 1 || !hasElements(v))
      return false;
    // Through a view the maker's dims must have strides too, and nobody else may want them dense.
    Value made = viewed(v);
    if (made != v && (!v.hasOneUse() || !made.hasOneUse() || !made.getDefiningOp() || made != v.getDefiningOp()->getOperand(0) || !stridesThroughView(facts.dims(v), strides, facts.dims(made))))
      return false;
    Operation *op = made.getDefiningOp();
    if (!op || op->getBlock() != concat->getBlock() || !(isa<RegionOp>(op) || isComputed(op)) || !addressesByStrides(op) || isa<ConcatOp>(op))
      return false;
    // A move copies either way; with others it is one kernel that joins them.
    if (isa<TransposeOp, SliceOp, PadOp, ExpandOp>(op))
      return false;
    return llvm::all_of(v.getUsers(), [&](Operation *user) {
      auto other = dyn_cast<ConcatOp>(user);
      return addressesByStrides(user) && (!other || other == concat || !isPlaced(other));
    });
  }

  static bool isReturned(Value v) {
    return llvm::any_of(v.getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>() || (isa<ReshapeOp>(user) && isReturned(user->getResult(0))); });
  }

  /// A part without elements would have no place.
  bool hasElements(Value v) {
    return llvm::all_of(facts.dims(v), [&](const DimExpr &d) { return d.bounds(facts.symbols).first >= 1; });
  }

  ShapeFacts &facts;
};

struct PlaceConcats : impl::PlaceConcatsBase<PlaceConcats> {
  using PlaceConcatsBase::PlaceConcatsBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Placer placer(facts);
    SmallVector<std::pair<ConcatOp, ConcatOp>> parts; // with what they may lie in
    getOperation().walk([&](ConcatOp concat) {
      if (ConcatOp whole = placer.wholeOf(concat))
        parts.push_back({concat, whole});
      else
        numPlaced += placer.place(concat);
    });
    for (auto [concat, whole] : parts)
      numPlaced += isPlaced(whole) ? placer.placeInside(concat) : placer.place(concat);
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Fuse/Regions.h"
#include "passes/Memory/Passes.h"

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
    if (!isComputed(concat) || isa<RegionOp>(concat->getParentOp()) || isReturned(concat.getY()))
      return false;
    if (!hasElements(concat.getY()) || !llvm::all_of(concat.getXs(), [&](Value v) { return canLieIn(v, concat); }))
      return false;
    concat->setAttr(kPlacedAttr, UnitAttr::get(concat.getContext()));
    return true;
  }

private:
  /// Ops whose kernels read and write their tensors element by element, with any strides.
  static bool addressesByStrides(Operation *op) {
    return isa<RegionOp, ConvOp, MatMulOp, MaxPoolOp, AveragePoolOp, ResizeOp, TransposeOp, SliceOp, PadOp, ConcatOp>(op) || op->hasTrait<Pointwise>() || op->hasTrait<Reduction>();
  }

  bool canLieIn(Value v, ConcatOp concat) {
    Operation *op = v.getDefiningOp();
    if (!op || op->getBlock() != concat->getBlock() || !(isa<RegionOp>(op) || isComputed(op)) || !addressesByStrides(op) || isa<ConcatOp>(op) || !hasElements(v))
      return false;
    if (llvm::count(v.getUsers(), concat.getOperation()) != 1)
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
    getOperation().walk([&](ConcatOp concat) { numPlaced += placer.place(concat); });
  }
};

} // namespace
} // namespace mlc

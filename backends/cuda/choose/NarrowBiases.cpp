// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/choose/Library.h"
#include "backends/cuda/choose/Passes.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_CUDANARROWBIASES
#include "backends/cuda/CudaPasses.h.inc"

namespace {

constexpr float kLargestHalf = 65504;

struct CudaNarrowBiases : impl::CudaNarrowBiasesBase<CudaNarrowBiases> {
  using CudaNarrowBiasesBase::CudaNarrowBiasesBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Placements placements(getOperation(), facts);
    SmallVector<RegionOp> regions;
    getOperation().walk([&](RegionOp region) { regions.push_back(region); });
    for (RegionOp region : regions)
      if (auto match = cuda::matchLibraryProduct(region, facts, placements); match && match->biasIsWide && facts.elementType(match->bias).isF32())
        narrow(region, *match, facts);
  }

  void narrow(RegionOp region, const cuda::LibraryMatch &match, ShapeFacts &facts) {
    BlockArgument bias = match.bias;
    unsigned number = bias.getArgNumber();
    Value wide = region.getInputs()[number];
    if (!isConstantExpression(wide) || !fits(wide, match.product.outElement)) // else nobody has agreed to round them
      return;
    OpBuilder before(region), within = OpBuilder::atBlockBegin(bias.getOwner());
    Value narrowed = rounded(before, wide, match.product.outElement, facts);
    BlockArgument now = bias.getOwner()->insertArgument(number, narrowed.getType(), bias.getLoc());
    facts.set(now, match.product.outElement, Dims(facts.dims(narrowed)));
    Value back = facts.make<CastOp>(within, bias.getLoc(), now, {before.getNamedAttr("to", TypeAttr::get(within.getF32Type()))});
    bias.replaceAllUsesWith(back);
    bias.getOwner()->eraseArgument(number + 1);
    region->setOperand(number, narrowed);
    ++narrowedBiases;
  }

  /// The constants rounded first, then moved: what a plan can store.
  static Value rounded(OpBuilder &b, Value v, Type type, ShapeFacts &facts) {
    Operation *op = v.getDefiningOp();
    if (isa<ConstantOp>(op))
      return facts.make<CastOp>(b, op->getLoc(), v, {b.getNamedAttr("to", TypeAttr::get(type))});
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(rounded(b, operand, type, facts));
    return facts.create(b, op->getLoc(), op->getName().getStringRef(), operands, llvm::to_vector(op->getAttrs()))->getResult(0);
  }

  /// Whether all constants are in f32 and none becomes infinite.
  static bool fits(Value v, Type type) {
    auto op = v.getDefiningOp<ConstantOp>();
    if (!op)
      return !isNarrowing(v.getDefiningOp()) && llvm::all_of(v.getDefiningOp()->getOperands(), [&](Value operand) { return fits(operand, type); });
    ArrayRef<float> elements;
    float splat = 0;
    if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue())) {
      if (dense.isSplat())
        elements = splat = dense.getSplatValue<float>();
      else
        elements = ArrayRef(reinterpret_cast<const float *>(dense.getRawData().data()), dense.getRawData().size() / sizeof(float));
    } else if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(op.getValue())) {
      elements = resource.tryGetAsArrayRef().value_or(ArrayRef<float>());
    }
    return type.isBF16() || llvm::all_of(elements, [](float x) { return std::abs(x) <= kLargestHalf; });
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/choose/Passes.h"
#include "backends/host/tiles/Panels.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_HOSTPACKOPERANDS
#include "backends/host/HostPasses.h.inc"

namespace {

struct HostPackOperands : impl::HostPackOperandsBase<HostPackOperands> {
  using HostPackOperandsBase::HostPackOperandsBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<RegionOp> regions;
    getOperation().walk([&](RegionOp region) { regions.push_back(region); });
    for (RegionOp region : regions) {
      if (region.getKind() == "attention")
        continue; // packs its operands itself, block by block
      for (Operation &op : llvm::make_early_inc_range(region.getBody().front().without_terminator()))
        pack(region, &op, facts);
    }
  }

  void pack(RegionOp region, Operation *op, ShapeFacts &facts) {
    OpBuilder outside(region), inside(op);
    auto matmul = dyn_cast<MatMulOp>(op);
    auto conv = dyn_cast<ConvOp>(op);
    if (!matmul && !conv)
      return;
    unsigned operand = 1;
    auto arg = dyn_cast<BlockArgument>(op->getOperand(operand));
    if (!arg || !facts.elementType(op->getResult(0)).isF32())
      return;
    Value source = region.getInputs()[arg.getArgNumber()];
    host::Packing packing;
    if (matmul) {
      // A single row times a matrix that is computed at run time is not worth packing.
      if (facts.rank(source) < 2 || facts.rank(matmul.getA()) < 2)
        return;
      packing = host::packProduct(outside, facts, source);
    } else {
      if (!conv.getChannelsLast() || facts.rank(source) != 4 || !isConstantExpression(source))
        return;
      bool depthwise = facts.dim(source, 1).isConstant(1) && facts.dim(source, 0).isConstant(conv.getGroup());
      if (!depthwise && conv.getGroup() != 1)
        return;
      packing = depthwise ? host::packDepthwise(outside, facts, source) : host::packConvolution(outside, facts, source);
    }
    wrapMoves(packing.packed, source, facts);
    Value panels = packing.packed;
    BlockArgument inner = addInput(region, panels, facts);
    op->setOperand(operand, packing.unpack(inside, inner));
    if (arg.use_empty())
      dropInput(arg);
    ++packed;
  }

  /// Moves of a value that is no constant are computed at run time: one region for the chain.
  void wrapMoves(Value &panels, Value source, ShapeFacts &facts) {
    if (isConstantExpression(panels))
      return;
    SmallVector<Operation *> chain;
    for (Value v = panels; v != source; v = v.getDefiningOp()->getOperand(0))
      chain.insert(chain.begin(), v.getDefiningOp());
    Dims dims(facts.dims(panels));
    Type type = facts.elementType(panels);
    // makeRegion gives a result for each value used outside; the packed value is used by nobody yet and is the last.
    RegionOp region = makeRegion(chain, "pack");
    panels = region.getResult(0);
    facts.set(panels, type, dims);
    (void)facts.infer(region);
  }
};

} // namespace
} // namespace mlc

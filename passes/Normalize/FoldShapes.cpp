// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "dialects/Graph/ShapeFacts.h"
#include "passes/Normalize/Passes.h"

using namespace mlir;

namespace mlc {
#define GEN_PASS_DEF_FOLDSHAPES
#include "passes/Normalize/Passes.h.inc"

namespace {

/// The op that gives the elements, numbers or expressions.
Value materialize(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<DimExpr> elements) {
  SmallVector<APInt> numbers;
  unsigned width = type.getElementTypeBitWidth();
  for (const DimExpr &e : elements)
    if (auto c = e.constant())
      numbers.emplace_back(width, *c, /*isSigned=*/true, /*implicitTrunc=*/true);
  if (numbers.size() == elements.size())
    return graph::ConstantOp::create(b, loc, cast<ElementsAttr>(DenseElementsAttr::get(type, numbers)));
  return graph::DimsTensorOp::create(b, loc, type, graph::DimsAttr::get(b.getContext(), elements), type);
}

/// Whether each symbol in the expressions is one of the function's: others have no value at run time.
bool allDeclared(ArrayRef<DimExpr> elements, DictionaryAttr declared) {
  bool good = true;
  for (const DimExpr &e : elements)
    e.forEachSymbol([&](StringRef name) { good = good && declared && declared.contains(name); });
  return good;
}

struct FoldShapes : impl::FoldShapesBase<FoldShapes> {
  void runOnOperation() override {
    graph::ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    auto declared = getOperation()->getAttrOfType<DictionaryAttr>(graph::kSymbolsAttr);
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() == 1 && op->getNumRegions() == 0 && !isa<graph::ConstantOp, graph::DimsTensorOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      Value result = op->getResult(0);
      auto type = dyn_cast<RankedTensorType>(result.getType());
      auto elements = facts.elements(result);
      if (!type || !elements || !type.hasStaticShape() || result.use_empty() || !allDeclared(*elements, declared))
        continue;
      OpBuilder b(op);
      result.replaceAllUsesWith(materialize(b, op->getLoc(), type, *elements));
      ++numFolded;
    }
    // Users come after producers: erasing from the back frees whole chains.
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
  }
};

} // namespace
} // namespace mlc

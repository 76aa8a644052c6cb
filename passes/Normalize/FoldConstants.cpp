// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. find the values that derive from constants alone; 2. leave moves of constants where they are unless something computed needs them;
// 3. clone the rest into a function whose arguments are the large constants; 4. run it and put constants in place of its results.
#include "passes/Fuse/Regions.h"
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Folding.h"
#include "passes/Normalize/Passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/Normalize/Passes.h.inc"

namespace {

bool hasSymbols(Operation *op) {
  return llvm::any_of(op->getAttrs(), [](NamedAttribute a) {
    auto dims = dyn_cast<DimsAttr>(a.getValue());
    return dims && !llvm::all_of(dims.getDims(), [](const DimExpr &d) { return d.constant().has_value(); });
  });
}

class Folding {
public:
  Folding(func::FuncOp func) : func(func) {}

  /// The number of values replaced, or why none is.
  llvm::Expected<unsigned> run(const ConstantEvaluator &evaluator) {
    func.walk<WalkOrder::PreOrder>([&](Operation *op) { visit(op); });
    select();
    if (results.empty())
      return 0;
    OwningOpRef<ModuleOp> module = extract();
    auto blobs = evaluator.evaluate(*module, inputs);
    if (!blobs)
      return blobs.takeError();
    for (auto [v, blob] : llvm::zip(results, *blobs)) {
      OpBuilder b(v.getDefiningOp());
      v.replaceAllUsesWith(ConstantOp::create(b, v.getLoc(), foldedAttribute(cast<RankedTensorType>(v.getType()), std::move(blob))));
    }
    eraseDead(func);
    return results.size();
  }

private:
  using Sources = SmallVector<Operation *, 2>;

  /// Records an op that derives from constants alone.
  void visit(Operation *op) {
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      if (storedBytes(constant) && !isElided(constant.getValue()))
        sources[constant] = {op};
      return;
    }
    if (op->getNumOperands() == 0 || op->getNumRegions() || op->hasTrait<OpTrait::IsTerminator>() || !isPure(op) || hasSymbols(op))
      return;
    Sources from;
    for (Value v : op->getOperands()) {
      auto it = sources.find(v);
      if (it == sources.end())
        return;
      from.append(it->second);
    }
    llvm::sort(from);
    from.erase(llvm::unique(from), from.end());
    int64_t sourceBytes = 0;
    for (Operation *constant : from)
      sourceBytes += storedBytes(constant->getResult(0));
    for (Value v : op->getResults())
      if (int64_t bytes = storedBytes(v); bytes == 0 || !isWorthFolding(bytes, sourceBytes))
        return;
    for (Value v : op->getResults())
      sources[v] = from;
    derived.push_back(op);
  }

  /// `needed`: what must be computed; `inside`: the part of it that nothing else uses any more; `results`: what the rest of the function uses.
  void select() {
    llvm::SmallPtrSet<Operation *, 16> inside;
    for (Operation *op : llvm::reverse(derived)) {
      bool move = isMoveByNumbers(op);
      if (!move || llvm::any_of(op->getUsers(), [&](Operation *user) { return needed.contains(user); }))
        needed.insert(op);
      if (!move || llvm::all_of(op->getUsers(), [&](Operation *user) { return inside.contains(user); }))
        inside.insert(op);
    }
    for (Operation *op : derived)
      for (Value v : op->getResults())
        if (!isMoveByNumbers(op) && llvm::any_of(v.getUsers(), [&](Operation *user) { return !inside.contains(user); }))
          results.push_back(v);
  }

  OwningOpRef<ModuleOp> extract() {
    llvm::SetVector<Value> constants;
    for (Operation *op : derived)
      if (needed.contains(op))
        for (Value v : op->getOperands())
          if (v.getDefiningOp<ConstantOp>())
            constants.insert(v);
    OpBuilder b(func.getContext());
    OwningOpRef<ModuleOp> module(ModuleOp::create(b, func.getLoc()));
    b.setInsertionPointToEnd(module->getBody());
    auto main = func::FuncOp::create(b, func.getLoc(), "main", b.getFunctionType({}, ValueRange(results).getTypes()));
    b.setInsertionPointToStart(main.addEntryBlock());
    auto name = [&](StringRef stem, size_t i) { return b.getDictionaryAttr(b.getNamedAttr(kNameAttr, b.getStringAttr(stem + Twine(i)))); };
    IRMapping map;
    for (Value v : constants) {
      auto value = v.getDefiningOp<ConstantOp>().getValue();
      if (isa<DenseElementsAttr>(value) && storedBytes(v) <= kInlineBytes) {
        b.clone(*v.getDefiningOp(), map);
        continue;
      }
      (void)main.insertArgument(inputs.size(), v.getType(), name("in", inputs.size()), v.getLoc());
      map.map(v, main.getArgument(inputs.size()));
      inputs.push_back(value);
    }
    for (Operation *op : derived)
      if (needed.contains(op))
        b.clone(*op, map);
    SmallVector<Value> returned;
    for (auto [i, v] : llvm::enumerate(results)) {
      main.setResultAttrs(i, name("out", i));
      returned.push_back(map.lookup(v));
    }
    func::ReturnOp::create(b, func.getLoc(), returned);
    return module;
  }

  func::FuncOp func;
  DenseMap<Value, Sources> sources; // the constants that a value derives from
  SmallVector<Operation *> derived; // front to back
  llvm::SmallPtrSet<Operation *, 16> needed;
  SmallVector<Value> results;
  SmallVector<ElementsAttr> inputs;
};

struct FoldConstants : impl::FoldConstantsBase<FoldConstants> {
  FoldConstants() = default;
  FoldConstants(ConstantEvaluator evaluator) : evaluator(std::move(evaluator)) {}

  void getDependentDialects(DialectRegistry &registry) const override {
    FoldConstantsBase::getDependentDialects(registry);
    if (evaluator.registerDialects)
      evaluator.registerDialects(registry);
  }

  void runOnOperation() override {
    if (!evaluator.evaluate)
      return;
    auto folded = Folding(getOperation()).run(evaluator);
    if (folded)
      numFolded += *folded;
    else
      emitWarning(getOperation().getLoc()) << "constants are not folded: " << llvm::toString(folded.takeError());
  }

  ConstantEvaluator evaluator;
};

} // namespace

std::unique_ptr<Pass> createFoldConstants(ConstantEvaluator evaluator) { return std::make_unique<FoldConstants>(std::move(evaluator)); }

} // namespace mlc

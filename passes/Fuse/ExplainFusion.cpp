// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. find the values that one kernel hands to another; 2. say why: what the passes noted on the reader, else what follows from the two kernels' kinds; 3. say in which kernels each recognised pattern ended.
#include "dialects/Graph/NodeNames.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "passes/Fuse/Cost.h"
#include "passes/Fuse/Notes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Fuse/Regions.h"
#include <map>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_EXPLAINFUSION
#include "passes/Fuse/FusePasses.h.inc"

void FusionNotes::decline(Value operand, Operation *reader, llvm::function_ref<std::string()> why) const {
  if (!on)
    return;
  auto old = reader->getAttrOfType<DictionaryAttr>(kDeclinedAttr);
  NamedAttrList notes(old ? old.getValue() : ArrayRef<NamedAttribute>());
  Builder b(reader->getContext());
  for (auto [i, v] : llvm::enumerate(reader->getOperands()))
    if (v == operand)
      notes.set(std::to_string(i), b.getStringAttr(why()));
  reader->setAttr(kDeclinedAttr, notes.getDictionary(reader->getContext()));
}

namespace {

class Explainer {
public:
  Explainer(func::FuncOp func, ShapeFacts &facts) : func(func), facts(facts), sizes(func, facts) {}

  void run(llvm::raw_ostream &os) {
    SmallVector<RegionOp> regions;
    func.walk([&](RegionOp region) { regions.push_back(region); });
    for (RegionOp reader : regions)
      for (auto [i, v] : llvm::enumerate(reader.getInputs()))
        if (auto [maker, result] = makerOf(v); maker && !reader.getBody().getArgument(i).use_empty())
          explain(maker, result, reader, reader.getBody().getArgument(i), os);
    os << llvm::formatv("explain-fusion: {0} values go through memory between {1} kernels, {2:f2} MB\n", edges, regions.size(), bytes / 1e6);
    explainPatterns(os);
    func.walk([](Operation *op) { op->removeAttr(kDeclinedAttr); });
  }

private:
  static std::pair<RegionOp, Value> makerOf(Value v) {
    while (auto view = v.getDefiningOp<ReshapeOp>())
      v = view.getX();
    return {v.getDefiningOp<RegionOp>(), v};
  }

  /// Each occurrence that recognise-patterns found, and the kernels that hold its ops.
  void explainPatterns(llvm::raw_ostream &os) {
    struct Occurrence {
      StringRef name, node;
      SmallVector<RegionOp, 4> kernels;
    };
    std::map<int64_t, Occurrence> occurrences;
    func.walk([&](Operation *op) {
      if (isa<RegionOp>(op))
        return;
      SmallVector<PatternTag> tags;
      collectPatterns(op->getLoc(), tags);
      for (const PatternTag &tag : tags) {
        auto [it, fresh] = occurrences.try_emplace(tag.number, Occurrence{tag.name, firstName(op->getLoc()), {}});
        if (auto region = op->getParentOfType<RegionOp>(); region && !llvm::is_contained(it->second.kernels, region))
          it->second.kernels.push_back(region);
      }
    });
    for (const auto &[number, o] : occurrences) {
      auto kinds = llvm::map_to_vector(o.kernels, [](RegionOp region) { return region.getKind(); });
      os << llvm::formatv("recognised {0} '{1}': {2} kernel{3} ({4})\n", o.name, o.node, kinds.size(), kinds.size() == 1 ? "" : "s", kinds.empty() ? "views alone" : llvm::join(kinds, ", "));
    }
  }

  void explain(RegionOp maker, Value result, RegionOp reader, BlockArgument inside, llvm::raw_ostream &os) {
    double size = double(sizes(product(facts.dims(result)))) * facts.elementType(result).getIntOrFloatBitWidth() / 8;
    ++edges;
    bytes += size;
    Operation *last = maker.getBody().front().getTerminator()->getOperand(cast<OpResult>(result).getResultNumber()).getDefiningOp();
    os << llvm::formatv("{0} '{1}' -> {2} '{3}', {4} {5:f1} kB: {6}\n", maker.getKind(), firstName(last ? last->getLoc() : maker.getLoc()), reader.getKind(), firstName(readerOp(inside)->getLoc()),
                        describe(facts.dims(result)), size / 1e3, why(maker, last, reader, inside));
  }

  /// The first op in the kernel that takes the value, past views.
  static Operation *readerOp(Value v) {
    Operation *user = *v.user_begin();
    while (isa<ReshapeOp>(user) && !user->getResult(0).use_empty())
      user = *user->getResult(0).user_begin();
    return user;
  }

  std::string why(RegionOp maker, Operation *last, RegionOp reader, Value inside) {
    // What a slice inside of the kernel gives to one op is that op's operand.
    for (Operation *user = *inside.user_begin(); inside.hasOneUse() && isa<SliceOp>(user) && !user->getResult(0).use_empty(); user = *inside.user_begin())
      inside = user->getResult(0);
    for (OpOperand &use : inside.getUses())
      if (auto notes = use.getOwner()->getAttrOfType<DictionaryAttr>(kDeclinedAttr))
        if (auto note = notes.getAs<StringAttr>(std::to_string(use.getOperandNumber())))
          return note.str();
    Operation *op = readerOp(inside);
    if (!last || isa<ReshapeOp>(last))
      return "the maker hands on what it was given";
    bool productMakes = maker.getKind() == "gemm" || maker.getKind() == "conv" || isa<MatMulOp, ConvOp>(last);
    if (productMakes)
      return isa<MatMulOp, ConvOp>(op) ? "a product reads whole rows or windows, and another product makes them tile by tile" : "the reader is no epilogue of a product: it takes other elements than its own";
    if (maker.getKind() == "attention" || maker.getKind() == "rows" || last->hasTrait<Reduction>())
      return "the maker's results are complete only at the end of its rows";
    if (isa<MatMulOp, ConvOp>(op)) {
      double times = timesReadByProduct(op, facts, sizes);
      FusionCost cost = fusionCost(last, times, /*keptToo=*/false, facts, sizes);
      std::string product = isa<ConvOp>(op) ? "a convolution" : "a product";
      return cost.pays() ? product + " takes nothing but a scale or shift of its rows inside" : product + " reads each element more than once: " + cost.str(times);
    }
    if (reader.getKind() == "attention")
      return "attention reads each element once per row of scores, from memory";
    if (maker.getKind() == "move" || reader.getKind() == "move" || !last->hasTrait<Pointwise>() || !op->hasTrait<Pointwise>())
      return ("'" + last->getName().getStringRef() + "' and '" + op->getName().getStringRef() + "' visit elements in different orders").str();
    return "the two grew from different anchors";
  }

  func::FuncOp func;
  ShapeFacts &facts;
  AssumedSizes sizes;
  unsigned edges = 0;
  double bytes = 0;
};

struct ExplainFusion : impl::ExplainFusionBase<ExplainFusion> {
  using ExplainFusionBase::ExplainFusionBase;
  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    Explainer(getOperation(), facts).run(llvm::errs());
  }
};

} // namespace
} // namespace mlc

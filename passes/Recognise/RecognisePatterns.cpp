// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. forget what an earlier run has found; 2. ask every matcher about every op; 3. write what was found into the ops' locations.
#include "passes/Recognise/Patterns.h"
#include "dialects/Graph/NodeNames.h"
#include "passes/Recognise/Passes.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_RECOGNISEPATTERNS
#include "passes/Recognise/RecognisePasses.h.inc"

namespace {

using Matcher = Outcome (*)(Operation *, ShapeFacts &);
/// An op that is part of several occurrences has the later matcher's outermost.
const Matcher kMatchers[] = {matchNamed, matchNorm, matchSoftmax, matchAttention, matchRotary, matchSqueezeExcite, matchBlocks, matchPatchEmbedding, matchCell};

struct RecognisePatterns : impl::RecognisePatternsBase<RecognisePatterns> {
  using RecognisePatternsBase::RecognisePatternsBase;

  void runOnOperation() override {
    ShapeFacts facts(getOperation());
    if (!facts.valid())
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      op->setLoc(withoutPatterns(op->getLoc()));
      if (isa<GraphDialect>(op->getDialect()) && !isa<ConstantOp>(op))
        ops.push_back(op);
    });
    std::vector<Outcome> found;
    for (Matcher matcher : kMatchers)
      for (Operation *op : ops)
        if (Outcome outcome = matcher(op, facts); outcome.found())
          found.push_back(std::move(outcome));
        else if (outcome.declined)
          decline(op, outcome);
    for (auto [number, outcome] : llvm::enumerate(found))
      name(outcome, number);
    numRecognised += found.size();
  }

private:
  void name(const Outcome &found, int64_t number) {
    std::string details = llvm::join(found.details, ", ");
    if (list)
      llvm::errs() << llvm::formatv("{0} '{1}'{2}\n", found.name, firstName(found.ops.front()->getLoc()), details.empty() ? "" : " (" + details + ")");
    for (Operation *op : found.ops)
      op->setLoc(withPattern(op->getLoc(), {found.name, number}));
  }

  void decline(Operation *op, const Outcome &outcome) {
    ++numDeclined;
    if (explain)
      llvm::errs() << llvm::formatv("no {0} at '{1}': {2}\n", outcome.name, firstName(op->getLoc()), outcome.declined);
  }
};

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Recognise/Patterns.h"
#include "dialects/Graph/NodeNames.h"
#include <set>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {

Value behindViews(Value v, Outcome *ops) {
  while (Operation *op = v.getDefiningOp()) {
    auto cast = dyn_cast<CastOp>(op);
    bool isView = isa<ReshapeOp, ExpandOp>(op) || (cast && isa<FloatType>(getElementTypeOrSelf(cast.getX().getType())) && isa<FloatType>(cast.getTo()));
    if (!isView)
      return v;
    if (ops)
      ops->ops.insert(op);
    v = op->getOperand(0);
  }
  return v;
}

Outcome matchNamed(Operation *op, ShapeFacts &facts) {
  Outcome o;
  o.name = TypeSwitch<Operation *, StringRef>(op)
               .Case<LstmScanOp>([](auto) { return "lstm"; })
               .Case<GruScanOp>([](auto) { return "gru"; })
               .Case<RnnScanOp>([](auto) { return "rnn"; })
               .Case<GeluOp>([](auto) { return "gelu"; })
               .Case<SwishOp>([](auto) { return "swish"; })
               .Case<HardSwishOp>([](auto) { return "hard_swish"; })
               .Case<MishOp>([](auto) { return "mish"; })
               .Default([](Operation *) { return ""; });
  o.ops.insert(op);
  return o;
}

std::map<std::string, unsigned> countPatterns(func::FuncOp func) {
  std::set<std::pair<StringRef, int64_t>> seen;
  std::map<std::string, unsigned> counts;
  func.walk([&](Operation *op) {
    SmallVector<PatternTag> tags;
    collectPatterns(op->getLoc(), tags);
    for (const PatternTag &tag : tags)
      if (seen.insert({tag.name, tag.number}).second)
        ++counts[tag.name.str()];
  });
  return counts;
}

} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. number the values of both branches, equal numbers for equal ops on equal operands; 2. move what both have in front of the If; 3. results that are then one value from outside are that value.
#include "passes/Normalize/Build.h"
#include "passes/Normalize/Passes.h"
#include "llvm/ADT/BitVector.h"
#include <map>

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
#define GEN_PASS_DEF_JOINBRANCHES
#include "passes/Normalize/Passes.h.inc"

namespace {

class Joiner {
public:
  explicit Joiner(IfOp branch) : branch(branch) {}
  unsigned joined = 0, replaced = 0;

  void run() {
    Block &then = branch.getThenRegion().front(), &other = branch.getElseRegion().front();
    std::map<const void *, Operation *> twins; // by the number of an op's first result
    for (Operation &op : other.without_terminator())
      if (const void *number = numberResults(op))
        twins.try_emplace(number, &op);
    for (Operation &op : llvm::make_early_inc_range(then.without_terminator())) {
      const void *number = numberResults(op);
      auto twin = number ? twins.find(number) : twins.end();
      if (twin != twins.end())
        join(op, *twin->second);
    }
    for (auto [result, a, b] : llvm::zip(branch.getResults(), then.getTerminator()->getOperands(), other.getTerminator()->getOperands()))
      if (a == b && !result.use_empty() && result.getType() == a.getType()) {
        result.replaceAllUsesWith(a);
        ++replaced;
      }
    if (replaced)
      dropUnusedResults();
  }

private:
  /// Numbers the results of an op in a branch. Null when no op of the other branch can be its equal: it holds regions, or has effects.
  const void *numberResults(Operation &op) {
    if (op.getNumRegions() || !isPure(&op) || op.getNumResults() == 0)
      return nullptr;
    SmallVector<const void *, 8> key{op.getName().getAsOpaquePointer(), op.getAttrDictionary().getAsOpaquePointer()};
    for (Type type : op.getResultTypes())
      key.push_back(type.getAsOpaquePointer());
    for (Value v : op.getOperands()) {
      auto known = numbers.find(v);
      key.push_back(known == numbers.end() ? v.getAsOpaquePointer() : known->second);
    }
    const void *first = byKey.try_emplace(key, op.getResult(0).getAsOpaquePointer()).first->second;
    numbers[op.getResult(0)] = first;
    for (Value more : llvm::drop_begin(op.getResults())) {
      key.push_back(first); // another key for each
      numbers[more] = byKey.try_emplace(key, more.getAsOpaquePointer()).first->second;
    }
    return first;
  }

  /// Operands of equal ops are equal, so they have been moved before.
  void join(Operation &op, Operation &twin) {
    op.moveBefore(branch);
    op.setLoc(FusedLoc::get(op.getContext(), {op.getLoc(), twin.getLoc()}));
    twin.replaceAllUsesWith(&op);
    ++joined;
  }

  /// What nobody reads any more is not handed out of the branches, which would copy it.
  void dropUnusedResults() {
    llvm::BitVector unused(branch.getNumResults());
    SmallVector<Value> used;
    for (OpResult result : branch.getResults())
      if (result.use_empty())
        unused.set(result.getResultNumber());
      else
        used.push_back(result);
    OpBuilder b(branch);
    auto smaller = IfOp::create(b, branch.getLoc(), ValueRange(used).getTypes(), branch.getCondition());
    smaller->setDiscardableAttrs(branch->getDiscardableAttrDictionary());
    for (auto [from, to] : llvm::zip(branch->getRegions(), smaller->getRegions())) {
      to.takeBody(from);
      to.front().getTerminator()->eraseOperands(unused);
    }
    for (auto [old, now] : llvm::zip(used, smaller.getResults()))
      old.replaceAllUsesWith(now);
    branch.erase();
  }

  IfOp branch;
  llvm::DenseMap<Value, const void *> numbers;
  std::map<SmallVector<const void *, 8>, const void *> byKey;
};

struct JoinBranches : impl::JoinBranchesBase<JoinBranches> {
  void runOnOperation() override {
    SmallVector<IfOp> branches;
    getOperation().walk([&](IfOp op) { branches.push_back(op); }); // the innermost first
    for (IfOp branch : branches) {
      Joiner joiner(branch);
      joiner.run();
      numJoined += joiner.joined;
      numReplaced += joiner.replaced;
    }
    eraseDead(getOperation());
  }
};

} // namespace
} // namespace mlc

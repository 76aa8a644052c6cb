// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Fuse/GroupOrder.h"

using namespace mlir;

namespace mlc {

GroupOrder::GroupOrder(Block &block) : block(block) {
  for (Operation &op : block) {
    orderOf[&op] = ops.size();
    ops.push_back(&op);
  }
}

void GroupOrder::forEachInUnit(Operation *op, function_ref<void(Operation *)> visit) const {
  auto it = groupOf.find(op);
  if (it == groupOf.end())
    return visit(op);
  llvm::for_each(groups[it->second], visit);
}

unsigned GroupOrder::last(Operation *op) const {
  unsigned order = 0;
  forEachInUnit(op, [&](Operation *member) { order = std::max(order, of(member)); });
  return order;
}

void GroupOrder::forEachOperand(Operation *op, function_ref<void(Operation *)> visit) const {
  // Control flow uses values from inside its regions.
  op->walk([&](Operation *inner) {
    for (Value v : inner->getOperands())
      if (Operation *def = v.getDefiningOp(); def && def->getBlock() == &block)
        visit(def);
  });
}

bool GroupOrder::closesCycle(Operation *op, const Group &group) const {
  auto inside = [&](Operation *at) { return at == op || group.contains(at); };
  unsigned first = of(op);
  for (Operation *member : group)
    first = std::min(first, of(member));
  // Backwards from what could use the others through the outside; units that lie before all of them use none of them.
  llvm::SmallPtrSet<Operation *, 16> seen;
  SmallVector<Operation *> work;
  bool closes = false;
  auto push = [&](Operation *from, bool outside) {
    forEachOperand(from, [&](Operation *def) {
      closes |= outside && inside(def);
      if (!inside(def) && !seen.contains(def) && last(def) > first)
        forEachInUnit(def, [&](Operation *member) {
          if (seen.insert(member).second)
            work.push_back(member);
        });
    });
  };
  push(op, false);
  for (Operation *member : group)
    if (of(member) > of(op))
      push(member, false);
  while (!work.empty() && !closes && seen.size() <= kMaxSearch)
    push(work.pop_back_val(), true);
  return closes || seen.size() > kMaxSearch;
}

void GroupOrder::contract(ArrayRef<Operation *> group) {
  for (Operation *op : group)
    groupOf[op] = groups.size();
  groups.emplace_back(group.begin(), group.end());
  // What uses the group and stands before its last op moves behind it.
  unsigned end = last(group.front()), begin = end;
  llvm::SmallPtrSet<Operation *, 16> users;
  SmallVector<Operation *> work(group);
  while (!work.empty())
    for (Operation *user : work.pop_back_val()->getUsers()) {
      Operation *at = block.findAncestorOpInBlock(*user);
      if (!at || users.contains(at) || llvm::is_contained(group, at) || of(at) > end)
        continue;
      forEachInUnit(at, [&](Operation *member) {
        if (users.insert(member).second) {
          work.push_back(member);
          begin = std::min(begin, of(member));
        }
      });
    }
  if (users.empty())
    return;
  std::stable_partition(ops.begin() + begin, ops.begin() + end + 1, [&](Operation *op) { return !users.contains(op); });
  for (unsigned i = begin; i <= end; ++i)
    orderOf[ops[i]] = i;
}

} // namespace mlc

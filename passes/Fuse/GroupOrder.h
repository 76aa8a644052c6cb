// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A topological order of a block's ops in which ops that were put into one group count as one op: what tells whether a further group would close a cycle.
#ifndef MLC_PASSES_FUSE_GROUPORDER_H
#define MLC_PASSES_FUSE_GROUPORDER_H

#include "dialects/Graph/Graph.h"
#include "llvm/ADT/SetVector.h"

namespace mlc {

class GroupOrder {
public:
  using Group = llvm::SetVector<mlir::Operation *>;

  explicit GroupOrder(mlir::Block &block);

  /// Every op comes behind what it uses, and all that uses a group comes behind the group's last op.
  unsigned of(mlir::Operation *op) const { return orderOf.lookup(op); }
  bool isGrouped(mlir::Operation *op) const { return groupOf.contains(op); }

  /// Whether `op` cannot join `group`: one of them depends on the other through ops or groups outside, or it would take more than kMaxSearch steps to know.
  bool closesCycle(mlir::Operation *op, const Group &group) const;
  /// Makes ops a group, which closes no cycle.
  void contract(llvm::ArrayRef<mlir::Operation *> group);
  /// An op that was created beside another one, to become part of a group with all its users.
  void addCopy(mlir::Operation *copy, mlir::Operation *original) { orderOf[copy] = of(original); }

private:
  // NOTE: without a bound, a skip connection over n ops costs n steps, and nested ones n * n.
  static constexpr size_t kMaxSearch = 1000;

  mlir::Block &block;
  std::vector<mlir::Operation *> ops; // by order
  llvm::DenseMap<mlir::Operation *, unsigned> orderOf, groupOf;
  std::vector<llvm::SmallVector<mlir::Operation *, 4>> groups;

  /// The op, or all ops of its group.
  void forEachInUnit(mlir::Operation *op, llvm::function_ref<void(mlir::Operation *)> visit) const;
  /// The order of its unit's last op.
  unsigned last(mlir::Operation *op) const;
  void forEachOperand(mlir::Operation *op, llvm::function_ref<void(mlir::Operation *)> visit) const;
};

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "passes/Fuse/Siblings.h"
#include "passes/Fuse/Regions.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

constexpr unsigned kMaxReaders = 64;

/// The dims that an op reduces and keeps as 1, or none.
SmallVector<int64_t> reducedDims(Operation *op, ShapeFacts &facts) {
  int64_t rank = op->getNumOperands() ? facts.rank(op->getOperand(0)) : 0;
  SmallVector<int64_t> dims;
  // arg_max has numbers where reductions have lists and bools.
  auto number = [&](StringRef name, int64_t otherwise) {
    auto attr = op->getAttrOfType<IntegerAttr>(name);
    return attr ? attr.getValue().getSExtValue() : otherwise;
  };
  if (isa<ArgMaxOp, ArgMinOp>(op))
    dims = {number("axis", 0)};
  else if (op->hasTrait<Reduction>())
    dims = SmallVector<int64_t>(cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef());
  else
    return {};
  if (number("keepdims", 1) == 0)
    return {};
  for (int64_t &d : dims)
    d += d < 0 ? rank : 0;
  llvm::sort(dims);
  return dims;
}

} // namespace

bool isColumnReduction(Operation *op, ShapeFacts &facts) {
  SmallVector<int64_t> dims = op->hasTrait<Reduction>() ? reducedDims(op, facts) : SmallVector<int64_t>();
  return !dims.empty() && dims.back() + 1 < facts.rank(op->getOperand(0));
}

SmallVector<SmallVector<Operation *, 2>> siblingReductions(Operation *op, ShapeFacts &facts) {
  SmallVector<SmallVector<Operation *, 2>> found;
  SmallVector<int64_t> dims = reducedDims(op, facts);
  // What the reduction reads: the tensor, or a pointwise op on it alone.
  Value x = op->getOperand(0);
  SmallVector<Value, 2> tensors{x};
  if (Operation *maker = x.getDefiningOp(); maker && maker->hasTrait<Pointwise>() && x.hasOneUse() && maker->getBlock() == op->getBlock())
    for (Value v : maker->getOperands())
      if (Dims(facts.dims(v)) == Dims(facts.dims(x)) && !llvm::is_contained(tensors, v))
        tensors.push_back(v);
  if (dims.empty())
    return found;
  bool row = dims.size() == 1 && dims[0] + 1 == facts.rank(x);
  auto fits = [&](Operation *other) {
    return other != op && other->getBlock() == op->getBlock() && (row || !isa<ArgMaxOp, ArgMinOp>(other)) && reducedDims(other, facts) == dims && Dims(facts.dims(other->getOperand(0))) == Dims(facts.dims(x));
  };
  for (Value tensor : tensors) {
    if (tensor.hasNUsesOrMore(kMaxReaders))
      continue;
    SmallPtrSet<Operation *, 8> seen;
    for (Operation *reader : tensor.getUsers()) {
      if (!seen.insert(reader).second)
        continue;
      SmallVector<Operation *, 2> ops;
      if (tensor != x)
        ops.push_back(x.getDefiningOp());
      if (fits(reader))
        found.push_back(ops), found.back().push_back(reader);
      else if (reader->hasTrait<Pointwise>() && reader->getNumResults() == 1 && reader->getResult(0).hasOneUse() && reader->getBlock() == op->getBlock())
        if (Operation *next = *reader->getResult(0).user_begin(); fits(next) && Dims(facts.dims(reader->getResult(0))) == Dims(facts.dims(tensor)))
          found.push_back(ops), found.back().append({reader, next});
    }
  }
  llvm::stable_sort(found, [](const auto &a, const auto &b) { return a.back()->isBeforeInBlock(b.back()); });
  return found;
}

} // namespace mlc

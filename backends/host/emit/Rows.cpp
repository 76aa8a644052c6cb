// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The rows family: reductions over the last dim and the pointwise ops around them (softmax, norms, ...), one task per row.
// Each reduction is one pass over the row with vector accumulators; its result is a scalar that later passes use from a register.
#include "backends/host/emit/RowPass.h"

using namespace mlir;
using namespace mlc::graph;
using mlc::reference::Emitter;

namespace mlc::host {
namespace {

class Rows {
public:
  explicit Rows(KernelBuilder &k) : k(k), e(*k.e) {}

  LogicalResult run() {
    if (!analyze())
      return failure();
    k.kernel.grid = product(ArrayRef<DimExpr>(dims).drop_back());
    k.kernel.taskNanoseconds = static_cast<double>(extent.value_or(512)) * (0.2 + 0.3 * costly) * (1 + reductions);
    k.forEachTask([&](Value task) {
      RowPass row(k, dims);
      for (Value v : e.delinearize(task, ArrayRef<DimExpr>(dims).drop_back()))
        row.index.push_back(e.position(v));
      for (Operation &op : k.body().without_terminator())
        if (op.hasTrait<Reduction>())
          row.reduce(&op);
      writeResults(row);
    });
    return success();
  }

private:
  /// Read element by element like memory.
  static bool isRead(Operation *op) { return isa<SliceOp, ReshapeOp, GatherOp, GatherElementsOp, RangeOp, ExpandOp, DimsTensorOp, ArgMaxOp, ArgMinOp>(op); }

  /// All reductions are over the last dim of one shape; all results have that shape or its last dim reduced.
  bool analyze() {
    for (Operation &op : k.body().without_terminator()) {
      if (op.hasTrait<Reduction>()) {
        Dims in(k.facts.dims(op.getOperand(0)));
        auto axes = cast<DenseI64ArrayAttr>(op.getAttr("axes")).asArrayRef();
        if (axes.size() != 1 || axes[0] + 1 != static_cast<int64_t>(in.size()) || !cast<BoolAttr>(op.getAttr("keepdims")).getValue())
          return false;
        if (!dims.empty() && dims != in)
          return false;
        dims = in;
        ++reductions;
      } else if (!op.hasTrait<Pointwise>() && !isa<ConstantOp>(op) && !isRead(&op)) {
        return false;
      }
      costly += isCostly(&op);
    }
    if (!reductions)
      return false;
    extent = dims.back().constant();
    Dims reduced(dims);
    reduced.back() = 1;
    for (Value r : k.region.getResults())
      if (Dims(k.facts.dims(r)) != dims && Dims(k.facts.dims(r)) != reduced)
        return false;
    return true;
  }

  void writeResults(RowPass &row) {
    bool full = false;
    for (auto [i, r] : llvm::enumerate(k.region.getResults())) {
      if (Dims(k.facts.dims(r)) == dims && !dims.back().isConstant(1))
        full = true;
      else
        k.storeResult(i, row.at(e.i64(0), false));
    }
    if (!full)
      return;
    row.overRow([&](Value i, bool lane) {
      for (auto [n, r] : llvm::enumerate(k.region.getResults()))
        if (Dims(k.facts.dims(r)) == dims)
          k.storeResult(n, row.at(i, lane));
    });
  }

  KernelBuilder &k;
  Emitter &e;
  Dims dims;
  std::optional<int64_t> extent;
  int reductions = 0, costly = 0;
};

} // namespace

LogicalResult emitRows(KernelBuilder &k) { return Rows(k).run(); }

} // namespace mlc::host

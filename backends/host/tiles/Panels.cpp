// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/tiles/Panels.h"
#include "backends/host/tiles/RegisterTile.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc::host {
namespace {

/// Builds moves, with types inferred.
struct Mover {
  OpBuilder &b;
  ShapeFacts &facts;
  Location loc;

  NamedAttribute dimsAttr(StringRef name, ArrayRef<DimExpr> dims) { return b.getNamedAttr(name, DimsAttr::get(b.getContext(), dims)); }
  Value reshape(Value v, ArrayRef<DimExpr> dims) { return facts.make<ReshapeOp>(b, loc, v, {dimsAttr("dims", dims)}); }
  Value transpose(Value v, ArrayRef<int64_t> perm) { return facts.make<TransposeOp>(b, loc, v, {b.getNamedAttr("perm", b.getDenseI64ArrayAttr(perm))}); }
  /// Zeros after the end of `axis` up to `extent`.
  Value padTo(Value v, int64_t axis, const DimExpr &extent) {
    Dims low(facts.rank(v), DimExpr(0)), high(low);
    high[axis] = extent - facts.dim(v, axis);
    if (high[axis].isConstant(0))
      return v;
    return facts.make<PadOp>(b, loc, v, {dimsAttr("low", low), dimsAttr("high", high)});
  }
  Value cropTo(Value v, int64_t axis, const DimExpr &extent) {
    Dims dims(facts.dims(v)), starts(dims.size(), DimExpr(0));
    if (dims[axis] == extent)
      return v;
    dims[axis] = extent;
    SmallVector<int64_t> steps(dims.size(), 1);
    return facts.make<SliceOp>(b, loc, v, {dimsAttr("starts", starts), b.getNamedAttr("steps", b.getDenseI64ArrayAttr(steps)), dimsAttr("dims", dims)});
  }
};

/// Through a crop that starts at 0.
Value uncropped(Value v) {
  auto slice = v.getDefiningOp<SliceOp>();
  return slice && llvm::all_of(slice.getStarts().getDims(), [](const DimExpr &d) { return d.isConstant(0); }) ? slice.getX() : v;
}

Value packedThrough(Value v, ArrayRef<int64_t> lastPerm) {
  auto reshape = uncropped(v).getDefiningOp<ReshapeOp>();
  auto transpose = reshape ? reshape.getX().getDefiningOp<TransposeOp>() : TransposeOp();
  if (!transpose || !isa<BlockArgument>(transpose.getX()))
    return {};
  auto perm = transpose.getPerm();
  // The given permutation of the last dims; batch dims before them stay.
  int64_t lead = static_cast<int64_t>(perm.size()) - static_cast<int64_t>(lastPerm.size());
  if (lead < 0)
    return {};
  for (auto [i, p] : llvm::enumerate(perm))
    if (p != (static_cast<int64_t>(i) < lead ? static_cast<int64_t>(i) : lastPerm[i - lead] + lead))
      return {};
  auto type = cast<RankedTensorType>(transpose.getX().getType());
  return type.getShape().back() == kPanel ? transpose.getX() : Value();
}

} // namespace

Packing packProduct(OpBuilder &b, ShapeFacts &facts, Value operand) {
  Mover m{b, facts, operand.getLoc()};
  Dims dims(facts.dims(operand));
  int64_t rank = dims.size(), batch = rank - 2;
  DimExpr K = dims[rank - 2], N = dims[rank - 1], panels = DimExpr::ceilDiv(N, kPanel);
  Value v = m.padTo(operand, rank - 1, panels * kPanel);
  Dims split(dims.begin(), dims.end() - 1);
  split.append({panels, DimExpr(kPanel)});
  v = m.reshape(v, split);
  SmallVector<int64_t> perm;
  for (int64_t i = 0; i < batch; ++i)
    perm.push_back(i);
  perm.append({batch + 1, batch, batch + 2});
  v = m.transpose(v, perm);
  return {v, [&facts, perm, dims, panels, rank](OpBuilder &b, Value packed) {
            Mover m{b, facts, packed.getLoc()};
            Dims joined(dims);
            joined[rank - 1] = panels * DimExpr(kPanel);
            return m.cropTo(m.reshape(m.transpose(packed, perm), joined), rank - 1, dims[rank - 1]);
          }};
}

Value packedProduct(Value operand) { return packedThrough(operand, {1, 0, 2}); }

Packing packConvolution(OpBuilder &b, ShapeFacts &facts, Value weights) {
  Mover m{b, facts, weights.getLoc()};
  Dims dims(facts.dims(weights)); // [Cout, C, R, S]
  DimExpr panels = DimExpr::ceilDiv(dims[0], kPanel);
  Value v = m.padTo(weights, 0, panels * kPanel);
  v = m.reshape(v, {panels, DimExpr(kPanel), dims[1], dims[2], dims[3]});
  v = m.transpose(v, {0, 3, 4, 2, 1}); // [panel, R, S, C, 16]
  return {v, [&facts, dims, panels](OpBuilder &b, Value packed) {
            Mover m{b, facts, packed.getLoc()};
            Value v = m.transpose(packed, {0, 4, 3, 1, 2});
            return m.cropTo(m.reshape(v, {panels * DimExpr(kPanel), dims[1], dims[2], dims[3]}), 0, dims[0]);
          }};
}

Value packedConvolution(Value weights) { return packedThrough(weights, {0, 4, 3, 1, 2}); }

Packing packDepthwise(OpBuilder &b, ShapeFacts &facts, Value weights) {
  Mover m{b, facts, weights.getLoc()};
  Dims dims(facts.dims(weights)); // [C, 1, R, S]
  Value v = m.transpose(m.reshape(weights, {dims[0], dims[2], dims[3]}), {1, 2, 0});
  return {v, [&facts, dims](OpBuilder &b, Value packed) {
            Mover m{b, facts, packed.getLoc()};
            return m.reshape(m.transpose(packed, {2, 0, 1}), dims);
          }};
}

Value packedDepthwise(Value weights) {
  auto reshape = weights.getDefiningOp<ReshapeOp>();
  auto transpose = reshape ? reshape.getX().getDefiningOp<TransposeOp>() : TransposeOp();
  bool fits = transpose && isa<BlockArgument>(transpose.getX()) && llvm::equal(transpose.getPerm(), ArrayRef<int64_t>{2, 0, 1});
  return fits ? transpose.getX() : Value();
}

} // namespace mlc::host

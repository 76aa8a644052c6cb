// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Pictures cut into blocks and put together again: reshape, transpose, reshape, in any layout. Each reshape is read as runs of dims that become one dim, or of one that becomes several;
// two dims of a picture are cut into (blocks, place in the block), and where the transpose moves those parts tells the pattern.
#include "passes/Normalize/Build.h"
#include "passes/Recognise/Patterns.h"

using namespace mlir;
using namespace mlc::graph;

namespace mlc {
namespace {

/// For each of `fine` the dim of `coarse` that it is part of; empty when coarse does not come of joining neighbours of fine.
SmallVector<int64_t> joins(ArrayRef<DimExpr> fine, ArrayRef<DimExpr> coarse) {
  SmallVector<int64_t> part;
  size_t at = 0;
  for (size_t k = 0; k < coarse.size(); ++k) {
    DimExpr size = 1;
    for (bool first = true; at < fine.size() && (first || size != coarse[k]); first = false) {
      size = size * fine[at++];
      part.push_back(k);
    }
    if (size != coarse[k])
      return {};
  }
  for (; at < fine.size(); ++at) {
    if (!fine[at].isConstant(1))
      return {};
    part.push_back(static_cast<int64_t>(coarse.size()) - 1);
  }
  return part;
}

/// The pairs of neighbours, the batch not counted, that are all of one dim of the coarse shape: (outer, inner).
SmallVector<std::pair<int64_t, int64_t>> pairsOf(ArrayRef<int64_t> part) {
  SmallVector<std::pair<int64_t, int64_t>> pairs;
  for (int64_t i = 1; i + 1 < static_cast<int64_t>(part.size()); ++i)
    if (part[i] == part[i + 1] && llvm::count(part, part[i]) == 2)
      pairs.push_back({i, i + 1});
  return pairs;
}

class BlockMatcher {
public:
  BlockMatcher(TransposeOp op, ReshapeOp before, ReshapeOp after, ShapeFacts &facts) : op(op), before(before), after(after), perm(op.getPerm()) {
    Dims fine(facts.dims(op.getX())), moved(facts.dims(op.getY()));
    in = joins(fine, facts.dims(before.getX()));
    out = joins(moved, facts.dims(after.getY()));
  }

  Outcome run() {
    if (perm.size() != 6 || perm[0] != 0)
      return Outcome::none();
    if (auto cut = pairsOf(in); cut.size() == 2)
      if (StringRef name = cutName(cut); !name.empty())
        return named(name);
    if (auto joined = pairsOf(out); joined.size() == 2)
      if (StringRef name = joinedName(joined); !name.empty())
        return named(name);
    if (in.empty() || out.empty())
      return Outcome::none();
    return Outcome::almost("window_partition", "the transpose does not bring blocks, or places in a block, of two dims together");
  }

private:
  Outcome named(StringRef name) {
    Outcome o;
    o.name = name;
    o.ops.insert(after);
    o.ops.insert(op);
    o.ops.insert(before);
    return o;
  }

  /// Where dim i of the transpose's operand is in its result.
  int64_t place(int64_t i) const { return llvm::find(perm, i) - perm.begin(); }

  /// Two dims were cut: blocks come together in order, places in a block too.
  StringRef cutName(ArrayRef<std::pair<int64_t, int64_t>> cut) {
    auto [outer1, inner1] = cut[0];
    auto [outer2, inner2] = cut[1];
    if (place(outer2) != place(outer1) + 1 || out.empty())
      return "";
    int64_t channel = 15 - outer1 - inner1 - outer2 - inner2; // all six indices sum up to 15, and the batch is 0
    bool together = out[place(inner1)] == out[place(inner2)] && out[place(inner1)] == out[place(channel)];
    if (together)
      return out[place(outer1)] == out[place(outer2)] ? "patch_embedding" : "pixel_unshuffle";
    return place(inner2) == place(inner1) + 1 ? "window_partition" : "";
  }

  /// Two dims are put together of blocks and places.
  StringRef joinedName(ArrayRef<std::pair<int64_t, int64_t>> joined) {
    int64_t outer1 = perm[joined[0].first], inner1 = perm[joined[0].second], outer2 = perm[joined[1].first], inner2 = perm[joined[1].second];
    if (outer2 != outer1 + 1)
      return "";
    int64_t channel = 15 - outer1 - inner1 - outer2 - inner2;
    if (!in.empty() && in[inner1] == in[inner2] && in[inner1] == in[channel])
      return "pixel_shuffle";
    return inner2 == inner1 + 1 ? "window_reverse" : "";
  }

  TransposeOp op;
  ReshapeOp before, after;
  ArrayRef<int64_t> perm;
  SmallVector<int64_t> in, out; // the dim before and after that a dim of the transpose's operand and result is part of
};

/// The one reader of a value, when it is an Op.
template <typename Op> Op onlyReader(Value v) { return v.hasOneUse() ? dyn_cast<Op>(*v.user_begin()) : Op(); }

} // namespace

Outcome matchBlocks(Operation *op, ShapeFacts &facts) {
  auto transpose = dyn_cast<TransposeOp>(op);
  auto before = transpose ? transpose.getX().getDefiningOp<ReshapeOp>() : ReshapeOp();
  auto after = before ? onlyReader<ReshapeOp>(transpose.getY()) : ReshapeOp();
  return after && !derivesFromConstants(before.getX()) ? BlockMatcher(transpose, before, after, facts).run() : Outcome::none();
}

Outcome matchPatchEmbedding(Operation *op, ShapeFacts &facts) {
  auto conv = dyn_cast<ConvOp>(op);
  if (!conv || conv.getGroup() != 1 || conv.getStrides().size() < 2)
    return Outcome::none();
  auto rows = onlyReader<ReshapeOp>(conv.getY());
  auto moved = onlyReader<TransposeOp>(rows ? rows.getY() : conv.getY());
  int64_t rank = moved ? moved.getPerm().size() : 0;
  if (rank < 3 || moved.getPerm().back() != 1 || (rows && rank != 3))
    return Outcome::none();
  Dims weights(facts.dims(conv.getW()));
  if (llvm::any_of(conv.getStrides(), [](int64_t stride) { return stride == 1; }))
    return Outcome::none();
  bool tiles = llvm::all_of(llvm::zip(llvm::drop_begin(weights, 2), conv.getStrides()), [](auto pair) { return std::get<0>(pair).isConstant(std::get<1>(pair)); });
  if (!tiles)
    return Outcome::almost("patch_embedding", "the windows do not tile the picture");
  if (llvm::any_of(conv.getPads(), [](int64_t pad) { return pad != 0; }) || llvm::any_of(conv.getDilations(), [](int64_t d) { return d != 1; }))
    return Outcome::almost("patch_embedding", "the picture is padded, or the windows have gaps");
  Outcome o;
  o.name = "patch_embedding";
  o.ops.insert(moved);
  if (rows)
    o.ops.insert(rows);
  o.ops.insert(conv);
  return o;
}

} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/race_check.h"

#include <algorithm>
#include <cinttypes>

namespace mlc::runtime::cuda {
namespace {

bool Overlap(const ByteRange& a, const ByteRange& b) {
  return a.space == b.space && a.begin < b.end && b.begin < a.end;
}

bool AreSame(const ByteRange& a, const ByteRange& b) {
  return a.space == b.space && a.begin == b.begin && a.end == b.end;
}

Status CheckInstruction(const ShapePlan& shape, const Step& step) {
  const bool is_copy = step.op == plan::Op::Copy;
  const std::vector<ByteRange> ranges = AccessesOf(shape, step);
  for (size_t i = 0; i < ranges.size(); ++i) {
    const ByteRange& a = ranges[i];
    if (!a.write) continue;
    for (size_t k = 0; k < ranges.size(); ++k) {
      const ByteRange& b = ranges[k];
      if (i == k || !Overlap(a, b)) continue;
      if (!is_copy && !b.write && AreSame(a, b)) continue;
      if (!is_copy && a.root == b.root && !AreSame(a, b)) continue;  // parts that interleave
      return Error(MLC_STATUS_BAD_PLAN,
                   "damaged plan: %s writes bytes %" PRIu64 " to %" PRIu64
                   " while it %s bytes %" PRIu64 " to %" PRIu64 " of the same memory",
                   DescribeInstruction(shape.bound(), *step.instruction).c_str(), a.begin, a.end,
                   b.write ? "writes" : "reads", b.begin, b.end);
    }
  }
  return Ok();
}

// Of each node which nodes come before it, by the edges alone.
class Order {
 public:
  explicit Order(const Topology& topology)
      : words_((topology.steps.size() + 63) / 64), before_(words_ * topology.steps.size()) {
    for (const GraphEdge& edge : topology.edges) {  // ordered by `to`, and from < to
      for (size_t w = 0; w < words_; ++w) Row(edge.to)[w] |= Row(edge.from)[w];
      Row(edge.to)[edge.from / 64] |= uint64_t{1} << edge.from % 64;
    }
  }
  bool IsBefore(uint32_t a, uint32_t b) { return Row(b)[a / 64] >> a % 64 & 1; }

 private:
  uint64_t* Row(uint32_t node) { return before_.data() + node * words_; }

  const size_t words_;
  std::vector<uint64_t> before_;
};

bool Conflict(const std::vector<ByteRange>& a, const std::vector<ByteRange>& b) {
  for (const ByteRange& x : a)
    for (const ByteRange& y : b)
      if ((x.write || y.write) && Overlap(x, y)) return true;
  return false;
}

}  // namespace

Status CheckInstructions(const ShapePlan& shape) {
  for (uint32_t block = 0; block < shape.num_blocks(); ++block)
    for (const Step& step : shape.block(block)) MLC_TRY(CheckInstruction(shape, step));
  return Ok();
}

Status CheckOrder(const ShapePlan& shape, const Piece& piece) {
  std::vector<std::vector<ByteRange>> accesses;
  for (const Step* step : piece.nodes) accesses.push_back(AccessesOf(shape, *step));
  Order order(piece.topology);
  for (uint32_t b = 0; b < accesses.size(); ++b)
    for (uint32_t a = 0; a < b; ++a) {
      if (order.IsBefore(a, b) || !Conflict(accesses[a], accesses[b])) continue;
      return Error(MLC_STATUS_INTERNAL,
                   "%s (stream %u) and %s (stream %u) touch the same bytes and nothing orders them",
                   DescribeInstruction(shape.bound(), *piece.nodes[a]->instruction).c_str(),
                   piece.nodes[a]->instruction->stream(),
                   DescribeInstruction(shape.bound(), *piece.nodes[b]->instruction).c_str(),
                   piece.nodes[b]->instruction->stream());
    }
  return Ok();
}

}  // namespace mlc::runtime::cuda

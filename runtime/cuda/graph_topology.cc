// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/graph_topology.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "runtime/plan/access.h"
#include "runtime/plan/validator.h"

namespace mlc::runtime::cuda {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;

// The last accesses to each byte of a space that a later one may have to wait for.
class LastAccesses {
 public:
  explicit LastAccesses(uint32_t num_streams) : num_streams_(num_streams) {}

  // Calls wait(node) for every access that this one conflicts with, then takes its place.
  template <typename Wait>
  void Access(const ByteRange& range, uint32_t node, uint32_t stream, Wait wait) {
    SplitAt(range.begin);
    SplitAt(range.end);
    auto at = intervals_.lower_bound(range.begin);
    uint64_t reached = range.begin;
    for (; at != intervals_.end() && at->first < range.end; ++at) {
      if (at->first > reached) Insert(reached, at->first);
      Visit(at->second, range.write, node, wait);
      reached = at->second.end;
    }
    if (reached < range.end) Insert(reached, range.end);
    // The new pieces have nobody to wait for, but must know this access.
    for (at = intervals_.lower_bound(range.begin); at != intervals_.end() && at->first < range.end;
         ++at)
      Record(at->second, range.write, node, stream);
  }

 private:
  struct Interval {
    uint64_t end;
    uint32_t writer = kNobody;
    std::vector<uint32_t> readers;  // by stream, since the writer
  };

  void Insert(uint64_t begin, uint64_t end) {
    intervals_.emplace(begin, Interval{end, kNobody, std::vector<uint32_t>(num_streams_, kNobody)});
  }

  void SplitAt(uint64_t offset) {
    auto after = intervals_.upper_bound(offset);
    if (after == intervals_.begin()) return;
    auto at = std::prev(after);
    if (at->first == offset || at->second.end <= offset) return;
    Interval right = at->second;
    at->second.end = offset;
    intervals_.emplace(offset, std::move(right));
  }

  template <typename Wait>
  static void Visit(const Interval& interval, bool write, uint32_t node, Wait wait) {
    if (interval.writer != kNobody && interval.writer != node) wait(interval.writer);
    if (!write) return;
    for (uint32_t reader : interval.readers)
      if (reader != kNobody && reader != node) wait(reader);
  }

  static void Record(Interval& interval, bool write, uint32_t node, uint32_t stream) {
    if (write) {
      interval.writer = node;
      std::fill(interval.readers.begin(), interval.readers.end(), kNobody);
    } else {
      interval.readers[stream] = node;
    }
  }

  const uint32_t num_streams_;
  std::map<uint64_t, Interval> intervals_;
};

void AddAccess(const ShapePlan& shape, uint32_t buffer, bool write,
               std::vector<ByteRange>& ranges) {
  const MemoryPlan& memory = shape.memory();
  const uint32_t root = memory.roots[buffer];
  const plan::BufferKind kind = shape.bound().program->buffers()->Get(root)->kind();
  if (kind == plan::BufferKind::Constant || memory.sizes[buffer] == 0) return;
  const bool in_arena = kind == plan::BufferKind::Temp;
  const uint64_t begin = memory.root_offsets[buffer] + (in_arena ? memory.arena_offsets[root] : 0);
  ranges.push_back({in_arena ? 0 : root + 1, begin, begin + memory.sizes[buffer], write, root});
}

class EdgeBuilder {
 public:
  EdgeBuilder(const ShapePlan& shape, const std::vector<const Step*>& nodes)
      : shape_(shape), nodes_(nodes) {
    for (const Step* step : nodes)
      num_streams_ = std::max(num_streams_, step->instruction->stream() + 1);
  }

  std::vector<GraphEdge> Build() {
    if (num_streams_ == 1) {
      for (uint32_t i = 1; i < nodes_.size(); ++i) edges_.push_back({i - 1, i});
      return std::move(edges_);
    }
    for (uint32_t node = 0; node < nodes_.size(); ++node) AddNode(node);
    return std::move(edges_);
  }

 private:
  uint32_t StreamOf(uint32_t node) const { return nodes_[node]->instruction->stream(); }

  void AddNode(uint32_t node) {
    const uint32_t stream = StreamOf(node);
    // Of each stream the latest node that this one must come after; what it implies of other
    // streams is in `reached_`.
    std::vector<uint32_t> waits(num_streams_, kNobody);
    auto wait = [&](uint32_t earlier) {
      uint32_t& latest = waits[StreamOf(earlier)];
      if (latest == kNobody || latest < earlier) latest = earlier;
    };
    if (last_of_stream_.size() < num_streams_) last_of_stream_.assign(num_streams_, kNobody);
    if (last_of_stream_[stream] != kNobody) wait(last_of_stream_[stream]);
    for (const ByteRange& range : AccessesOf(shape_, *nodes_[node])) {
      auto [space, is_new] = spaces_.try_emplace(range.space, num_streams_);
      space->second.Access(range, node, stream, wait);
    }
    AddEdges(node, waits);
    last_of_stream_[stream] = node;
  }

  // Latest first: an earlier one that a later one has waited for is left out.
  void AddEdges(uint32_t node, std::vector<uint32_t>& waits) {
    std::vector<uint32_t>& reached = reached_.emplace_back(num_streams_, 0);  // nodes + 1
    std::sort(waits.begin(), waits.end(), [](uint32_t a, uint32_t b) { return a + 1 > b + 1; });
    for (uint32_t from : waits) {
      if (from == kNobody) continue;
      if (reached[StreamOf(from)] >= from + 1) continue;
      edges_.push_back({from, node});
      for (uint32_t s = 0; s < num_streams_; ++s)
        reached[s] = std::max(reached[s], reached_[from][s]);
    }
    reached[StreamOf(node)] = node + 1;
  }

  const ShapePlan& shape_;
  const std::vector<const Step*>& nodes_;
  uint32_t num_streams_ = 1;
  std::map<uint32_t, LastAccesses> spaces_;
  std::vector<uint32_t> last_of_stream_;
  std::vector<std::vector<uint32_t>>
      reached_;  // of each node: of each stream how far it comes after
  std::vector<GraphEdge> edges_;
};

}  // namespace

bool Topology::AddEdges(const std::vector<GraphEdge>& more) {
  auto before = [](const GraphEdge& a, const GraphEdge& b) {
    return a.to != b.to ? a.to < b.to : a.from > b.from;
  };
  if (std::includes(edges.begin(), edges.end(), more.begin(), more.end(), before)) return false;
  std::vector<GraphEdge> all;
  std::set_union(edges.begin(), edges.end(), more.begin(), more.end(), std::back_inserter(all),
                 before);
  edges = std::move(all);
  return true;
}

bool DoesSomething(const ShapePlan& shape, const Step& step) {
  if (step.op == plan::Op::Launch) return step.grid > 0;
  return shape.size_bytes(step.instruction->op_as_Copy()->src()) > 0;
}

std::vector<ByteRange> AccessesOf(const ShapePlan& shape, const Step& step) {
  std::vector<ByteRange> ranges;
  if (const plan::Launch* launch = step.instruction->op_as_Launch()) {
    const plan::Kernel& kernel = *shape.bound().target->kernels()->Get(launch->kernel());
    ranges.reserve(Count(launch->buffers()));
    for (uint32_t i = 0; i < Count(launch->buffers()); ++i)
      AddAccess(shape, launch->buffers()->Get(i),
                kernel.params()->GetEnum<plan::Access>(i) != plan::Access::Read, ranges);
  } else if (const plan::Copy* copy = step.instruction->op_as_Copy()) {
    AddAccess(shape, copy->src(), false, ranges);
    AddAccess(shape, copy->dst(), true, ranges);
  }
  return ranges;
}

std::vector<Piece> CutIntoPieces(const ShapePlan& shape, uint32_t block) {
  std::vector<Piece> pieces;
  bool open = false;
  for (const Step& step : shape.block(block)) {
    const bool is_control = step.op == plan::Op::If || step.op == plan::Op::Loop;
    if (is_control || !open) pieces.emplace_back();
    open = !is_control;
    if (is_control)
      pieces.back().control = &step;
    else if (DoesSomething(shape, step))
      pieces.back().nodes.push_back(&step);
  }
  for (Piece& piece : pieces) {
    for (const Step* step : piece.nodes) piece.topology.steps.push_back(step->number);
    if (!piece.nodes.empty()) piece.topology.edges = EdgeBuilder(shape, piece.nodes).Build();
  }
  return pieces;
}

}  // namespace mlc::runtime::cuda

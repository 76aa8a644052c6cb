// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which instructions of a block become the nodes of one graph, and which wait for which.
#ifndef MLC_RUNTIME_CUDA_GRAPH_TOPOLOGY_H
#define MLC_RUNTIME_CUDA_GRAPH_TOPOLOGY_H

#include <vector>

#include "runtime/exec/shape_plan.h"

namespace mlc::runtime::cuda {

// Nodes by their place in `steps`.
struct GraphEdge {
  uint32_t from, to;
  bool operator==(const GraphEdge&) const = default;
};

// What a graph is whatever its sizes and addresses.
struct Topology {
  std::vector<uint32_t> steps;   // numbers of the instructions that do something
  std::vector<GraphEdge> edges;  // ordered by `to`, then by `from`, the latest first
  bool operator==(const Topology&) const = default;

  // Those of another topology of the same steps too; false when all are here. More edges than are
  // needed are as right: every edge goes from an earlier instruction to a later one.
  bool AddEdges(const std::vector<GraphEdge>& more);
};

// A piece of a block: launches and copies that follow each other, or one If or Loop.
struct Piece {
  const Step* control = nullptr;   // the If or Loop, else null
  std::vector<const Step*> nodes;  // else launches with a grid and copies of something
  Topology topology;
};

// Of a launch or copy: whether it is a launch with a grid or a copy of something.
bool DoesSomething(const ShapePlan& shape, const Step& step);

// Bytes that a launch or copy reads or writes. Memory is known by a space (0: the arena, else an
// input or output) and an offset in it, so that addresses do not matter. Constants, which nobody
// writes, are left out.
struct ByteRange {
  uint32_t space;
  uint64_t begin, end;
  bool write;
  uint32_t root;  // the buffer that it is, or is a part of
};
std::vector<ByteRange> AccessesOf(const ShapePlan& shape, const Step& step);

// Instructions of one stream (Instruction.stream) run in order. Those of different streams wait for
// each other where both touch the same bytes of the arena, an input or an output, and one of them
// writes; edges that others imply are left out (GraphCache::IsDependentLaunch says why that may
// be). O(n log n) in the instructions for a few streams.
std::vector<Piece> CutIntoPieces(const ShapePlan& shape, uint32_t block);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_GRAPH_TOPOLOGY_H

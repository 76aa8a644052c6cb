// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A session's executable graphs, by the instructions that are their nodes. The first use of such a
// set goes to the stream, the second makes the graph; later ones set the parameters of the nodes
// that changed (0.3 to 0.6 us each, where making a graph costs 2 us a node) and launch. Shapes
// place the arena's buffers differently, and with several streams that moves edges: a graph gets
// those of all shapes that it was used for, so that after a few of them it serves every one. What a
// library enqueues for a product is captured as a graph of its own, which is one node of ours.
#ifndef MLC_RUNTIME_CUDA_GRAPH_CACHE_H
#define MLC_RUNTIME_CUDA_GRAPH_CACHE_H

#include <list>

#include "runtime/base/log.h"
#include "runtime/cuda/graph_topology.h"
#include "runtime/cuda/kernel_launch.h"

namespace mlc::runtime::cuda {

class GraphCache {
 public:
  // dependent_launch: kernels that wait by themselves (plan.fbs, Kernel.waits) start while those
  // before them still run, where the driver has such edges.
  GraphCache(const Context& context, const std::vector<Kernel>& kernels, bool dependent_launch,
             const Logger& log)
      : context_(context),
        kernels_(kernels),
        dependent_launch_(dependent_launch && context.driver().cuGraphAddDependencies),
        log_(log) {}

  // Launches a piece of a bound shape as a graph, or gives false where the caller is to launch it
  // on the stream. `binding` is another number whenever shape or addresses are others. The context
  // is current. OUT_OF_MEMORY, DEVICE_FAILED.
  Result<bool> Launch(const Piece& piece, const ShapePlan& shape, const LaunchParams& params,
                      uint64_t binding, CUstream stream);
  // Whether kernels start early in its graphs.
  bool dependent_launch() const { return dependent_launch_; }
  // The piece will be launched: its first use makes the graph.
  void Expect(const Piece& piece, const ShapePlan& shape) {
    if (piece.nodes.size() > 1) Find(piece, shape);
  }

 private:
  // NOTE: each holds some 10 KB of device memory per node; topologies are few, since sizes do not
  // count.
  static constexpr size_t kMaxGraphs = 32;

  // The arguments that a node was given last: a launch's grid and parameters, a copy's source,
  // destination and size.
  using Applied = std::vector<uint64_t>;

  struct Entry {
    const plan::Program* program;
    Topology topology;
    Graph graph;  // has the nodes that updates name
    GraphExec exec;
    std::vector<CUgraphNode> nodes;
    std::vector<Applied> applied;
    uint64_t binding = 0;
    bool is_refused = false;  // the driver could not make it: always on the stream
  };

  Entry* Find(const Piece& piece, const ShapePlan& shape);
  // Whether the edge is a dependent launch: `to` may start once all blocks of `from` have let it, as
  // far as its own wait. Each edge decides by itself, in joins and forks too. The order stays whole:
  // the wait ends when all kernels at such edges have ended and what they wrote is there; at other
  // edges a node starts when these have ended. So, whatever the kinds of its edges, a kernel ends
  // after all its predecessors have ended, and after theirs by the same rule: edges that others
  // imply may be left out (graph_topology.h).
  // NOTE: for that some thread of every launch has to wait, and each one that touches what other
  // launches touch, before it does. A block that leaves without waiting does no harm.
  bool IsDependentLaunch(const Piece& piece, const GraphEdge& edge) const;
  Status Make(Entry& entry, const Piece& piece, const ShapePlan& shape, const LaunchParams& params);
  Status AddNode(Entry& entry, const Step& step, const ShapePlan& shape, const LaunchParams& params,
                 const std::vector<CUgraphNode>& dependencies);
  Status AddProduct(const Entry& entry, const LibraryProduct& product,
                    const std::vector<CUgraphNode>& dependencies, CUgraphNode* out_node);
  Result<Graph> Capture(const LibraryProduct& product);
  Status SetProduct(Entry& entry, uint32_t node, const LibraryProduct& product, bool* out_fits);
  Status Apply(Entry& entry, const Piece& piece, const ShapePlan& shape,
               const LaunchParams& params);
  // *out_fits: whether the graph could be changed in place; else it is to be made again.
  Status Update(Entry& entry, const Piece& piece, const ShapePlan& shape,
                const LaunchParams& params, bool* out_fits);

  const Context& context_;
  const std::vector<Kernel>& kernels_;
  const bool dependent_launch_;
  const Logger& log_;
  Stream capture_;            // for products of a library, once there is one
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_GRAPH_CACHE_H

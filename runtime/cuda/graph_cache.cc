// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/graph_cache.h"

#include "runtime/plan/access.h"

namespace mlc::runtime::cuda {
namespace {

CUDA_KERNEL_NODE_PARAMS KernelNode(const Kernel& kernel, const Step& step, void** params) {
  CUDA_KERNEL_NODE_PARAMS node{};
  node.func = kernel.function;
  node.gridDimX = static_cast<unsigned>(step.grid);
  node.gridDimY = node.gridDimZ = 1;
  node.blockDimX = kernel.threads;
  node.blockDimY = node.blockDimZ = 1;
  node.sharedMemBytes = kernel.shared_bytes;
  node.kernelParams = params;
  return node;
}

CUDA_MEMCPY3D CopyNode(const ShapePlan& shape, const plan::Copy& copy) {
  CUDA_MEMCPY3D node{};
  node.srcMemoryType = node.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  node.srcDevice = Address(shape.buffer(copy.src()));
  node.dstDevice = Address(shape.buffer(copy.dst()));
  node.WidthInBytes = shape.size_bytes(copy.src());
  node.Height = node.Depth = 1;
  return node;
}

// Calls visit(i, value) for each argument of a node.
template <typename Visit>
void VisitArguments(const Step& step, const ShapePlan& shape, const LaunchParams& params,
                    Visit visit) {
  if (step.op == plan::Op::Launch) {
    visit(0, static_cast<uint64_t>(step.grid));
    void** slots = params.of(step);
    for (size_t i = 0; i < params.count(step); ++i) visit(i + 1, *static_cast<uint64_t*>(slots[i]));
    return;
  }
  const plan::Copy& copy = *step.instruction->op_as_Copy();
  visit(0, Address(shape.buffer(copy.src())));
  visit(1, Address(shape.buffer(copy.dst())));
  visit(2, shape.size_bytes(copy.src()));
}

}  // namespace

Result<bool> GraphCache::Launch(const Piece& piece, const ShapePlan& shape,
                                const LaunchParams& params, uint64_t binding, CUstream stream) {
  if (piece.nodes.size() < 2) return false;  // a graph of one node costs more than a launch
  Entry* entry = Find(piece, shape);
  if (!entry || entry->is_refused) return false;
  if (!entry->exec) {
    Status made = Make(*entry, piece, shape, params);
    if (!made.ok()) {
      *entry = Entry{entry->program, std::move(entry->topology), {}, {}, {}, {}, 0, true};
      if (context_.lost()) return made;
      log_.Log(MLC_LOG_WARN, "%s: %zu instructions stay launches on the stream: %s",
               context_.place().c_str(), piece.nodes.size(), made.message());
      return false;
    }
  } else if (entry->binding != binding) {
    Status updated = Apply(*entry, piece, shape, params);
    if (!updated.ok()) {
      entries_.pop_front();
      return updated;
    }
  }
  entry->binding = binding;
  MLC_CU(context_, cuGraphLaunch, entry->exec.get(), stream);
  return true;
}

// The entry, now the first; null when the topology is new: it is known from now on.
GraphCache::Entry* GraphCache::Find(const Piece& piece, const ShapePlan& shape) {
  const plan::Program* program = shape.bound().program;
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->program != program || at->topology.steps != piece.topology.steps) continue;
    entries_.splice(entries_.begin(), entries_, at);
    Entry& entry = entries_.front();
    if (entry.topology.AddEdges(piece.topology.edges))
      entry = Entry{program, std::move(entry.topology), {}, {}, {}, {}, 0, entry.is_refused};
    return &entry;
  }
  entries_.push_front(Entry{program, piece.topology, {}, {}, {}, {}, 0, false});
  // NOTE: the driver keeps a graph that is destroyed while it runs until it has ended.
  if (entries_.size() > kMaxGraphs) entries_.pop_back();
  return nullptr;
}

bool GraphCache::IsDependentLaunch(const Piece& piece, const GraphEdge& edge) const {
  return dependent_launch_ &&
         MayStartEarly(kernels_, *piece.nodes[edge.from], *piece.nodes[edge.to]);
}

Status GraphCache::Make(Entry& entry, const Piece& piece, const ShapePlan& shape,
                        const LaunchParams& params) {
  CUgraph graph = nullptr;
  MLC_CU(context_, cuGraphCreate, &graph, 0);
  entry.graph = Graph(context_, graph);
  std::vector<CUgraphNode> ends, starts;  // what a node waits for: their ends, their starts
  const std::vector<GraphEdge>& edges = entry.topology.edges;
  size_t edge = 0, num_early = 0;
  for (uint32_t i = 0; i < piece.nodes.size(); ++i) {
    ends.clear();
    starts.clear();
    for (; edge < edges.size() && edges[edge].to == i; ++edge)
      (IsDependentLaunch(piece, edges[edge]) ? starts : ends).push_back(entry.nodes[edges[edge].from]);
    MLC_TRY(AddNode(entry, *piece.nodes[i], shape, params, ends));
    const CUgraphEdgeData data{
        CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC, 0, CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC, {}};
    for (CUgraphNode start : starts)
      MLC_CU(context_, cuGraphAddDependencies, graph, &start, &entry.nodes.back(), &data, 1);
    num_early += starts.size();
  }
  CUgraphExec exec = nullptr;
  MLC_CU(context_, cuGraphInstantiateWithFlags, &exec, graph, 0);
  entry.exec = GraphExec(context_, exec);
  log_.Log(MLC_LOG_DEBUG,
           "%s: a graph of %zu nodes and %zu edges was made, %zu of them dependent launches",
           context_.place().c_str(), piece.nodes.size(), edges.size(), num_early);
  return Ok();
}

Status GraphCache::AddNode(Entry& entry, const Step& step, const ShapePlan& shape,
                           const LaunchParams& params,
                           const std::vector<CUgraphNode>& dependencies) {
  CUgraphNode node = nullptr;
  if (const LibraryProduct* product =
          step.op == plan::Op::Launch ? params.product(step) : nullptr) {
    MLC_TRY(AddProduct(entry, *product, dependencies, &node));
  } else if (step.op == plan::Op::Launch) {
    const Kernel& kernel = kernels_[step.kernel];
    const CUDA_KERNEL_NODE_PARAMS made = KernelNode(kernel, step, params.of(step));
    MLC_CU(context_, cuGraphAddKernelNode, &node, entry.graph.get(), dependencies.data(),
           dependencies.size(), &made);
    if (kernel.cluster > 1) {
      CUlaunchAttributeValue value{};
      value.clusterDim = {kernel.cluster, 1, 1};
      MLC_CU(context_, cuGraphKernelNodeSetAttribute, node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION,
             &value);
    }
  } else {
    const CUDA_MEMCPY3D made = CopyNode(shape, *step.instruction->op_as_Copy());
    MLC_CU(context_, cuGraphAddMemcpyNode, &node, entry.graph.get(), dependencies.data(),
           dependencies.size(), &made, context_.handle());
  }
  entry.nodes.push_back(node);
  Applied& applied = entry.applied.emplace_back();
  VisitArguments(step, shape, params, [&](size_t, uint64_t value) { applied.push_back(value); });
  return Ok();
}

Result<Graph> GraphCache::Capture(const LibraryProduct& product) {
  if (!capture_) {
    MLC_TRY_ASSIGN(capture_, MakeStream(context_));
  }
  // Relaxed: what the library may have to load on the way is none of the graph's work.
  MLC_CU(context_, cuStreamBeginCapture, capture_.get(), CU_STREAM_CAPTURE_MODE_RELAXED);
  Status run = product.Run(capture_.get());
  CUgraph captured = nullptr;
  Status ended = context_.Check(context_.driver().cuStreamEndCapture(capture_.get(), &captured),
                                "cuStreamEndCapture");
  Graph graph(context_, captured);
  if (!ended.ok()) capture_ = Stream();  // it may be in any state
  if (!run.ok()) return run;
  if (!ended.ok()) return ended;
  return graph;
}

Status GraphCache::AddProduct(const Entry& entry, const LibraryProduct& product,
                              const std::vector<CUgraphNode>& dependencies, CUgraphNode* out_node) {
  MLC_TRY_ASSIGN(const Graph child, Capture(product));
  MLC_CU(context_, cuGraphAddChildGraphNode, out_node, entry.graph.get(), dependencies.data(),
         dependencies.size(), child.get());
  return Ok();
}

// The library may need other kernels for other sizes, which do not fit the node.
Status GraphCache::SetProduct(Entry& entry, uint32_t node, const LibraryProduct& product,
                              bool* out_fits) {
  MLC_TRY_ASSIGN(const Graph child, Capture(product));
  const CUresult result = context_.driver().cuGraphExecChildGraphNodeSetParams(
      entry.exec.get(), entry.nodes[node], child.get());
  *out_fits = result != CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  return *out_fits ? context_.Check(result, "cuGraphExecChildGraphNodeSetParams") : Ok();
}

Status GraphCache::Apply(Entry& entry, const Piece& piece, const ShapePlan& shape,
                         const LaunchParams& params) {
  bool fits = true;
  MLC_TRY(Update(entry, piece, shape, params, &fits));
  if (fits) return Ok();
  entry = Entry{entry.program, std::move(entry.topology), {}, {}, {}, {}, 0, false};
  return Make(entry, piece, shape, params);
}

Status GraphCache::Update(Entry& entry, const Piece& piece, const ShapePlan& shape,
                          const LaunchParams& params, bool* out_fits) {
  for (uint32_t i = 0; i < piece.nodes.size(); ++i) {
    const Step& step = *piece.nodes[i];
    Applied& applied = entry.applied[i];
    bool changed = false;
    VisitArguments(step, shape, params, [&](size_t k, uint64_t value) {
      changed |= applied[k] != value;
      applied[k] = value;
    });
    if (!changed) continue;
    if (const LibraryProduct* product =
            step.op == plan::Op::Launch ? params.product(step) : nullptr) {
      MLC_TRY(SetProduct(entry, i, *product, out_fits));
      if (!*out_fits) return Ok();
    } else if (step.op == plan::Op::Launch) {
      const CUDA_KERNEL_NODE_PARAMS made = KernelNode(kernels_[step.kernel], step, params.of(step));
      MLC_CU(context_, cuGraphExecKernelNodeSetParams, entry.exec.get(), entry.nodes[i], &made);
    } else {
      const CUDA_MEMCPY3D made = CopyNode(shape, *step.instruction->op_as_Copy());
      MLC_CU(context_, cuGraphExecMemcpyNodeSetParams, entry.exec.get(), entry.nodes[i], &made,
             context_.handle());
    }
  }
  return Ok();
}

}  // namespace mlc::runtime::cuda

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The simulated driver's streams, events, copies, launches and graphs.
#include <cstring>

#include "test/runtime/cuda/sim_api.h"

using namespace mlc::runtime::cuda;
using sim::Access;
using sim::U;

namespace {

// What a dependent launch does beside the kernel before it; by itself each takes 0.001.
constexpr double kHiddenMs = 0.0004;

Access Reads(uint64_t at, uint64_t size) { return {at, at + size, false}; }
Access Writes(uint64_t at, uint64_t size) { return {at, at + size, true}; }

// What the host side of a copy touches, for memory that the driver knows.
void AddHostSide(sim::State& s, std::vector<Access>& accesses, Access access) {
  if (s.Find(access.begin, access.end)) accesses.push_back(access);
}

void Copy(sim::State& s, CUstream stream, uint64_t dst, uint64_t src, uint64_t size,
          std::vector<Access> accesses, const char* what) {
  const std::vector<Access> device_side = accesses;
  s.Step(stream->clock, stream->slot, std::move(accesses), what);
  const bool pageable = !s.Find(src, src + size) || !s.Find(dst, dst + size);
  s.Queue([=] { std::memmove(reinterpret_cast<void*>(dst), reinterpret_cast<void*>(src), size); });
  // The driver takes or gives pageable memory while the caller waits.
  if (pageable) s.RunAll();
}

CUresult MakeLaunch(sim::State& s, const CUfunc_st& function, unsigned grid, unsigned threads,
                    unsigned shared, unsigned cluster, void** params, sim::Launch* out) {
  if (grid == 0 || threads == 0 || threads > 1024 || shared > function.max_shared ||
      grid % cluster != 0 || (cluster > 8 && !function.non_portable_cluster))
    return CUDA_ERROR_INVALID_VALUE;
  *out = {grid, threads, shared, cluster, {}};
  for (size_t i = 0; i < function.row->num_params; ++i)
    out->slots.push_back(*static_cast<uint64_t*>(params[i]));
  return CUDA_SUCCESS;
}

}  // namespace

// ---- streams and events ----

SIM_API cuStreamCreate(CUstream* stream, unsigned) {
  ENTER(cuStreamCreate);
  *stream = new CUstream_st{s.NewSlot(), {}};
  s.streams.insert(*stream);
  return CUDA_SUCCESS;
}

SIM_API cuStreamDestroy_v2(CUstream stream) {
  ENTER(cuStreamDestroy);
  CHECK_HANDLE(s.streams, stream);
  s.streams.erase(stream);
  delete stream;
  return CUDA_SUCCESS;
}

SIM_API cuStreamSynchronize(CUstream stream) {
  ENTER(cuStreamSynchronize);
  CHECK_HANDLE(s.streams, stream);
  s.RunAll();
  s.JoinHost(stream->clock);
  return s.dead;
}

SIM_API cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode) {
  ENTER(cuStreamBeginCapture);
  CHECK_HANDLE(s.streams, stream);
  if (stream->capturing) return 900;
  stream->capturing = std::make_shared<CUgraph_st>();
  return CUDA_SUCCESS;
}

SIM_API cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  ENTER(cuStreamEndCapture);
  CHECK_HANDLE(s.streams, stream);
  if (!stream->capturing) return CUDA_ERROR_INVALID_VALUE;
  *graph = new CUgraph_st(std::move(*stream->capturing));
  stream->capturing = nullptr;
  s.graphs.insert(*graph);
  return CUDA_SUCCESS;
}

SIM_API cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
  ENTER(cuStreamWaitEvent);
  CHECK_HANDLE(s.streams, stream);
  CHECK_HANDLE(s.events, event);
  for (size_t i = 0; i < event->clock.size(); ++i) {
    if (stream->clock.size() <= i) stream->clock.resize(i + 1);
    stream->clock[i] = std::max(stream->clock[i], event->clock[i]);
  }
  return CUDA_SUCCESS;
}

SIM_API cuStreamWaitValue32_v2(CUstream stream, CUdeviceptr address, uint32_t value, unsigned) {
  ENTER(cuStreamWaitValue32);
  CHECK_HANDLE(s.streams, stream);
  s.Step(stream->clock, stream->slot, {}, "a wait");
  s.Queue([&s, address, value] {
    if (static_cast<int32_t>(*reinterpret_cast<uint32_t*>(address) - value) < 0)
      s.Violation("the host waits for a stream that waits for the host");
  });
  return CUDA_SUCCESS;
}

SIM_API cuEventCreate(CUevent* event, unsigned) {
  ENTER(cuEventCreate);
  *event = new CUevent_st;
  s.events.insert(*event);
  return CUDA_SUCCESS;
}

SIM_API cuEventDestroy_v2(CUevent event) {
  ENTER(cuEventDestroy);
  CHECK_HANDLE(s.events, event);
  s.RunAll();
  s.events.erase(event);
  delete event;
  return CUDA_SUCCESS;
}

SIM_API cuEventRecord(CUevent event, CUstream stream) {
  ENTER(cuEventRecord);
  CHECK_HANDLE(s.streams, stream);
  CHECK_HANDLE(s.events, event);
  event->clock = stream->clock;
  event->recorded = true;
  s.Queue([&s, event] { event->time_ms = s.time_ms; });
  event->position = s.num_run + s.queue.size();
  return CUDA_SUCCESS;
}

SIM_API cuEventQuery(CUevent event) {
  ENTER(cuEventQuery);
  CHECK_HANDLE(s.events, event);
  if (event->position > s.num_run) return CUDA_ERROR_NOT_READY;
  s.JoinHost(event->clock);
  return s.dead;
}

SIM_API cuEventSynchronize(CUevent event) {
  ENTER(cuEventSynchronize);
  CHECK_HANDLE(s.events, event);
  s.RunAll();
  s.JoinHost(event->clock);
  return s.dead;
}

SIM_API cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  ENTER(cuEventElapsedTime);
  CHECK_HANDLE(s.events, start);
  CHECK_HANDLE(s.events, end);
  if (end->position > s.num_run) return CUDA_ERROR_NOT_READY;
  *milliseconds = static_cast<float>(end->time_ms - start->time_ms);
  return CUDA_SUCCESS;
}

// ---- work ----

SIM_API cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void* src, size_t size, CUstream stream) {
  ENTER(cuMemcpyHtoDAsync);
  CHECK_HANDLE(s.streams, stream);
  std::vector<Access> accesses = {Writes(dst, size)};
  AddHostSide(s, accesses, Reads(U(src), size));
  Copy(s, stream, dst, U(src), size, std::move(accesses), "cuMemcpyHtoDAsync");
  return CUDA_SUCCESS;
}

SIM_API cuMemcpyDtoHAsync_v2(void* dst, CUdeviceptr src, size_t size, CUstream stream) {
  ENTER(cuMemcpyDtoHAsync);
  CHECK_HANDLE(s.streams, stream);
  std::vector<Access> accesses = {Reads(src, size)};
  AddHostSide(s, accesses, Writes(U(dst), size));
  Copy(s, stream, U(dst), src, size, std::move(accesses), "cuMemcpyDtoHAsync");
  return CUDA_SUCCESS;
}

SIM_API cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t size, CUstream stream) {
  ENTER(cuMemcpyDtoDAsync);
  CHECK_HANDLE(s.streams, stream);
  Copy(s, stream, dst, src, size, {Reads(src, size), Writes(dst, size)}, "cuMemcpyDtoDAsync");
  return CUDA_SUCCESS;
}

SIM_API cuMemsetD32Async(CUdeviceptr dst, unsigned value, size_t count, CUstream stream) {
  ENTER(cuMemsetD32Async);
  CHECK_HANDLE(s.streams, stream);
  s.Step(stream->clock, stream->slot, {Writes(dst, count * 4)}, "cuMemsetD32Async");
  s.Queue([=, &s] {
    if (!s.Find(dst, dst + count * 4)) return;  // was reported
    for (size_t i = 0; i < count; ++i) reinterpret_cast<uint32_t*>(dst)[i] = value;
  });
  return CUDA_SUCCESS;
}

SIM_API cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function, void** params, void**) {
  ENTER(cuLaunchKernelEx);
  CHECK_HANDLE(s.streams, config->hStream);
  unsigned cluster = 1;
  bool is_dependent = false;
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    if (config->attrs[i].id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
      cluster = config->attrs[i].value.clusterDim.x;
    if (config->attrs[i].id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION)
      is_dependent = config->attrs[i].value.programmaticStreamSerializationAllowed != 0;
  }
  if (is_dependent) ++s.calls["dependent cuLaunchKernelEx"];
  sim::Launch launch;
  if (const CUresult result = MakeLaunch(s, *function, config->gridDimX, config->blockDimX,
                                         config->sharedMemBytes, cluster, params, &launch))
    return result;
  const sim::KernelRow* row = function->row;
  s.Step(config->hStream->clock, config->hStream->slot, row->accesses(launch), row->name);
  s.Queue([&s, row, launch, is_dependent] {
    s.RunKernel(*row, launch);
    if (is_dependent) s.time_ms -= kHiddenMs;
  });
  return CUDA_SUCCESS;
}

// ---- graphs ----

namespace {

CUresult AddNode(CUgraph graph, const CUgraphNode* dependencies, size_t count, CUgraphNode_st node,
                 CUgraphNode* out) {
  for (size_t i = 0; i < count; ++i) node.dependencies.push_back(dependencies[i]->index);
  node.index = graph->nodes.size();
  graph->nodes.push_back(std::move(node));
  *out = &graph->nodes.back();
  return CUDA_SUCCESS;
}

CUresult FillKernel(sim::State& s, const CUDA_KERNEL_NODE_PARAMS& params, unsigned cluster,
                    CUgraphNode_st* node) {
  node->is_kernel = true;
  node->function = params.func;
  return MakeLaunch(s, *params.func, params.gridDimX, params.blockDimX, params.sharedMemBytes,
                    cluster, params.kernelParams, &node->launch);
}

// All that a recorded graph does, in order.
std::vector<sim::Work> WorkOf(const CUgraph_st& graph) {
  std::vector<sim::Work> work;
  for (const CUgraphNode_st& node : graph.nodes)
    work.insert(work.end(), node.captured.begin(), node.captured.end());
  return work;
}

void FillCopy(const CUDA_MEMCPY3D& params, CUgraphNode_st* node) {
  node->is_kernel = false;
  node->src = params.srcMemoryType == CU_MEMORYTYPE_HOST ? U(params.srcHost) : params.srcDevice;
  node->dst = params.dstMemoryType == CU_MEMORYTYPE_HOST ? U(params.dstHost) : params.dstDevice;
  node->size = params.WidthInBytes;
}

}  // namespace

SIM_API cuGraphCreate(CUgraph* graph, unsigned) {
  ENTER(cuGraphCreate);
  *graph = new CUgraph_st;
  s.graphs.insert(*graph);
  return CUDA_SUCCESS;
}

SIM_API cuGraphDestroy(CUgraph graph) {
  ENTER(cuGraphDestroy);
  CHECK_HANDLE(s.graphs, graph);
  s.graphs.erase(graph);
  delete graph;
  return CUDA_SUCCESS;
}

SIM_API cuGraphAddKernelNode_v2(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                size_t count, const CUDA_KERNEL_NODE_PARAMS* params) {
  ENTER(cuGraphAddKernelNode);
  CHECK_HANDLE(s.graphs, graph);
  CUgraphNode_st made{};
  if (const CUresult result = FillKernel(s, *params, 1, &made)) return result;
  return AddNode(graph, dependencies, count, std::move(made), node);
}

SIM_API cuGraphAddMemcpyNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                             size_t count, const CUDA_MEMCPY3D* params, CUcontext) {
  ENTER(cuGraphAddMemcpyNode);
  CHECK_HANDLE(s.graphs, graph);
  CUgraphNode_st made{};
  FillCopy(*params, &made);
  return AddNode(graph, dependencies, count, std::move(made), node);
}

SIM_API cuGraphAddChildGraphNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                 size_t count, CUgraph child) {
  ENTER(cuGraphAddChildGraphNode);
  CHECK_HANDLE(s.graphs, graph);
  CHECK_HANDLE(s.graphs, child);
  CUgraphNode_st made{};
  made.captured = WorkOf(*child);
  return AddNode(graph, dependencies, count, std::move(made), node);
}

SIM_API cuGraphKernelNodeSetAttribute(CUgraphNode node, CUlaunchAttributeID attribute,
                                      const CUlaunchAttributeValue* value) {
  ENTER(cuGraphKernelNodeSetAttribute);
  if (attribute == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) {
    node->launch.cluster = value->clusterDim.x;
    if (node->launch.grid % node->launch.cluster != 0) return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

SIM_API cuGraphAddDependencies_v2(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                  const CUgraphEdgeData* data, size_t count) {
  ENTER(cuGraphAddDependencies);
  CHECK_HANDLE(s.graphs, graph);
  for (size_t i = 0; i < count; ++i) {
    if (data && data[i].type == CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC &&
        (!from[i]->is_kernel || !to[i]->is_kernel ||
         data[i].from_port != CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC))
      return CUDA_ERROR_INVALID_VALUE;
    to[i]->dependencies.push_back(from[i]->index);
  }
  return CUDA_SUCCESS;
}

SIM_API cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph, unsigned long long) {
  ENTER(cuGraphInstantiateWithFlags);
  CHECK_HANDLE(s.graphs, graph);
  *exec = new CUgraphExec_st{graph->nodes, {}};
  for (size_t i = 0; i < graph->nodes.size(); ++i) (*exec)->slots.push_back(s.NewSlot());
  s.execs.insert(*exec);
  return CUDA_SUCCESS;
}

SIM_API cuGraphExecDestroy(CUgraphExec exec) {
  ENTER(cuGraphExecDestroy);
  CHECK_HANDLE(s.execs, exec);
  s.RunAll();
  s.execs.erase(exec);
  delete exec;
  return CUDA_SUCCESS;
}

SIM_API cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode node,
                                          const CUDA_KERNEL_NODE_PARAMS* params) {
  ENTER(cuGraphExecKernelNodeSetParams);
  CHECK_HANDLE(s.execs, exec);
  CUgraphNode_st& mine = exec->nodes[node->index];
  if (!mine.is_kernel || mine.function != params->func) return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  return FillKernel(s, *params, mine.launch.cluster, &mine);
}

SIM_API cuGraphExecMemcpyNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                       const CUDA_MEMCPY3D* params, CUcontext) {
  ENTER(cuGraphExecMemcpyNodeSetParams);
  CHECK_HANDLE(s.execs, exec);
  CUgraphNode_st& mine = exec->nodes[node->index];
  if (mine.is_kernel) return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  FillCopy(*params, &mine);
  return CUDA_SUCCESS;
}

SIM_API cuGraphExecChildGraphNodeSetParams(CUgraphExec exec, CUgraphNode node, CUgraph child) {
  ENTER(cuGraphExecChildGraphNodeSetParams);
  CHECK_HANDLE(s.execs, exec);
  CHECK_HANDLE(s.graphs, child);
  CUgraphNode_st& mine = exec->nodes[node->index];
  std::vector<sim::Work> work = WorkOf(*child);
  if (mine.captured.size() != work.size()) return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  mine.captured = std::move(work);
  return CUDA_SUCCESS;
}

SIM_API cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  ENTER(cuGraphLaunch);
  CHECK_HANDLE(s.execs, exec);
  CHECK_HANDLE(s.streams, stream);
  const Clock start = stream->clock;
  std::vector<Clock> clocks;
  auto join = [](Clock& into, const Clock& from) {
    if (into.size() < from.size()) into.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) into[i] = std::max(into[i], from[i]);
  };
  for (const CUgraphNode_st& node : exec->nodes) {
    Clock clock = start;
    for (size_t dependency : node.dependencies) join(clock, clocks[dependency]);
    if (!node.captured.empty()) {
      for (const sim::Work& work : node.captured) {
        s.Step(clock, exec->slots[node.index], work.accesses, work.name);
        s.Queue([&s, work] { s.RunWork(work); });
      }
    } else if (node.is_kernel) {
      const sim::KernelRow* row = node.function->row;
      s.Step(clock, exec->slots[node.index], row->accesses(node.launch), row->name);
      s.Queue([&s, row, launch = node.launch] { s.RunKernel(*row, launch); });
    } else {
      s.Step(clock, exec->slots[node.index],
             {Reads(node.src, node.size), Writes(node.dst, node.size)}, "a copy in a graph");
      s.Queue([&s, node] {
        if (!s.Find(node.src, node.src + node.size) || !s.Find(node.dst, node.dst + node.size))
          return;  // was reported
        std::memmove(reinterpret_cast<void*>(node.dst), reinterpret_cast<void*>(node.src),
                     node.size);
      });
    }
    join(stream->clock, clock);
    clocks.push_back(std::move(clock));
  }
  return CUDA_SUCCESS;
}

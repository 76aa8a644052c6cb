// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/graph.h"

#include <algorithm>

#include "runtime/plan/access.h"

namespace mlc::runtime {

CudaGraph::~CudaGraph() {
  if (exec_) device_.driver().GraphExecDestroy(exec_);
  if (graph_) device_.driver().GraphDestroy(graph_);
}

CudaGraph::CudaGraph(const CudaDevice& device, const BoundProgram& bound) : device_(device), bound_(bound) {
  for (const plan::Instruction* instruction : Items(bound.program->blocks()->Get(0)->instructions()))
    is_flat_ &= instruction->op_type() == plan::Op::Launch || instruction->op_type() == plan::Op::Copy;
}

CUkernelNodeParams CudaGraph::KernelParams(const CudaLaunch& launch) const {
  CUkernelNodeParams params{};
  params.function = launch.function;
  params.grid_x = std::max(1u, launch.grid);  // a node without blocks is disabled
  params.grid_y = params.grid_z = params.block_y = params.block_z = 1;
  params.block_x = launch.threads;
  params.shared_bytes = launch.shared_bytes;
  params.params = launch.params;
  return params;
}

CUmemcpy3D CudaGraph::CopyParams(const ShapePlan& shape, const plan::Copy& copy) const {
  CUmemcpy3D params{};
  params.src_type = params.dst_type = kMemoryTypeDevice;
  params.src_device = reinterpret_cast<CUdeviceptr>(shape.buffer(copy.src()));
  params.dst_device = reinterpret_cast<CUdeviceptr>(shape.buffer(copy.dst()));
  params.width_bytes = std::max<uint64_t>(1, shape.size_bytes(copy.src()));
  params.height = params.depth = 1;
  return params;
}

static bool IsEmpty(const ShapePlan& shape, const Step& step) {
  const plan::Copy* copy = step.instruction->op_as_Copy();
  return copy ? shape.size_bytes(copy->src()) == 0 : step.grid == 0;
}

Status CudaGraph::Build(const ShapePlan& shape, LaunchBuilder& launches) {
  const Driver& driver = device_.driver();
  MLC_CUDA(driver, GraphCreate(&graph_, 0));
  for (const Step& step : shape.block(0)) {
    const CUgraphNode* before = nodes_.empty() ? nullptr : &nodes_.back();
    CUgraphNode node = nullptr;
    if (const plan::Copy* copy = step.instruction->op_as_Copy()) {
      const CUmemcpy3D params = CopyParams(shape, *copy);
      MLC_CUDA(driver, GraphAddMemcpyNode(&node, graph_, before, before ? 1 : 0, &params, device_.context()));
    } else {
      CudaLaunch launch;
      MLC_TRY(launches.Build(bound_, step, &launch));
      const CUkernelNodeParams params = KernelParams(launch);
      MLC_CUDA(driver, GraphAddKernelNode(&node, graph_, before, before ? 1 : 0, &params));
      if (launch.cluster > 1) {
        CUlaunchAttribute cluster{};
        cluster.value.cluster = {launch.cluster, 1, 1};
        MLC_CUDA(driver, GraphKernelNodeSetAttribute(node, kLaunchClusterDimension, &cluster.value));
      }
    }
    nodes_.push_back(node);
  }
  MLC_CUDA(driver, GraphInstantiate(&exec_, graph_, 0));
  is_enabled_.assign(nodes_.size(), true);
  return Ok();
}

Status CudaGraph::Update(const ShapePlan& shape, LaunchBuilder& launches) {
  const Driver& driver = device_.driver();
  size_t i = 0;
  for (const Step& step : shape.block(0)) {
    const CUgraphNode node = nodes_[i];
    const bool enable = !IsEmpty(shape, step);
    if (is_enabled_[i] != enable) {
      MLC_CUDA(driver, GraphNodeSetEnabled(exec_, node, enable ? 1 : 0));
      is_enabled_[i] = enable;
    }
    ++i;
    if (!enable) continue;
    if (const plan::Copy* copy = step.instruction->op_as_Copy()) {
      const CUmemcpy3D params = CopyParams(shape, *copy);
      MLC_CUDA(driver, GraphExecMemcpyNodeSetParams(exec_, node, &params, device_.context()));
    } else {
      CudaLaunch launch;
      MLC_TRY(launches.Build(bound_, step, &launch));
      const CUkernelNodeParams params = KernelParams(launch);
      MLC_CUDA(driver, GraphExecKernelNodeSetParams(exec_, node, &params));
    }
  }
  return Ok();
}

Status CudaGraph::Launch(const ShapePlan& shape, LaunchBuilder& launches, CUstream stream) {
  if (shape.block(0).empty()) return Ok();
  if (!exec_) MLC_TRY(Build(shape, launches));
  if (shape_ != &shape || bind_count_ != shape.bind_count()) {
    shape_ = nullptr;  // until all nodes agree
    MLC_TRY(Update(shape, launches));
    shape_ = &shape;
    bind_count_ = shape.bind_count();
  }
  MLC_CUDA(device_.driver(), GraphLaunch(exec_, stream));
  return Ok();
}

}  // namespace mlc::runtime

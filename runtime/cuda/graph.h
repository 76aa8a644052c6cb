// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A program without control flow as an executable CUDA Graph: one node per launch and copy, in the plan's order. Its
// topology is the program's, whatever the shapes: another shape, or other memory, changes the nodes' parameters in
// place (0.3 to 0.6 us each); launches without blocks are disabled.
#ifndef MLC_RUNTIME_CUDA_GRAPH_H
#define MLC_RUNTIME_CUDA_GRAPH_H

#include <memory>
#include <vector>

#include "runtime/cuda/cuda_machine.h"

namespace mlc::runtime {

class CudaGraph {
 public:
  CudaGraph(const CudaDevice& device, const BoundProgram& bound);
  CudaGraph(const CudaGraph&) = delete;
  ~CudaGraph();

  const BoundProgram& bound() const { return bound_; }
  // Whether the program is a graph, of launches and copies alone, and worth making one of: not for its first run.
  bool IsDue() { return is_flat_ && uses_++ > 0; }
  // Puts one run of a bound shape onto the stream, the graph made or changed as needed.
  Status Launch(const ShapePlan& shape, LaunchBuilder& launches, CUstream stream);

 private:
  Status Build(const ShapePlan& shape, LaunchBuilder& launches);
  Status Update(const ShapePlan& shape, LaunchBuilder& launches);
  CUkernelNodeParams KernelParams(const CudaLaunch& launch) const;
  CUmemcpy3D CopyParams(const ShapePlan& shape, const plan::Copy& copy) const;

  const CudaDevice& device_;
  const BoundProgram& bound_;
  CUgraph graph_ = nullptr;
  CUgraphExec exec_ = nullptr;
  std::vector<CUgraphNode> nodes_;  // of each step
  std::vector<bool> is_enabled_;
  const ShapePlan* shape_ = nullptr;  // whose parameters the nodes have
  uint64_t bind_count_ = 0;
  uint64_t uses_ = 0;
  bool is_flat_ = true;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_CUDA_GRAPH_H

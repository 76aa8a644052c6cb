// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Enqueues the instructions of a bound program on a stream: pieces of blocks as graphs, or one by
// one.
#ifndef MLC_RUNTIME_CUDA_STREAM_RUNNER_H
#define MLC_RUNTIME_CUDA_STREAM_RUNNER_H

#include "runtime/cuda/graph_cache.h"
#include "runtime/cuda/stream_profile.h"
#include "runtime/exec/executor.h"

namespace mlc::runtime::cuda {

struct StreamRun {
  const Context& context;
  const ShapePlan& shape;  // bound to the run's memory
  const std::vector<Kernel>& kernels;
  const LaunchParams& params;
  CUstream stream;
  char* readback;  // 16 bytes of pinned memory
  uint64_t max_loop_iterations;
  const std::atomic<bool>& cancelled;
  StreamProfile* profile;                         // null when off; then all is one by one
  GraphCache* graphs;                             // null when off
  const std::vector<std::vector<Piece>>& pieces;  // of each block
  uint64_t binding;                               // GraphCache::Launch
};

// Waits for the stream where an If or Loop needs a value. Allocates nothing unless it fails.
// CANCELLED, DATA_FAULT (a loop's limits), DEVICE_FAILED naming the node; then the stream still
// holds what was enqueued before.
Status RunOnStream(const StreamRun& run);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_STREAM_RUNNER_H

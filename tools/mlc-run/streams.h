// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_RUN_STREAMS_H
#define MLC_TOOLS_MLC_RUN_STREAMS_H

#include <string>
#include <utility>
#include <vector>

#include "mlc/runtime.hpp"
#include "tools/common/array.h"
#include "tools/mlc-run/run.h"

namespace mlc::tools {

// Runs of all sessions together, with inputs and outputs in one kind of memory.
struct Throughput {
  const char* io;
  double runs_per_s;
  bool within;  // the last outputs of every session are those of the first run, within --rtol,
                // --atol
};

// options.streams sessions, each on a stream of its own, are enqueued in turn without waiting, for
// options.iterations runs each or options.duration_s; then all are waited for. Device, pinned and
// pageable memory, then pinned memory with sessions that copy inputs ahead, in this order. On the
// host, where enqueueing runs at once, all are the same.
std::vector<Throughput> RunStreams(const Plan& plan, const Device& device,
                                   const RunOptions& options, const std::vector<Array>& inputs,
                                   const std::vector<std::pair<std::string, Array>>& outputs);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_RUN_STREAMS_H

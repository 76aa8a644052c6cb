// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What a run of the tool has found out, as text and JSON.
#ifndef MLC_TOOLS_MLC_RUN_REPORT_H
#define MLC_TOOLS_MLC_RUN_REPORT_H

#include <string>
#include <utility>
#include <vector>

#include "tools/common/array.h"
#include "tools/common/compare.h"
#include "tools/common/timing.h"
#include "tools/mlc-run/run.h"
#include "tools/mlc-run/streams.h"

namespace mlc::tools {

struct Report {
  double device_ms = 0;  // opening the device, a part of load_ms
  double load_ms = 0;
  double first_run_ms = 0;
  Latency latency;
  double enqueue_ms = 0, h2d_ms = 0, compute_ms = 0, d2h_ms = 0;  // means
  double back_to_back_ms = 0;  // of a run among many that are enqueued at once, CUDA only
  uint64_t peak_arena_bytes = 0;
  uint32_t threads = 0;
  std::vector<std::pair<std::string, Array>> outputs;  // of the first run
  bool same_again = true;  // CUDA: the last run's, which was a graph, are bit for bit the first's
  std::vector<Difference> differences;  // of each output, empty without a reference
  std::vector<Throughput> streams;      // of --streams
};

// To standard output and the file of --json.
void PrintReport(const RunOptions& options, const Device& device, const Session& session,
                 const Report& report);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_RUN_REPORT_H

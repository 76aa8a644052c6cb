// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_TIMING_H
#define MLC_TOOLS_COMMON_TIMING_H

#include <chrono>
#include <vector>

namespace mlc::tools {

class Stopwatch {
 public:
  double elapsed_ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct Latency {
  double mean_ms = 0, min_ms = 0, max_ms = 0;
  double p50_ms = 0, p90_ms = 0, p95_ms = 0, p99_ms = 0;
  double throughput_per_s = 0;
  size_t runs = 0;
};

// All zero for no runs. Percentiles interpolate between neighbours.
Latency Summarise(std::vector<double> times_ms);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_TIMING_H

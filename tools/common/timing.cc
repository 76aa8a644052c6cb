// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/timing.h"

#include <algorithm>
#include <numeric>

namespace mlc::tools {
namespace {

double Percentile(const std::vector<double>& sorted, double fraction) {
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - static_cast<double>(below));
}

}  // namespace

Latency Summarise(std::vector<double> times_ms) {
  Latency latency;
  latency.runs = times_ms.size();
  if (times_ms.empty()) return latency;
  std::sort(times_ms.begin(), times_ms.end());
  const double total_ms = std::accumulate(times_ms.begin(), times_ms.end(), 0.0);
  latency.mean_ms = total_ms / static_cast<double>(times_ms.size());
  latency.min_ms = times_ms.front();
  latency.max_ms = times_ms.back();
  latency.p50_ms = Percentile(times_ms, 0.50);
  latency.p90_ms = Percentile(times_ms, 0.90);
  latency.p95_ms = Percentile(times_ms, 0.95);
  latency.p99_ms = Percentile(times_ms, 0.99);
  latency.throughput_per_s = 1000.0 / latency.mean_ms;
  return latency;
}

}  // namespace mlc::tools

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/profile_table.h"

#include <algorithm>
#include <string>
#include <vector>

namespace mlc::tools {
namespace {

std::string NodesText(const mlc_profile_entry_t& entry) {
  std::string text;
  for (size_t i = 0; i < entry.num_nodes; ++i) text += std::string(i ? ", " : "") + entry.nodes[i];
  return text.empty() ? entry.label : text;
}

}  // namespace

void PrintProfile(std::FILE* file, const mlc_session_t* session, size_t runs) {
  std::vector<const mlc_profile_entry_t*> entries;
  double total_ns = 0, min_ns = 0;
  for (size_t i = 0; i < mlc_session_profile_count(session); ++i) {
    entries.push_back(mlc_session_profile(session, i));
    total_ns += static_cast<double>(entries.back()->total_ns);
    min_ns += static_cast<double>(entries.back()->min_ns);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](auto* a, auto* b) { return a->total_ns > b->total_ns; });
  std::fprintf(file, "%10s %10s %6s %6s %9s %8s  %-32s %s\n", "us/run", "min us", "%", "calls",
               "GFLOP/s", "GB/s", "kernel", "nodes");
  for (const mlc_profile_entry_t* entry : entries) {
    if (entry->count == 0) continue;
    const auto time_ns = static_cast<double>(entry->total_ns);
    const double best_ns = std::max(1.0, static_cast<double>(entry->min_ns));
    std::fprintf(
        file, "%10.1f %10.1f %6.2f %6.4g %9.1f %8.1f  %-32s %s\n",
        time_ns / 1000 / static_cast<double>(runs), best_ns / 1000, 100 * time_ns / std::max(1.0, total_ns),
        static_cast<double>(entry->count) / static_cast<double>(runs),
        static_cast<double>(entry->flops) / best_ns,
        static_cast<double>(entry->bytes) / best_ns, entry->kernel, NodesText(*entry).c_str());
  }
  std::fprintf(file, "%10.1f %10.1f  all; GFLOP/s and GB/s are those of the fastest execution\n",
               total_ns / 1000 / static_cast<double>(runs), min_ns / 1000);
}

}  // namespace mlc::tools

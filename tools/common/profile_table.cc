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

ProfileTotal SumProfile(const mlc_session_t* session, size_t runs,
                        const std::optional<Peak>& peak) {
  ProfileTotal total;
  double possible_flops_us = 0, possible_bytes_us = 0;
  for (size_t i = 0; i < mlc_session_profile_count(session); ++i) {
    const mlc_profile_entry_t& entry = *mlc_session_profile(session, i);
    const auto calls = static_cast<double>(entry.count) / static_cast<double>(runs);
    total.us += static_cast<double>(entry.total_ns) / 1000 / static_cast<double>(runs);
    total.alone_us += static_cast<double>(entry.alone_ns) / 1000 / static_cast<double>(runs);
    if (!peak) continue;
    possible_flops_us +=
        1e6 * calls * static_cast<double>(entry.flops) / peak->flops_of(entry.dtype);
    possible_bytes_us += 1e6 * calls * static_cast<double>(entry.bytes) / peak->bytes_per_s;
  }
  if (total.us > 0) {
    total.mfu = possible_flops_us / total.us;
    total.mbu = possible_bytes_us / total.us;
  }
  return total;
}

void PrintProfile(std::FILE* file, const mlc_session_t* session, size_t runs,
                  const std::optional<Peak>& peak, double measured_ms) {
  std::vector<const mlc_profile_entry_t*> entries;
  double total_ns = 0, min_ns = 0;
  bool overlap = false;
  for (size_t i = 0; i < mlc_session_profile_count(session); ++i) {
    entries.push_back(mlc_session_profile(session, i));
    total_ns += static_cast<double>(entries.back()->total_ns);
    min_ns += static_cast<double>(entries.back()->min_ns);
    overlap |= entries.back()->total_ns != entries.back()->alone_ns;
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](auto* a, auto* b) { return a->total_ns > b->total_ns; });
  auto print_alone = [&](double us) {
    if (overlap) std::fprintf(file, " %10.1f", us);
  };
  std::fprintf(file, "%10s%s %10s %6s %6s %9s %8s%s  %-32s %s\n", "us/run",
               overlap ? "   alone us" : "", "min us", "%", "calls", "GFLOP/s", "GB/s",
               peak ? "  MFU %  MBU %" : "", "kernel", "nodes");
  const auto num_runs = static_cast<double>(runs);
  for (const mlc_profile_entry_t* entry : entries) {
    if (entry->count == 0) continue;
    const auto time_ns = static_cast<double>(entry->total_ns);
    const auto alone_ns = static_cast<double>(entry->alone_ns);
    const double best_ns = std::max(1.0, static_cast<double>(entry->min_ns));
    const double mean_ns = std::max(1.0, alone_ns / static_cast<double>(entry->count));
    std::fprintf(file, "%10.1f", time_ns / 1000 / num_runs);
    print_alone(alone_ns / 1000 / num_runs);
    std::fprintf(file, " %10.1f %6.2f %6.4g %9.1f %8.1f", best_ns / 1000,
                 100 * time_ns / std::max(1.0, total_ns),
                 static_cast<double>(entry->count) / num_runs,
                 static_cast<double>(entry->flops) / best_ns,
                 static_cast<double>(entry->bytes) / best_ns);
    if (peak)
      std::fprintf(
          file, " %6.2f %6.2f",
          1e11 * static_cast<double>(entry->flops) / mean_ns / peak->flops_of(entry->dtype),
          1e11 * static_cast<double>(entry->bytes) / mean_ns / peak->bytes_per_s);
    std::fprintf(file, "  %-32s %s\n", entry->kernel, NodesText(*entry).c_str());
  }
  const ProfileTotal total = SumProfile(session, runs, peak);
  std::fprintf(file, "%10.1f", total.us);
  print_alone(total.alone_us);
  std::fprintf(file, " %10.1f  all; GFLOP/s and GB/s are those of the fastest execution\n",
               min_ns / 1000);
  if (measured_ms > 0)
    std::fprintf(file,
                 "all launches in a row take %.1f us, a run without profiling takes %.1f us: %.1f "
                 "%%\n",
                 total.us, 1000 * measured_ms, total.us / measured_ms / 10);
  if (!peak) return;
  std::fprintf(file,
               "MFU %.2f %%, MBU %.2f %% over all launches, weighted by their times; of %s: %.4g "
               "TFLOP/s (16-bit floats %.4g), %.4g GB/s\n",
               100 * total.mfu, 100 * total.mbu, peak->name.c_str(), peak->flops_per_s / 1e12,
               peak->half_flops_per_s / 1e12, peak->bytes_per_s / 1e9);
  if (measured_ms > 0)
    std::fprintf(file, "MFU %.2f %%, MBU %.2f %% of the run without profiling\n",
                 total.mfu * total.us / measured_ms / 10, total.mbu * total.us / measured_ms / 10);
}

}  // namespace mlc::tools

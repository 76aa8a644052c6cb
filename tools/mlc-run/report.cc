// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-run/report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/common/profile_table.h"

namespace mlc::tools {
namespace {

using Json = nlohmann::ordered_json;

// In the order of the plan's blocks; `id` is the number that mlc-inspect gives the launch.
Json ProfileJson(const Session& session) {
  Json list = Json::array();
  for (size_t i = 0; i < mlc_session_profile_count(session.get()); ++i) {
    const mlc_profile_entry_t& entry = *mlc_session_profile(session.get(), i);
    list.push_back({{"id", i},
                    {"kernel", entry.kernel},
                    {"label", entry.label},
                    {"nodes", std::vector<std::string>(entry.nodes, entry.nodes + entry.num_nodes)},
                    {"count", entry.count},
                    {"total_ns", entry.total_ns},
                    {"alone_ns", entry.alone_ns},
                    {"flops", entry.flops},
                    {"bytes", entry.bytes},
                    {"dtype", mlc_dtype_name(entry.dtype)}});
  }
  return list;
}

// None for a device that peaks.json does not know.
std::optional<Peak> PeakFor(const RunOptions& options, const Device& device,
                            const Session& session) {
  const PeakOf what{session.target(), device.product(), device.num_threads()};
  return options.peak.empty() ? FindPeak(what) : ChoosePeak(options.peak, what);
}

Json StreamsJson(const std::vector<Throughput>& rows) {
  Json list = Json::array();
  for (const Throughput& row : rows)
    list.push_back({{"io", row.io}, {"runs_per_s", row.runs_per_s}, {"within", row.within}});
  return list;
}

Json ToJson(const RunOptions& options, const Device& device, const Session& session,
            const Report& report) {
  const Latency& latency = report.latency;
  Json json = {{"schema_version", 1},
               {"mean_ms", latency.mean_ms},
               {"p50_ms", latency.p50_ms},
               {"p90_ms", latency.p90_ms},
               {"p95_ms", latency.p95_ms},
               {"p99_ms", latency.p99_ms},
               {"min_ms", latency.min_ms},
               {"max_ms", latency.max_ms},
               {"runs", latency.runs},
               {"throughput_per_s", latency.throughput_per_s},
               {"enqueue_ms", report.enqueue_ms},
               {"h2d_ms", report.h2d_ms},
               {"compute_ms", report.compute_ms},
               {"d2h_ms", report.d2h_ms},
               {"back_to_back_ms", report.back_to_back_ms},
               {"load_ms", report.load_ms},
               {"device_ms", report.device_ms},
               {"first_run_ms", report.first_run_ms},
               {"peak_arena_bytes", report.peak_arena_bytes},
               {"device", options.device},
               {"product", device.product()},
               {"target", session.target()},
               {"bucket", session.bucket()},
               {"threads", report.threads},
               {"same_again", report.same_again},
               {"outputs", Json::array()}};
  for (size_t i = 0; i < report.outputs.size(); ++i) {
    const auto& [name, array] = report.outputs[i];
    Json output = {{"name", name}, {"dtype", mlc_dtype_name(array.dtype)}, {"dims", array.dims}};
    if (!report.differences.empty()) {
      output["max_abs_error"] = report.differences[i].max_abs_error;
      output["max_rel_error"] = report.differences[i].max_rel_error;
    }
    json["outputs"].push_back(output);
  }
  if (!report.streams.empty()) json["streams"] = StreamsJson(report.streams);
  if (!options.profile) return json;
  json["profile"] = ProfileJson(session);
  const std::optional<Peak> peak = PeakFor(options, device, session);
  const ProfileTotal total =
      SumProfile(session.get(), std::max<size_t>(1, report.latency.runs), peak);
  json["profile_sum"] = {{"us", total.us}, {"alone_us", total.alone_us}};
  if (report.back_to_back_ms > 0)
    json["profile_sum"]["of_run"] = total.us / 1000 / report.back_to_back_ms;
  if (peak)
    json["profile_total"] = {
        {"peak", peak->name}, {"us", total.us}, {"mfu", total.mfu}, {"mbu", total.mbu}};
  return json;
}

void PrintText(std::FILE* file, const RunOptions& options, const Session& session,
               const Report& report) {
  const Latency& latency = report.latency;
  const std::string bucket = *session.bucket() ? std::string(", bucket ") + session.bucket() : "";
  std::fprintf(file,
               "%s on %s (%s code%s): load %.2f ms (%.2f after the device was open), first run "
               "%.2f ms, arena %.2f MB\n",
               options.plan.c_str(), options.device.c_str(), session.target(), bucket.c_str(),
               report.load_ms, report.load_ms - report.device_ms, report.first_run_ms,
               static_cast<double>(report.peak_arena_bytes) / 1e6);
  if (latency.runs > 0)
    std::fprintf(
        file,
        "%zu runs: mean %.3f ms, p50 %.3f, p90 %.3f, p95 %.3f, p99 %.3f, min %.3f, max %.3f; "
        "%.1f runs/s\n",
        latency.runs, latency.mean_ms, latency.p50_ms, latency.p90_ms, latency.p95_ms,
        latency.p99_ms, latency.min_ms, latency.max_ms, latency.throughput_per_s);
  if (latency.runs > 0 && report.enqueue_ms > 0)
    std::fprintf(
        file,
        "enqueue %.3f ms, inputs to the device %.3f ms, outputs back %.3f ms%s; one of many "
        "runs %.3f ms\n",
        report.enqueue_ms, report.h2d_ms, report.d2h_ms,
        options.include_transfers ? "" : " (not in the times above)", report.back_to_back_ms);
  for (const Throughput& row : report.streams)
    std::fprintf(file, "%u streams, inputs and outputs %s: %.1f runs/s (%.1f %%)%s\n",
                 options.streams, row.io, row.runs_per_s,
                 100 * row.runs_per_s / report.streams.front().runs_per_s,
                 row.within ? "" : "; outputs DIFFER from the first run's");
  if (!report.same_again)
    std::fprintf(file, "later runs, which are graphs, do NOT give the first run's bits\n");
  for (size_t i = 0; i < report.outputs.size(); ++i) {
    std::fprintf(file, "output '%s': %s", report.outputs[i].first.c_str(),
                 TypeText(report.outputs[i].second).c_str());
    if (!report.differences.empty())
      std::fprintf(file, ", max abs error %.3g, max rel error %.3g",
                   report.differences[i].max_abs_error, report.differences[i].max_rel_error);
    std::fprintf(file, "\n");
  }
}

}  // namespace

void PrintReport(const RunOptions& options, const Device& device, const Session& session,
                 const Report& report) {
  const bool json_only = options.json == "-";
  std::FILE* text = json_only ? stderr : stdout;
  if (!json_only) PrintText(text, options, session, report);
  if (options.profile)
    PrintProfile(text, session.get(), std::max<size_t>(1, report.latency.runs),
                 PeakFor(options, device, session), report.back_to_back_ms);
  if (options.json.empty()) return;
  const std::string json = ToJson(options, device, session, report).dump(2) + "\n";
  if (json_only)
    std::fputs(json.c_str(), stdout);
  else
    WriteWholeFile(options.json, json);
}

}  // namespace mlc::tools

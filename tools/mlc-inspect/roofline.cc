// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-inspect/roofline.h"

#include <algorithm>

#include "tools/common/error.h"

namespace mlc::tools {
namespace {

using Json = nlohmann::ordered_json;

double Ratio(double a, double b) { return b > 0 ? a / b : 0; }

bool IsHalf(const Json& entry) {
  const std::string dtype = entry.value("dtype", "");
  return dtype == "float16" || dtype == "bfloat16";
}

// The achieved rates of `flops` and `bytes` in `time_us`, beside peaks.
void AddRates(Json& item, double flops, double bytes, double time_us, double peak_flops_per_s,
              double peak_bytes_per_s) {
  item["flops_per_s"] = Ratio(flops, time_us * 1e-6);
  item["bytes_per_s"] = Ratio(bytes, time_us * 1e-6);
  item["mfu"] = Ratio(item["flops_per_s"].get<double>(), peak_flops_per_s);
  item["mbu"] = Ratio(item["bytes_per_s"].get<double>(), peak_bytes_per_s);
}

}  // namespace

void AddRoofline(Json& target, const Json& profile, const Peak& peak) {
  const bool timed = !profile.is_null();
  const bool has_half =
      timed && std::any_of(profile["profile"].begin(), profile["profile"].end(), IsHalf);
  target["peak"] = {{"name", peak.name},
                    {"source", peak.source},
                    {"flops_per_s", has_half ? peak.half_flops_per_s : peak.flops_per_s},
                    {"bytes_per_s", peak.bytes_per_s}};
  const double runs = timed ? std::max(1.0, profile["runs"].get<double>()) : 1;
  double flops = 0, bytes = 0, time_us = 0, possible_us = 0;
  for (Json& launch : target["launches"]) {
    double calls = 1;
    if (timed) {
      const size_t id = launch["id"].get<size_t>();
      if (id >= profile["profile"].size() || profile["profile"][id]["kernel"] != launch["kernel"])
        throw ToolError(kUsage, "the profile is of another plan: its launch " + std::to_string(id) +
                                    " is not " + launch["kernel"].get<std::string>());
      const Json& entry = profile["profile"][id];
      launch["flops"] = entry["flops"];
      launch["bytes"] = entry["bytes"];
      const double count = entry["count"].get<double>();
      calls = count / runs;
      launch["calls"] = calls;
      launch["time_us"] = Ratio(entry["total_ns"].get<double>() / 1000, count);
      // Rates are those of the launch by itself: in a run it may hide behind the one before it.
      const double alone_us =
          Ratio(entry.value("alone_ns", entry["total_ns"].get<double>()) / 1000, count);
      AddRates(launch, launch["flops"].get<double>(), launch["bytes"].get<double>(), alone_us,
               IsHalf(entry) ? peak.half_flops_per_s : peak.flops_per_s, peak.bytes_per_s);
      time_us += launch["time_us"].get<double>() * calls;
      possible_us += launch["mfu"].get<double>() * alone_us * calls;
    }
    launch["intensity"] = Ratio(launch["flops"].get<double>(), launch["bytes"].get<double>());
    flops += launch["flops"].get<double>() * calls;
    bytes += launch["bytes"].get<double>() * calls;
  }
  target["total"] = {{"flops", flops}, {"bytes", bytes}, {"intensity", Ratio(flops, bytes)}};
  if (!timed) return;
  target["total"]["time_us"] = time_us;
  AddRates(target["total"], flops, bytes, time_us, peak.flops_per_s, peak.bytes_per_s);
  target["total"]["mfu"] = Ratio(possible_us, time_us);
}

}  // namespace mlc::tools

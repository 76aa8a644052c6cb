// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-inspect/roofline.h"

#include <algorithm>
#include <cstdlib>

#include "tools/common/error.h"
#include "tools/mlc-inspect/embedded.h"

namespace mlc::tools {
namespace {

using Json = nlohmann::ordered_json;

// "96e9:25.6e9"; false when the text is no such pair.
bool ParseNumbers(const std::string& text, Peak& peak) {
  char* end = nullptr;
  peak.flops_per_s = std::strtod(text.c_str(), &end);
  if (*end != ':') return false;
  const char* second = end + 1;
  peak.bytes_per_s = std::strtod(second, &end);
  return end != second && *end == 0 && peak.flops_per_s > 0 && peak.bytes_per_s > 0;
}

double Ratio(double a, double b) { return b > 0 ? a / b : 0; }

// The achieved rates of `flops` and `bytes` in `time_us`.
void AddRates(Json& item, double flops, double bytes, double time_us, const Peak& peak) {
  item["flops_per_s"] = Ratio(flops, time_us * 1e-6);
  item["bytes_per_s"] = Ratio(bytes, time_us * 1e-6);
  item["mfu"] = Ratio(item["flops_per_s"].get<double>(), peak.flops_per_s);
  item["mbu"] = Ratio(item["bytes_per_s"].get<double>(), peak.bytes_per_s);
}

}  // namespace

Peak ChoosePeak(const std::string& text, const std::string& arch, unsigned threads) {
  Peak peak;
  if (ParseNumbers(text, peak)) {
    peak.name = text;
    peak.source = "given with --peak";
    return peak;
  }
  std::string names;
  const Json table = Json::parse(kPeaksJson);
  for (const Json& row : table["peaks"]) {
    names += (names.empty() ? "" : ", ") + row["name"].get<std::string>();
    if (text.empty() ? row["arch"] != arch : row["name"] != text) continue;
    const unsigned cores = row["per_core"].get<bool>() ? std::max(1u, threads) : 1;
    peak.name = row["name"].get<std::string>() + (cores > 1 ? " x " + std::to_string(cores) : "");
    peak.source = row["source"].get<std::string>();
    peak.flops_per_s = row["flops_per_s"].get<double>() * cores;
    peak.bytes_per_s = row["bytes_per_s"].get<double>();
    return peak;
  }
  throw ToolError(kUsage, "--peak takes FLOPS:BYTES a second, or one of " + names +
                              (text.empty() ? "; there is none for " + arch : ""));
}

void AddRoofline(Json& target, const Json& profile, const Peak& peak) {
  target["peak"] = {{"name", peak.name},
                    {"source", peak.source},
                    {"flops_per_s", peak.flops_per_s},
                    {"bytes_per_s", peak.bytes_per_s}};
  const bool timed = !profile.is_null();
  const double runs = timed ? std::max(1.0, profile["runs"].get<double>()) : 1;
  double flops = 0, bytes = 0, time_us = 0;
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
      AddRates(launch, launch["flops"].get<double>(), launch["bytes"].get<double>(),
               launch["time_us"].get<double>(), peak);
      time_us += launch["time_us"].get<double>() * calls;
    }
    launch["intensity"] = Ratio(launch["flops"].get<double>(), launch["bytes"].get<double>());
    flops += launch["flops"].get<double>() * calls;
    bytes += launch["bytes"].get<double>() * calls;
  }
  target["total"] = {{"flops", flops}, {"bytes", bytes}, {"intensity", Ratio(flops, bytes)}};
  if (!timed) return;
  target["total"]["time_us"] = time_us;
  AddRates(target["total"], flops, bytes, time_us, peak);
}

}  // namespace mlc::tools

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/peaks.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tools/common/error.h"

namespace mlc::tools {

extern const char kPeaksJson[];  // peaks.json

namespace {

using Json = nlohmann::ordered_json;

// "96e9:25.6e9"; false when the text is no such pair.
bool ParseNumbers(const std::string& text, Peak& peak) {
  char* end = nullptr;
  peak.flops_per_s = std::strtod(text.c_str(), &end);
  if (*end != ':') return false;
  const char* second = end + 1;
  peak.bytes_per_s = std::strtod(second, &end);
  peak.half_flops_per_s = peak.flops_per_s;
  return end != second && *end == 0 && peak.flops_per_s > 0 && peak.bytes_per_s > 0;
}

Peak FromRow(const Json& row, unsigned threads) {
  const unsigned cores = row["per_core"].get<bool>() ? std::max(1u, threads) : 1;
  Peak peak;
  peak.name = row["name"].get<std::string>() + (cores > 1 ? " x " + std::to_string(cores) : "");
  peak.source = row["source"].get<std::string>();
  peak.flops_per_s = row["flops_per_s"].get<double>() * cores;
  peak.half_flops_per_s = row.value("half_flops_per_s", row["flops_per_s"].get<double>()) * cores;
  peak.bytes_per_s = row["bytes_per_s"].get<double>();
  return peak;
}

// "sm_90" of "sm_90a".
std::string PlainArch(const std::string& arch) {
  const bool has_suffix = arch.rfind("sm_", 0) == 0 && (arch.back() == 'a' || arch.back() == 'f');
  return has_suffix ? arch.substr(0, arch.size() - 1) : arch;
}

bool Fits(const Json& row, const PeakOf& device) {
  if (device.product.empty()) return row["arch"] == PlainArch(device.arch);
  return row.contains("device") &&
         device.product.find(row["device"].get<std::string>()) != std::string::npos;
}

}  // namespace

std::optional<Peak> FindPeak(const PeakOf& device) {
  const Json table = Json::parse(kPeaksJson);
  for (const Json& row : table["peaks"])
    if (Fits(row, device)) return FromRow(row, device.threads);
  return std::nullopt;
}

Peak ChoosePeak(const std::string& text, const PeakOf& device) {
  Peak peak;
  if (ParseNumbers(text, peak)) {
    peak.name = text;
    peak.source = "given with --peak";
    return peak;
  }
  if (text.empty())
    if (std::optional<Peak> found = FindPeak(device)) return *found;
  std::string names;
  const Json table = Json::parse(kPeaksJson);
  for (const Json& row : table["peaks"]) {
    names += (names.empty() ? "" : ", ") + row["name"].get<std::string>();
    if (row["name"] == text) return FromRow(row, device.threads);
  }
  const std::string& what = device.product.empty() ? device.arch : device.product;
  throw ToolError(kUsage, "--peak takes FLOPS:BYTES a second, or one of " + names +
                              (text.empty() ? "; there is none for " + what : ""));
}

}  // namespace mlc::tools

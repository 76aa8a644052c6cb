// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Report.h"
#include "tools/common/describe_plan.h"
#include "tools/common/error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <set>
#include <sys/resource.h>

using Json = nlohmann::ordered_json;

namespace mlc {
namespace {

uint64_t peakRssBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

/// 1.5 and "GFLOP" of 1500000000.
std::string scaled(double value, const char *unit) {
  const char *const prefixes[] = {"", "k", "M", "G", "T"};
  size_t i = 0;
  for (; value >= 1000 && i + 1 < std::size(prefixes); ++i)
    value /= 1000;
  return llvm::formatv(i == 0 ? "{0:f0} {1}{2}" : "{0:f2} {1}{2}", value, prefixes[i], unit).str();
}

double sum(const Json &list, const char *key) {
  double total = 0;
  for (const Json &item : list)
    total += item[key].get<double>();
  return total;
}

std::string dimsText(const Json &dims) {
  std::string text;
  for (const auto &[name, value] : dims.items())
    text += (text.empty() ? "" : ", ") + name + "=" + value.dump();
  return text;
}

} // namespace

Json makeReport(const CompileReport &report, const std::string &planPath, double milliseconds) {
  Json json = {{"schema_version", 1}, {"compile_ms", milliseconds}, {"peak_rss_bytes", peakRssBytes()}, {"plan_bytes", report.planBytes}, {"graph_ops", report.graphOps}, {"dims", Json::object()}, {"targets", Json::array()}};
  json["recognised"] = Json::object();
  for (const auto &[name, count] : report.recognised)
    json["recognised"][name] = count;
  json["times"] = Json::array();
  for (const StageTime &t : report.times)
    json["times"].push_back({{"name", t.name}, {"ms", t.wallMs}, {"cpu_ms", t.cpuMs}});
  json["refused_kernels"] = report.refused;
  json["warnings"] = report.warnings;
  json["kept_f32"] = report.keptF32;
  json["accuracy"] = Json::array();
  for (const CompileReport::Accuracy &a : report.accuracy)
    json["accuracy"].push_back({{"arch", a.arch}, {"error_narrow", a.narrow}, {"error", a.chosen}, {"kept_f32", a.kept}, {"kernels", a.regions}});
  Json described;
  try {
    if (!planPath.empty()) {
      auto file = tools::ValueOrThrow(runtime::PlanFile::OpenFile(planPath.c_str(), runtime::PlanReadOptions()));
      described = tools::DescribePlan(file, "", {});
      json["plan_bytes"] = file.size_bytes();
      json["dims"] = described["dims"];
    }
  } catch (const std::exception &error) {
    json["undescribed"] = error.what();
  }
  for (size_t i = 0; i < report.targets.size(); ++i) {
    const CompileReport::Target &t = report.targets[i];
    Json target = described.contains("targets") ? described["targets"][i] : Json{{"arch", t.arch}};
    target["code_bytes"] = t.codeBytes;
    target["flops"] = t.flops;
    for (const auto &choice : t.choices)
      target["choices"].push_back({{"kernel", choice.kernel}, {"problem", choice.problem}, {"config", choice.config}});
    target["bytes"] = t.bytes;
    for (auto [order, peak] : llvm::zip(std::array{"source", "depth_first", "greedy"}, t.peaks))
      target["order_peaks"][order] = peak;
    if (!t.rematerialized.empty())
      target["rematerialized"] = {{"regions", t.rematerialized[0]}, {"peak_before_bytes", t.rematerialized[1]}, {"peak_after_bytes", t.rematerialized[2]}};
    json["targets"].push_back(std::move(target));
  }
  return json;
}

std::string summaryText(const Json &report, const std::string &planPath) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << planPath << (report["plan_bytes"] == 0 ? "" : ": " + scaled(report["plan_bytes"].get<double>(), "B"));
  os << llvm::formatv(" in {0:f2} s, peak RSS {1}\n", report["compile_ms"].get<double>() / 1000, scaled(report["peak_rss_bytes"].get<double>(), "B"));
  if (report.contains("undescribed"))
    os << "  no sizes: " << report["undescribed"].get<std::string>() << '\n';
  if (!report["recognised"].empty()) {
    std::string found;
    for (const auto &[name, count] : report["recognised"].items())
      found += (found.empty() ? "" : ", ") + name + " " + count.dump();
    os << "  recognised: " << found << '\n';
  }
  for (const Json &t : report["targets"]) {
    std::set<std::string> launched;
    std::string arch = t["arch"].get<std::string>();
    if (!t.contains("launches")) {
      os << llvm::formatv("{0}: {1} of code\n", arch, scaled(t["code_bytes"].get<double>(), "B"));
      continue;
    }
    for (const Json &launch : t["launches"])
      launched.insert(launch["kernel"].get<std::string>());
    launched.erase("copy");
    double flops = sum(t["launches"], "flops"), bytes = sum(t["launches"], "bytes");
    os << llvm::formatv("{0}: {1} graph ops -> {2} launches of {3} kernels ({4} of code{5})\n", arch, report["graph_ops"].get<uint64_t>(), t["launches"].size(), launched.size(),
                        scaled(t["code_bytes"].get<double>(), "B"), t["buckets"].empty() ? "" : ", buckets included");
    os << llvm::formatv("  {0}, {1} moved, {2:f1} FLOP/B", scaled(flops, "FLOP"), scaled(bytes, "B"), bytes ? flops / bytes : 0.0);
    os << llvm::formatv("; weights {0}, activations {1} (lower bound {2})", scaled(t["weights_bytes"].get<double>(), "B"), scaled(t["planned_peak_bytes"].get<double>(), "B"), scaled(t["lower_bound_bytes"].get<double>(), "B"));
    os << (report["dims"].empty() ? "" : " at " + dimsText(report["dims"])) << '\n';
    if (t.contains("rematerialized")) {
      const Json &again = t["rematerialized"];
      os << llvm::formatv("  {0} kernels run a second time: live at once {1} instead of {2}\n", again["regions"].get<uint64_t>(), scaled(again["peak_after_bytes"].get<double>(), "B"), scaled(again["peak_before_bytes"].get<double>(), "B"));
    }
    for (const Json &b : t["buckets"])
      os << llvm::formatv("  bucket {0}: {1} launches of {2} kernels ({3} of code); adds {4} kernels ({5}), weights {6}; activations {7}\n", b["bucket"].get<std::string>(), b["launches"].size(),
                          b["num_kernels"].get<uint64_t>(), scaled(b["code_bytes"].get<double>(), "B"), b["own_kernels"].get<uint64_t>(), scaled(b["own_code_bytes"].get<double>(), "B"),
                          scaled(b["own_weights_bytes"].get<double>(), "B"), scaled(b["planned_peak_bytes"].get<double>(), "B"));
  }
  return text;
}

std::string precisionText(const Json &report, double maxError) {
  constexpr size_t kMostLines = 8;
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Json &a : report["accuracy"]) {
    double narrow = a["error_narrow"].get<double>(), chosen = a["error"].get<double>();
    os << llvm::formatv("{0}: the answers to the samples differ from f32 by {1:e1}", a["arch"].get<std::string>(), chosen);
    if (a["kept_f32"].get<size_t>())
      os << llvm::formatv(" with {0} of {1} kernels in f32, by {2:e1} with none", a["kept_f32"].get<size_t>(), a["kernels"].get<size_t>(), narrow);
    os << llvm::formatv(" (--max-error {0})\n", maxError);
  }
  const Json &kept = report["kept_f32"];
  for (size_t i = 0; i < std::min(kept.size(), kMostLines); ++i)
    os << "stays f32: " << kept[i].get<std::string>() << '\n';
  if (kept.size() > kMostLines)
    os << "stays f32: " << kept.size() - kMostLines << " more (--json has them)\n";
  return text;
}

std::string timesText(const Json &report) {
  std::string text = "  wall ms    cpu ms      %  pass or stage\n";
  llvm::raw_string_ostream os(text);
  double total = report["compile_ms"].get<double>(), known = 0;
  auto row = [&](double wall, const std::string &cpu, const std::string &name) { os << llvm::formatv("{0,9:f2} {1,9} {2,6:f1}  {3}\n", wall, cpu, 100 * wall / total, name); };
  for (const Json &t : report["times"]) {
    row(t["ms"].get<double>(), llvm::formatv("{0:f2}", t["cpu_ms"].get<double>()).str(), t["name"].get<std::string>());
    known += t["ms"].get<double>();
  }
  row(total - known, "", "everything else");
  row(total, "", "total");
  return text;
}

} // namespace mlc

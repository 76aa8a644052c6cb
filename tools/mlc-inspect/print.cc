// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-inspect/print.h"

#include <cstdio>
#include <set>
#include <string>

namespace mlc::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxMetadataText = 60;

std::string TextOf(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump();
}

std::string Join(const Json& list, const char* separator) {
  std::string text;
  for (const Json& item : list) text += (text.empty() ? "" : separator) + TextOf(item);
  return text;
}

double Megabytes(const Json& bytes) { return bytes.get<double>() / 1e6; }

void PrintTensors(const char* role, const Json& tensors) {
  for (const Json& tensor : tensors)
    std::printf("%s %s: %s [%s]\n", role, TextOf(tensor["name"]).c_str(),
                TextOf(tensor["dtype"]).c_str(), Join(tensor["dims"], ", ").c_str());
}

// A target's generic program, or one of its buckets.
void PrintProgram(const Json& program, size_t num_kernels, double code_bytes, bool schedule) {
  double flops = 0, bytes = 0;
  for (const Json& launch : program["launches"]) {
    flops += launch["flops"].get<double>();
    bytes += launch["bytes"].get<double>();
  }
  std::printf("  %zu launches of %zu kernels (%.1f KB of code), %.3f GFLOP, %.1f MB moved\n",
              program["launches"].size(), num_kernels, code_bytes / 1e3, flops / 1e9, bytes / 1e6);
  std::printf("  weights %.2f MB, activations %.3f MB (lower bound %.3f MB)\n",
              Megabytes(program["weights_bytes"]), Megabytes(program["planned_peak_bytes"]),
              Megabytes(program["lower_bound_bytes"]));
  size_t num_products = 0;
  for (const Json& launch : program["launches"]) num_products += launch.contains("product");
  if (num_products > 0)
    std::printf("  %zu launches are products that cuBLASLt computes (libcublasLt.so.13 or .12)\n",
                num_products);
  size_t num_beside = 0;
  for (const Json& launch : program["launches"]) num_beside += launch.contains("stream");
  if (num_beside > 0)
    std::printf("  %zu launches run beside others, in streams of their own\n", num_beside);
  if (!schedule) return;
  std::printf("  %4s %10s %10s  %-32s %s\n", "#", "MFLOP", "KB", "kernel", "nodes");
  size_t number = 0;
  for (const Json& launch : program["launches"]) {
    const std::string branch = TextOf(launch["branch"]);
    std::printf("  %4zu %10.3f %10.1f  %-32s %s%s%s\n", number++, launch["flops"].get<double>() / 1e6,
                launch["bytes"].get<double>() / 1e3, TextOf(launch["kernel"]).c_str(),
                ((branch.empty() ? "" : "[" + branch + "] ") +
                 (launch.contains("stream") ? "{stream " + TextOf(launch["stream"]) + "} " : ""))
                    .c_str(),
                (launch["patterns"].empty() ? "" : "<" + Join(launch["patterns"], ", ") + "> ").c_str(),
                Join(launch["nodes"], ", ").c_str());
  }
}

void PrintTarget(const Json& target, bool schedule) {
  std::set<std::string> launched;
  for (const Json& launch : target["launches"]) launched.insert(TextOf(launch["kernel"]));
  size_t num_kernels = 0;
  double code_bytes = 0;
  for (const Json& kernel : target["kernels"]) {
    if (!launched.count(TextOf(kernel["name"]))) continue;
    ++num_kernels;
    code_bytes += kernel["code_bytes"].get<double>();
  }
  std::printf("\ntarget %s (%s)\n", TextOf(target["arch"]).c_str(),
              Join(target["features"], ",").c_str());
  PrintProgram(target, num_kernels, code_bytes, schedule);
  for (const Json& bucket : target["buckets"]) {
    std::printf(
        "\nbucket %s of %s, numbers for %s; adds %zu kernels (%.1f KB), %.2f MB of weights\n",
        TextOf(bucket["bucket"]).c_str(), TextOf(target["arch"]).c_str(),
        bucket["dims"].dump().c_str(), bucket["own_kernels"].get<size_t>(),
        bucket["own_code_bytes"].get<double>() / 1e3, Megabytes(bucket["own_weights_bytes"]));
    PrintProgram(bucket, bucket["num_kernels"].get<size_t>(), bucket["code_bytes"].get<double>(),
                 schedule);
  }
}

}  // namespace

void PrintDescription(const Json& description, bool schedule) {
  std::printf("plan format %s by %s, %.2f MB, entry '%s'\n",
              TextOf(description["plan_version"]).c_str(), TextOf(description["compiler"]).c_str(),
              Megabytes(description["plan_bytes"]), TextOf(description["entry"]).c_str());
  std::printf("flags: %s\n", TextOf(description["flags"]).c_str());
  for (const auto& [key, value] : description["metadata"].items()) {
    const std::string text = TextOf(value);
    std::printf("metadata %s: %s%s\n", key.c_str(), text.substr(0, kMaxMetadataText).c_str(),
                text.size() > kMaxMetadataText ? "..." : "");
  }
  PrintTensors("input", description["inputs"]);
  PrintTensors("output", description["outputs"]);
  if (!description["dims"].empty())
    std::printf("numbers below are for %s\n", description["dims"].dump().c_str());
  for (const Json& target : description["targets"]) PrintTarget(target, schedule);
}

}  // namespace mlc::tools

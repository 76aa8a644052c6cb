// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-inspect: what is in a plan.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "tools/common/describe_plan.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/common/symbols.h"
#include "tools/mlc-inspect/check.h"
#include "tools/mlc-inspect/extract.h"
#include "tools/mlc-inspect/page.h"
#include "tools/mlc-inspect/print.h"

namespace {

using namespace mlc::tools;

struct Options {
  std::string plan;
  std::string entry;
  std::vector<std::string> dims;
  std::string extract;
  std::string html;
  std::string profile;
  std::string peak;
  bool json = false;
  bool schedule = false;
  bool check = false;
};

void WritePage(const mlc::runtime::PlanFile& file, const Options& options) {
  nlohmann::ordered_json profile;
  if (!options.profile.empty()) {
    profile = nlohmann::ordered_json::parse(ReadWholeFile(options.profile), nullptr, false);
    if (profile.is_discarded())
      throw ToolError(kUsage, "'" + options.profile + "': this is not JSON");
  }
  const auto description = DescribePlanInFull(file, options.entry, ParseDims(options.dims));
  WriteWholeFile(options.html, FormatPage(description, profile, options.peak,
                                          std::filesystem::path(options.plan).filename()));
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Show what is in a plan.", "mlc-inspect");
  app.footer(
      "Exit codes: 0 ok, 1 the plan is at fault, 2 usage, 3 the system failed.\n"
      "Examples:\n"
      "  mlc-inspect model.plan --schedule --dims batch=8\n"
      "  mlc-run model.plan --profile --json profile.json\n"
      "  mlc-inspect model.plan --html model.html --profile profile.json\n"
      "  mlc-inspect model.plan --extract code && objdump -d code/x86-64-v3.elf\n"
      "  mlc-inspect model.plan --extract code && cuobjdump -sass code/cuda.fatbin");
  app.set_version_flag("--version", std::string("mlc-inspect ") + mlc_version());
  app.add_option("plan", options.plan, "the plan file")->type_name("PLAN")->required();
  app.add_option("--entry", options.entry, "entry of the plan; default: its first")
      ->type_name("NAME");
  app.add_option("--dims", options.dims,
                 "symbolic dims that sizes and costs are for; default: the opt points, else 1 for "
                 "first dims and 64, or the first size that can run, for others")
      ->type_name("NAME=VALUE,...")
      ->allow_extra_args(false);
  app.add_flag("--json", options.json, "print all of it as JSON");
  app.add_flag("--schedule", options.schedule, "list every launch");
  app.add_flag("--check", options.check,
               "verify what needs no device: all checksums, the weights' too, shapes and memory of "
               "every program at the dims, and for CUDA that streams order whatever touches the "
               "same bytes");
  app.add_option(
         "--extract", options.extract,
         "write each target's code to DIR. For x86-64 <arch>.bin as it is in the plan and <arch>.elf "
         "with the kernels' symbols for objdump -d, gdb and perf; for CUDA <arch>.cubin for nvdisasm, "
         "<arch>.ptx of the forward path, and cuda.fatbin with all of them for cuobjdump")
      ->type_name("DIR");
  auto* html = app.add_option("--html", options.html,
                              "write one self-contained page: graph, roofline, kernels, memory map")
                   ->type_name("FILE");
  app.add_option("--profile", options.profile,
                 "times for the page: the file of mlc-run PLAN --profile --json FILE")
      ->type_name("FILE")
      ->needs(html);
  app.add_option("--peak", options.peak,
                 "what the device could reach, for the page: a row of peaks.json (x86-64-v3-core, "
                 "...) or FLOPS:BYTES a second; default: the target's row, times the profile's "
                 "threads")
      ->type_name("NAME|FLOPS:BYTES")
      ->needs(html);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  if (options.check) {
    for (const std::string& line : CheckPlan(options.plan, options.entry, ParseDims(options.dims)))
      std::printf("%s\n", line.c_str());
    return kOk;
  }
  const auto file = ValueOrThrow(
      mlc::runtime::PlanFile::OpenFile(options.plan.c_str(), mlc::runtime::PlanReadOptions()));
  if (!options.extract.empty()) {
    for (const std::string& path : ExtractCode(file, options.extract))
      std::printf("%s\n", path.c_str());
    return kOk;
  }
  if (!options.html.empty()) {
    WritePage(file, options);
    return kOk;
  }
  const auto description = DescribePlan(file, options.entry, ParseDims(options.dims));
  if (options.json)
    std::printf("%s\n",
                description.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  else
    PrintDescription(description, options.schedule);
  return kOk;
}

}  // namespace

int main(int argc, char** argv) { return RunTool("mlc-inspect", Main, argc, argv); }

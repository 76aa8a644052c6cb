// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-refit: puts the weights into a plan that was compiled without them.
#include <CLI/CLI.hpp>

#include "runtime/plan/refit.h"
#include "tools/common/error.h"
#include "tools/common/onnx_tensor.h"

namespace {

using namespace mlc::tools;

constexpr const char kFooter[] =
    "The result is byte for byte the plan that mlc-compile writes without --strip-weights. Weights "
    "that differ from those of the compiled model are refused.\n"
    "Exit codes: 0 done, 1 the plan or the model is at fault, 2 usage, 3 the system failed.\n"
    "Example:\n"
    "  mlc-compile model.onnx --strip-weights -o small.plan\n"
    "  mlc-refit small.plan --weights model.onnx -o model.plan";

int Main(int argc, char **argv) {
  std::string plan, weights, output;
  CLI::App app("Put a model's weights into a plan that mlc-compile --strip-weights wrote.",
               "mlc-refit");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("mlc-refit ") + mlc_version());
  app.add_option("plan", plan, "the plan without weights")->required()->type_name("PLAN");
  app.add_option("--weights", weights, "the ONNX model that was compiled")
      ->required()
      ->type_name("ONNX");
  app.add_option("-o,--output", output, "the plan to write")->required()->type_name("PLAN");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  const OnnxWeights model(weights);
  Array current;
  auto lookup = [&](const std::string &name) -> mlc::runtime::Result<std::string_view> {
    current = model.Get(name);
    return std::string_view(current.bytes);
  };
  mlc::Check(mlc::runtime::RefitPlan(plan, lookup, output).Release());
  return kOk;
}

}  // namespace

int main(int argc, char **argv) { return RunTool("mlc-refit", Main, argc, argv); }

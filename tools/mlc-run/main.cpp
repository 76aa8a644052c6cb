// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// mlc-run: run and time a plan.
#include <CLI/CLI.hpp>

#include "tools/common/error.h"
#include "tools/mlc-run/run.h"

namespace {

constexpr const char kFooter[] =
    "Latency is host wall time of one run, on CUDA with inputs and outputs on the device. Without "
    "input files the inputs are random: floats in [-1, 1), integers 0 "
    "or 1.\n"
    "Environment: MLC_THREADS, MLC_LOG (error, warn, info, debug), MLC_VERIFY_ALL, "
    "MLC_ALLOC_CONF, MLC_CUDA_GRAPHS, MLC_CUDA_DEPENDENT_LAUNCH, MLC_CUDA_INPUTS_AHEAD, "
    "MLC_CUDA_FORCE_PTX.\n"
    "Exit codes: 0 ok, 1 the plan is at fault, 2 usage, 3 the device or the system failed, 4 "
    "differs from the reference.\n"
    "Examples:\n"
    "  mlc-run model.plan\n"
    "  mlc-run model.plan --input x=image.npy --save-outputs out.npz --profile\n"
    "  mlc-run model.plan --inputs in.npz --reference out.npz --rtol 1e-3 --json -";

int Main(int argc, char** argv) {
  mlc::tools::RunOptions options;
  CLI::App app("Run and time a plan that mlc-compile wrote.", "mlc-run");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("mlc-run ") + mlc_version());
  app.add_option("plan", options.plan, "the plan file")->type_name("PLAN");
  app.add_option("--loadEngine", options.plan, "the plan file, as trtexec spells it")
      ->type_name("PLAN");
  app.add_option("--device", options.device, "host or cuda:N")
      ->type_name("DEVICE")
      ->capture_default_str();
  app.add_option("--entry", options.entry, "entry of the plan; default: its first")
      ->type_name("NAME");
  app.add_option("--threads", options.threads,
                 "threads of a run; default: MLC_THREADS, else all usable CPUs")
      ->type_name("N");
  app.add_option(
         "--inputs", options.inputs,
         "inputs: an archive with members named as them, or a folder with input_<i>.npy or .pb")
      ->type_name("NPZ|DIR");
  app.add_option("--input", options.input, "one input from a .npy or .pb file; repeatable")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_option("--dims", options.dims,
                 "symbolic dims of random inputs; default: the opt points, else 1 for first dims "
                 "and 64, or "
                 "the first size that can run of 1, 128, 256, .. 65536, for others")
      ->type_name("NAME=VALUE,...")
      ->allow_extra_args(false);
  app.add_option("--seed", options.seed, "of random inputs")->type_name("N")->capture_default_str();
  app.add_option("--save-outputs", options.save_outputs,
                 "an .npz, or a folder (existing, or with a slash at its end) for output_<i>.npy")
      ->type_name("NPZ|DIR");
  app.add_option("--reference", options.reference,
                 "outputs to compare with; beyond --rtol and --atol the exit code is 4")
      ->type_name("NPZ|DIR");
  app.add_option("--rtol", options.rtol, "relative tolerance")
      ->type_name("R")
      ->capture_default_str();
  app.add_option("--atol", options.atol, "absolute tolerance")
      ->type_name("A")
      ->capture_default_str();
  app.add_option("--iterations", options.iterations, "timed runs, after the first one")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--warmup", options.warmup, "runs before the timed ones")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--duration", options.duration_s, "seconds to run instead of --iterations")
      ->type_name("SECONDS");
  app.add_flag("--profile", options.profile,
               "time per instruction, the slowest first, with MFU and MBU where the device's peaks "
               "are known; with --json in the report too, for mlc-inspect --profile. On CUDA runs "
               "take turns at timing launches by themselves and up to six together (21 runs at "
               "least): 'us/run' leaves out what is hidden behind launches before, so that the sum "
               "is a run's time, 'alone us' does not. Profiled runs have one stream: where the plan's "
               "branches run beside each other (mlc-compile --streams) a run takes less than the "
               "sum");
  app.add_option("--peak", options.peak,
                 "what the device could reach, for MFU and MBU: a row of peaks.json (h100-sxm, ..) "
                 "or FLOPS:BYTES a second; default: the row of the device's product")
      ->type_name("NAME|FLOPS:BYTES");
  app.add_option("--streams", options.streams,
                 "then also the throughput of N sessions at once, each on a stream of its own, with "
                 "inputs and outputs on the device, in pinned and in pageable memory of the host, "
                 "and pinned with inputs copied ahead")
      ->type_name("N")
      ->check(CLI::Range(1u, 64u));
  app.add_flag("--include-transfers", options.include_transfers,
               "copy inputs to the device and outputs back in each timed run");
  app.add_flag("--check", options.check, "verify all checksums, the weights' too, and on CUDA the order of what touches the same "
               "bytes");
  app.add_option("--json", options.json,
                 "write the report to a file; - for standard output, which then holds only JSON")
      ->type_name("FILE|-");
  try {
    app.parse(argc, argv);
    if (options.plan.empty()) throw CLI::RequiredError("plan");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? mlc::tools::kOk : mlc::tools::kUsage;
  }
  return mlc::tools::RunPlan(options);
}

}  // namespace

int main(int argc, char** argv) { return mlc::tools::RunTool("mlc-run", Main, argc, argv); }

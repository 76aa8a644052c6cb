// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-run/run.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "tools/common/compare.h"
#include "tools/common/device_io.h"
#include "tools/common/error.h"
#include "tools/common/npy.h"
#include "tools/common/peaks.h"
#include "tools/common/random_inputs.h"
#include "tools/common/session_io.h"
#include "tools/common/symbols.h"
#include "tools/common/tensor_files.h"
#include "tools/common/timing.h"
#include "tools/mlc-run/report.h"
#include "tools/mlc-run/streams.h"

namespace mlc::tools {
namespace {

Session OpenSession(const RunOptions& options, Device& device, Plan& plan, Report& report) {
  const Stopwatch watch;
  mlc_device_options_t device_options;
  mlc_device_options_init(&device_options);
  device_options.num_threads = options.threads;
  device = Device::Open(options.device, &device_options);
  report.device_ms = watch.elapsed_ms();
  mlc_plan_options_t plan_options;
  mlc_plan_options_init(&plan_options);
  if (options.check) plan_options.verify_all = 1;
  plan = Plan::OpenFile(options.plan, &plan_options);
  mlc_session_options_t session_options;
  mlc_session_options_init(&session_options);
  session_options.entry = options.entry.empty() ? nullptr : options.entry.c_str();
  Session session = Session::Create(plan, device, &session_options);
  report.load_ms = watch.elapsed_ms();
  report.threads = device.num_threads();
  return session;
}

// From the files that were named, all of them or none.
std::vector<Array> LoadInputs(const RunOptions& options, const mlc_signature& signature) {
  if (options.inputs.empty() && options.input.empty())
    return RandomInputs(signature, ChooseSymbols(signature, ParseDims(options.dims)), options.seed);
  std::map<std::string, Array> files;
  if (!options.inputs.empty()) files = ReadTensors(options.inputs, "input", signature.inputs);
  for (const std::string& item : options.input) {
    const size_t equals = item.find('=');
    if (equals == std::string::npos)
      throw ToolError(kUsage, "--input wants NAME=FILE, got '" + item + "'");
    size_t index = 0;
    Check(mlc_signature_find_input(&signature, item.substr(0, equals).c_str(), &index));
    files[signature.inputs[index].name] = ReadTensor(item.substr(equals + 1));
  }
  std::vector<Array> inputs;
  for (const mlc_tensor_info_t& info : signature.inputs) {
    const auto found = files.find(info.name);
    if (found == files.end())
      throw ToolError(kUsage, std::string("there is no file for input '") + info.name + "'");
    inputs.push_back(Reinterpret(std::move(found->second), info));
  }
  return inputs;
}

// Times of the parts of all runs, one after the other.
struct Parts {
  double h2d_ms = 0, compute_ms = 0, d2h_ms = 0;
};

// `io` is empty on the host.
void TimeRuns(Session& session, const RunOptions& options, std::optional<DeviceIO>& io,
              Report& report) {
  for (size_t i = 0; i < options.warmup; ++i) session.Run();
  if (options.profile) Check(mlc_session_set_profile(session.get(), 1));
  std::vector<double> times_ms;
  Parts parts;
  const bool transfers = io && options.include_transfers;
  const Stopwatch total;
  auto go_on = [&] {
    return options.duration_s > 0 ? total.elapsed_ms() < options.duration_s * 1000
                                  : times_ms.size() < options.iterations;
  };
  while (go_on()) {
    const Stopwatch watch;
    if (transfers) io->CopyIn();
    const double copied_in_ms = transfers ? watch.elapsed_ms() : 0;
    session.Run();
    const double run_ms = watch.elapsed_ms();
    if (transfers) io->CopyOut();
    times_ms.push_back(transfers ? watch.elapsed_ms() : run_ms);
    parts.h2d_ms += copied_in_ms;
    parts.compute_ms += run_ms - copied_in_ms;
    parts.d2h_ms += times_ms.back() - run_ms;
  }
  const auto runs = static_cast<double>(std::max<size_t>(1, times_ms.size()));
  report.latency = Summarise(std::move(times_ms));
  report.h2d_ms = parts.h2d_ms / runs;
  report.compute_ms = parts.compute_ms / runs;
  report.d2h_ms = parts.d2h_ms / runs;
}

double TimeCall(const auto& call) {
  const Stopwatch watch;
  call();
  return watch.elapsed_ms();
}

// What the timed runs did not do: copies, and enqueueing without waiting.
void TimeParts(Session& session, const Device& device, const RunOptions& options, DeviceIO& io,
               Report& report) {
  constexpr int kRounds = 10;
  double enqueue_ms = 0, h2d_ms = 0, d2h_ms = 0;
  if (options.profile) Check(mlc_session_set_profile(session.get(), 0));  // keeps the times
  Stream stream = Stream::Create(device);
  for (int i = 0; i < kRounds; ++i) {
    h2d_ms += TimeCall([&] { io.CopyIn(); });
    enqueue_ms += TimeCall([&] { session.Enqueue(stream); });
    session.Wait();
    d2h_ms += TimeCall([&] { io.CopyOut(); });
  }
  report.enqueue_ms = enqueue_ms / kRounds;
  report.back_to_back_ms = TimeCall([&] {
                             for (int i = 0; i < kRounds; ++i) session.Enqueue(stream);
                             session.Wait();
                           }) /
                           kRounds;
  if (options.include_transfers) return;
  report.h2d_ms = h2d_ms / kRounds;
  report.d2h_ms = d2h_ms / kRounds;
}

// Outputs that the reference lacks are not compared; one that it has must be there.
std::vector<Difference> CompareAll(const RunOptions& options, const mlc_signature& signature,
                                   const std::vector<std::pair<std::string, Array>>& outputs) {
  std::map<std::string, Array> reference =
      ReadTensors(options.reference, "output", signature.outputs);
  std::vector<Difference> differences;
  size_t compared = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Difference& difference = differences.emplace_back();
    const auto found = reference.find(outputs[i].first);
    if (found == reference.end()) continue;
    const Array wanted = Reinterpret(std::move(found->second), signature.outputs[i]);
    difference = Compare(outputs[i].second, wanted, options.rtol, options.atol);
    ++compared;
  }
  if (compared == 0)
    throw ToolError(kUsage, "'" + options.reference + "' has none of the plan's outputs");
  return differences;
}

bool HaveSameBits(const std::vector<std::pair<std::string, Array>>& a,
                  const std::vector<std::pair<std::string, Array>>& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].second.bytes != b[i].second.bytes) return false;
  return true;
}

// The first run went to the stream launch by launch, later ones as graphs: both must be right.
// Keeps the worse of each output's differences.
void CompareAgain(const RunOptions& options, const mlc_signature& signature,
                  const std::vector<std::pair<std::string, Array>>& outputs,
                  std::vector<Difference>& differences) {
  const std::vector<Difference> again = CompareAll(options, signature, outputs);
  for (size_t i = 0; i < differences.size(); ++i)
    if (!again[i].within ||
        (differences[i].within && again[i].max_abs_error > differences[i].max_abs_error))
      differences[i] = again[i];
}

}  // namespace

int RunPlan(const RunOptions& options) {
  Report report;
  if (!options.peak.empty()) ChoosePeak(options.peak, {});  // refuses a wrong name before the runs
  Device device;
  Plan plan;
  Session session = OpenSession(options, device, plan, report);
  const mlc_signature& signature = *mlc_session_signature(session.get());
  std::vector<Array> inputs = LoadInputs(options, signature);
  SetInputs(session, inputs);

  const Stopwatch first_run;
  session.Run();
  report.first_run_ms = first_run.elapsed_ms();
  report.outputs = TakeOutputs(session);
  if (!options.save_outputs.empty()) WriteTensors(options.save_outputs, "output", report.outputs);
  if (!options.reference.empty())
    report.differences = CompareAll(options, signature, report.outputs);

  std::optional<DeviceIO> io;
  if (device.kind() == MLC_DEVICE_CUDA) io.emplace(session, device, inputs, report.outputs);
  TimeRuns(session, options, io, report);
  if (io) {
    TimeParts(session, device, options, *io, report);
    report.same_again = HaveSameBits(io->Outputs(report.outputs), report.outputs);
  }
  if (io && !options.reference.empty())
    CompareAgain(options, signature, io->Outputs(report.outputs), report.differences);
  mlc_session_memory_t memory{};
  memory.struct_size = sizeof memory;
  Check(mlc_session_memory(session.get(), &memory));
  report.peak_arena_bytes = memory.planned_peak_bytes;
  if (options.streams > 0)
    report.streams = RunStreams(plan, device, options, inputs, report.outputs);
  PrintReport(options, device, session, report);

  int code = kOk;
  for (size_t i = 0; i < report.differences.size(); ++i) {
    if (report.differences[i].within) continue;
    std::fprintf(stderr, "mlc-run: output '%s' differs from the reference: %s\n",
                 report.outputs[i].first.c_str(), report.differences[i].why.c_str());
    code = kDiffers;
  }
  for (const Throughput& row : report.streams)
    if (!row.within) code = kDiffers;
  return code;
}

}  // namespace mlc::tools

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-run/streams.h"

#include <memory>

#include "tools/common/compare.h"
#include "tools/common/device_io.h"
#include "tools/common/timing.h"

namespace mlc::tools {
namespace {

struct Lane {
  Session session;
  Stream stream;
  std::unique_ptr<DeviceIO> io;
};

bool HasOutputs(Lane& lane, const std::vector<std::pair<std::string, Array>>& outputs,
                const RunOptions& options) {
  lane.io->CopyOut();
  const auto made = lane.io->Outputs(outputs);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!Compare(made[i].second, outputs[i].second, options.rtol, options.atol).within)
      return false;
  return true;
}

Throughput Measure(std::vector<Lane>& lanes, IOMemory memory, const char* io,
                   const RunOptions& options,
                   const std::vector<std::pair<std::string, Array>>& outputs) {
  auto round = [&] {
    for (Lane& lane : lanes) lane.session.Enqueue(lane.stream);
  };
  auto wait = [&] {
    for (Lane& lane : lanes) lane.session.Wait();
  };
  for (Lane& lane : lanes) lane.io->Bind(lane.session, memory);
  for (size_t i = 0; i < options.warmup + 2; ++i)
    round();  // two: graphs are made at the second use
  wait();
  const Stopwatch watch;
  size_t rounds = 0;
  auto go_on = [&] {
    return options.duration_s > 0 ? watch.elapsed_ms() < options.duration_s * 1000
                                  : rounds < options.iterations;
  };
  for (; go_on(); ++rounds) round();
  wait();
  Throughput result{io, 1000.0 * static_cast<double>(rounds * lanes.size()) / watch.elapsed_ms(),
                    true};
  for (Lane& lane : lanes) result.within &= HasOutputs(lane, outputs, options);
  return result;
}

}  // namespace

std::vector<Throughput> RunStreams(const Plan& plan, const Device& device,
                                   const RunOptions& options, const std::vector<Array>& inputs,
                                   const std::vector<std::pair<std::string, Array>>& outputs) {
  auto make_lanes = [&](bool inputs_ahead) {
    mlc_session_options_t session_options;
    mlc_session_options_init(&session_options);
    session_options.entry = options.entry.empty() ? nullptr : options.entry.c_str();
    session_options.cuda_inputs_ahead = inputs_ahead;
    std::vector<Lane> lanes(options.streams);
    for (Lane& lane : lanes) {
      lane.session = Session::Create(plan, device, &session_options);
      lane.stream = Stream::Create(device);
      lane.io = std::make_unique<DeviceIO>(lane.session, device, inputs, outputs);
    }
    return lanes;
  };
  std::vector<Throughput> rows;
  std::vector<Lane> lanes = make_lanes(false);
  rows.push_back(Measure(lanes, IOMemory::kDevice, "on the device", options, outputs));
  rows.push_back(Measure(lanes, IOMemory::kPinned, "pinned", options, outputs));
  rows.push_back(Measure(lanes, IOMemory::kPageable, "pageable", options, outputs));
  lanes.clear();
  lanes = make_lanes(true);
  rows.push_back(Measure(lanes, IOMemory::kPinned, "pinned, ahead", options, outputs));
  return rows;
}

}  // namespace mlc::tools

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Inputs copied ahead: beside what, behind what, and what they take.
#include <algorithm>
#include <deque>

#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

// y = 2 a + b over a temporary.
PlanBuilder TwoInputs() {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.DimSymbol("n", 0, 0, 0, 1 << 20);
  const uint32_t a = b.Input("a", MLC_DTYPE_FLOAT32, {n});
  const uint32_t other = b.Input("b", MLC_DTYPE_FLOAT32, {n});
  const uint32_t t = b.Temp(b.buffer(a).size);
  b.Launch("add_f32", {a, other, t}, n);
  b.Launch("add_f32", {a, t, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  return b;
}

CudaOpened OpenTwoInputs(const mlc_session_options_t& options) {
  return CudaOpened(TwoInputs(), DeviceOptions(), options);
}

mlc::Tensor Pinned(const mlc::Device& device, int64_t n, float value) {
  mlc::Tensor tensor = mlc::Tensor::CreateHost(device, MLC_DTYPE_FLOAT32, {n});
  std::fill_n(tensor.data<float>(), n, value);
  return tensor;
}

struct Way {
  int graphs, profile;
  size_t num_streams;
};

std::string NameOf(const Way& way) {
  return std::string(way.graphs ? "Graphs" : "Launches") + (way.profile ? "Profiled" : "") + "On" +
         std::to_string(way.num_streams);
}
void PrintTo(const Way& way, std::ostream* out) { *out << NameOf(way); }

class CudaInputsAhead : public Cuda, public testing::WithParamInterface<Way> {};

enum class Where { kPinned, kPageable, kDevice };

// Input `k` of run `i`: mostly pinned, all of it elsewhere now and then.
Where PlaceOf(int i, int k) {
  if (i % 7 == 4) return Where::kDevice;
  if (i % 5 == 3 && k == 1) return i % 2 ? Where::kDevice : Where::kPageable;
  return Where::kPinned;
}

// Enqueues them all, then waits.
std::vector<std::vector<float>> ManyRuns(const Way& way, bool ahead) {
  mlc_session_options_t options = SessionOptions(ahead);
  options.cuda_graphs = way.graphs;
  options.profile = way.profile;
  CudaOpened plan = OpenTwoInputs(options);
  std::vector<mlc::Stream> streams;
  for (size_t i = 0; i < way.num_streams; ++i) streams.push_back(mlc::Stream::Create(plan.device));
  std::deque<std::vector<float>> pageable;
  std::vector<mlc::Tensor> outputs;
  for (int i = 0; i < 60; ++i) {
    const int64_t n = i % 12 == 11 ? 0 : i < 30 ? 5 + i / 3 : 40 * i * (i % 3 + 1);
    for (int k = 0; k < 2; ++k) {
      const std::vector<float> values(static_cast<size_t>(n), static_cast<float>(10 * i + k));
      const Where place = PlaceOf(i, k);
      plan.session.SetInput(static_cast<size_t>(k),
                            place == Where::kPinned
                                ? Pinned(plan.device, n, static_cast<float>(10 * i + k))
                            : place == Where::kDevice ? OnDevice<float>(plan.device, values)
                                                      : TensorOf(pageable.emplace_back(values)));
    }
    outputs.push_back(Pinned(plan.device, n, -1));
    plan.session.SetOutput(0, outputs.back());
    if (i % 20 == 19)
      plan.session.Run();
    else
      plan.session.Enqueue(streams[static_cast<size_t>(i) % streams.size()]);
  }
  plan.session.Wait();
  std::vector<std::vector<float>> answers;
  for (const mlc::Tensor& y : outputs) answers.push_back(ValuesOf<float>(y));
  return answers;
}

TEST_P(CudaInputsAhead, GiveTheSameAnswers) {
  const std::vector<std::vector<float>> answers = ManyRuns(GetParam(), true);
  EXPECT_EQ(answers, ManyRuns(GetParam(), false));
  for (size_t i = 0; i < answers.size(); ++i)
    EXPECT_EQ(answers[i], std::vector<float>(answers[i].size(), 30.0f * static_cast<float>(i) + 1));
}

INSTANTIATE_TEST_SUITE_P(Ways, CudaInputsAhead,
                         testing::Values(Way{1, 0, 1}, Way{1, 0, 2}, Way{0, 0, 1}, Way{0, 0, 2},
                                         Way{1, 1, 2}),
                         [](const auto& info) { return NameOf(info.param); });

class CudaInputs : public Cuda {};

// What a run's host inputs may be written by: with cuda_inputs_ahead not by the run before it.
TEST_F(CudaInputs, ComeBesideTheRunBeforeOnlyAhead) {
  for (bool ahead : {false, true}) {
    CudaOpened plan = OpenTwoInputs(SessionOptions(ahead));
    const mlc::Stream stream = mlc::Stream::Create(plan.device);
    mlc::Tensor x = Pinned(plan.device, 8, 1);
    for (int i = 0; i < 3; ++i) {
      const mlc::Tensor y = Pinned(plan.device, 8, -1);
      for (size_t k : {0, 1}) plan.session.SetInput(k, x);
      plan.session.SetOutput(0, y);
      plan.session.Enqueue(stream);
      x = y;
    }
    plan.session.Wait();
    EXPECT_EQ(sim::TakeViolations().empty(), !ahead);
    if (!ahead) {
      EXPECT_EQ(ValuesOf<float>(x), std::vector<float>(8, 27));
    }
  }
}

TEST_F(CudaInputs, ComeBesideOtherWorkOfTheStreamOnlyAhead) {
  for (bool ahead : {false, true}) {
    CudaOpened first = OpenTwoInputs(SessionOptions(ahead));
    const mlc_session_options_t options = SessionOptions(ahead);
    mlc::Session second = mlc::Session::Create(first.plan, first.device, &options);
    const mlc::Stream stream = mlc::Stream::Create(first.device);
    const mlc::Tensor x = Pinned(first.device, 8, 1), between = Pinned(first.device, 8, -1);
    for (size_t k : {0, 1}) {
      first.session.SetInput(k, x);
      second.SetInput(k, between);
    }
    first.session.SetOutput(0, between);
    first.session.Enqueue(stream);
    second.Enqueue(stream);
    second.Wait();
    first.session.Wait();
    EXPECT_EQ(sim::TakeViolations().empty(), !ahead);
  }
}

// Inputs, If, Loop and a size that is an element of a host input.
TEST_F(CudaInputs, ComeAheadOfProgramsThatAskTheHost) {
  CudaOpened plan(EverythingPlan(PlanKind::Cuda), DeviceOptions(), SessionOptions(true));
  const mlc::Stream stream = mlc::Stream::Create(plan.device);
  std::vector<mlc::Tensor> outputs;
  for (int64_t i = 0; i < 12; ++i) {
    const int64_t n = 1 + 5 * i;  // of both buckets
    mlc::Tensor at = mlc::Tensor::CreateHost(plan.device, MLC_DTYPE_INT64, {2});
    at.data<int64_t>()[0] = n, at.data<int64_t>()[1] = 0;
    plan.session.SetInput(0, Pinned(plan.device, n, static_cast<float>(i)));
    plan.session.SetInput(1, at);
    plan.session.SetOutput(0, outputs.emplace_back(Pinned(plan.device, n, -1)));
    plan.session.Enqueue(stream);
  }
  plan.session.Wait();
  for (size_t i = 0; i < outputs.size(); ++i)
    EXPECT_EQ(ValuesOf<float>(outputs[i]),
              std::vector<float>(1 + 5 * i, 2 * static_cast<float>(i)));
}

TEST_F(CudaInputs, AheadChangeOnlyTheNodesThatReadThem) {
  CudaOpened plan = OpenTwoInputs(SessionOptions(true));
  const mlc::Tensor a = Pinned(plan.device, 8, 1);
  const mlc::Tensor b = OnDevice<float>(plan.device, std::vector<float>(8, 1.0f));
  plan.session.SetInput(0, b);
  plan.session.SetInput(1, a);  // read by the first launch alone
  for (int i = 0; i < 2; ++i) plan.session.Run();
  const uint64_t before = sim::Calls("cuGraphExecKernelNodeSetParams");
  for (int i = 0; i < 10; ++i) plan.session.Run();
  EXPECT_EQ(sim::Calls("cuGraphExecKernelNodeSetParams") - before, 10u);
  EXPECT_EQ(sim::Calls("cuGraphInstantiateWithFlags"), 1u);
}

// Streams, events, and bytes of the device after two runs.
std::tuple<size_t, size_t, uint64_t> TakenBy(CudaOpened& plan, bool ahead) {
  const sim::Live before = sim::CountLive();
  const uint64_t bytes = plan.device.memory_stats().allocated_bytes;
  const mlc_session_options_t options = SessionOptions(ahead);
  mlc::Session session = mlc::Session::Create(plan.plan, plan.device, &options);
  const sim::Live live = sim::CountLive();
  for (size_t k : {0, 1}) session.SetInput(k, Pinned(plan.device, 1 << 18, 1));
  for (int i = 0; i < 3; ++i) session.Run();
  return {live.streams - before.streams, live.events - before.events,
          plan.device.memory_stats().allocated_bytes - bytes};
}

TEST_F(CudaInputs, AheadTakeRoomForTwoRuns) {
  CudaOpened plan = OpenTwoInputs(SessionOptions(false));
  const uint64_t before = plan.device.memory_stats().allocated_bytes;
  const auto [streams, events, bytes] = TakenBy(plan, false);
  EXPECT_EQ(plan.device.memory_stats().allocated_bytes, before);
  EXPECT_EQ(TakenBy(plan, true), std::tuple(streams + 1, events + 4, bytes + (2 << 20)));
  EXPECT_EQ(plan.device.memory_stats().allocated_bytes, before);
}

}  // namespace
}  // namespace mlc::runtime::cuda

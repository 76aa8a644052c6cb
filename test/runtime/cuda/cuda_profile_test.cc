// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Profiles of runs in which kernels start while those before them still run.
#include <cmath>

#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaProfile : public Cuda {};

// Five kernels of 1 us, each of which a dependent launch hides 0.4 of behind the one before it.
struct ProfiledChain {
  static PlanBuilder Chain() {
    PlanBuilder b(PlanKind::Cuda);
    const uint32_t n = b.Const(4);
    uint32_t last = b.Input("x", MLC_DTYPE_FLOAT32, {n});
    const uint32_t size = b.buffer(last).size;
    const uint32_t y = b.Output("y", MLC_DTYPE_FLOAT32, {n});
    for (int i = 0; i < 5; ++i) {
      const uint32_t next = i == 4 ? y : b.Temp(size);
      b.Launch("add_f32", {last, last, next}, n);
      last = next;
    }
    return b;
  }

  explicit ProfiledChain(bool graphs = true, bool dependent_launch = true)
      : bytes(Chain().BuildAligned()) {
    plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
    device = OpenSim();
    mlc_session_options_t options;
    mlc_session_options_init(&options);
    options.profile = 1;
    options.cuda_graphs = graphs;
    options.cuda_dependent_launch = dependent_launch;
    session = mlc::Session::Create(plan, device, &options);
    session.SetInput(0, TensorOf(x));
  }

  // Events and dependent launches of one more run.
  std::pair<uint64_t, uint64_t> Run() {
    const uint64_t events = sim::Calls("cuEventRecord");
    const uint64_t dependent = sim::Calls("dependent cuLaunchKernelEx");
    session.Run();
    EXPECT_EQ(ValuesOf<float>(session.Output(0)), (std::vector<float>{32, 64, 96, 128}));
    return {sim::Calls("cuEventRecord") - events,
            sim::Calls("dependent cuLaunchKernelEx") - dependent};
  }

  // Of each launch: executions, microseconds of one in a run and by itself.
  std::vector<std::tuple<uint64_t, double, double>> Times() const {
    std::vector<std::tuple<uint64_t, double, double>> times;
    for (size_t i = 0; i < mlc_session_profile_count(session.get()); ++i) {
      const mlc_profile_entry_t& entry = *mlc_session_profile(session.get(), i);
      auto us = [&](uint64_t ns) { return std::round(static_cast<double>(ns / entry.count) / 100) / 10; };
      times.emplace_back(entry.count, us(entry.total_ns), us(entry.alone_ns));
    }
    return times;
  }

  AlignedBytes bytes;
  std::vector<float> x{1, 2, 3, 4};
  mlc::Plan plan;
  mlc::Device device;
  mlc::Session session;
};

using Turn = std::pair<uint64_t, uint64_t>;
using LaunchTimes = std::vector<std::tuple<uint64_t, double, double>>;

TEST_F(CudaProfile, ProfilesWhatIsHiddenBehindOtherLaunches) {
  ProfiledChain chain;
  EXPECT_EQ(chain.Run(), Turn(2 + 5, 0));  // 0, 1, 2, 3, 4
  EXPECT_EQ(chain.Times(), LaunchTimes(5, {1, 1.0, 1.0}));
  EXPECT_EQ(chain.Run(), Turn(2 + 3, 2));  // 0 1, 2 3, 4
  EXPECT_EQ(chain.Times(), (LaunchTimes{{2, 1.0, 1.0}, {2, 0.6, 1.0}, {2, 1.0, 1.0}, {2, 0.6, 1.0},
                                        {2, 1.0, 1.0}}));
  EXPECT_EQ(chain.Run(), Turn(2 + 3, 2));  // 0, 1 2, 3 4
  const LaunchTimes known = {{3, 1.0, 1.0}, {3, 0.6, 1.0}, {3, 0.6, 1.0}, {3, 0.6, 1.0},
                             {3, 0.6, 1.0}};
  EXPECT_EQ(chain.Times(), known);
  EXPECT_EQ(chain.Run(), Turn(2 + 2, 3));  // 0 1 2, 3 4
  EXPECT_EQ(chain.Run(), Turn(2 + 3, 2));  // 0, 1 2 3, 4
  EXPECT_EQ(chain.Run(), Turn(2 + 2, 3));  // 0 1, 2 3 4
  // By four, five and six, from each place on.
  for (uint64_t groups : {2, 2, 2, 2, /**/ 1, 2, 2, 2, 2, /**/ 1, 2, 2, 2, 2, 1})
    EXPECT_EQ(chain.Run(), Turn(2 + groups, 5 - groups));
  LaunchTimes later = known;
  for (auto& launch : later) std::get<0>(launch) = 21;
  EXPECT_EQ(chain.Times(), later);
  EXPECT_EQ(chain.Run(), Turn(2 + 5, 0));
  mlc::Check(mlc_session_set_profile(chain.session.get(), 1));  // from the start again
  EXPECT_EQ(chain.Run(), Turn(2 + 5, 0));
  for (int i = 0; i < 2; ++i) chain.Run();
  EXPECT_EQ(chain.Times(), known);
}

TEST_F(CudaProfile, ProfilesHideNothingWhereRunsDoNot) {
  for (bool graphs : {false, true}) {
    ProfiledChain chain(graphs, /*dependent_launch=*/!graphs);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(chain.Run().second, 0u);
    EXPECT_EQ(chain.Times(), LaunchTimes(5, {6, 1.0, 1.0}));
  }
}

// Batches of events end in the middle.
TEST_F(CudaProfile, TimesGroupsOfLongPlans) {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t n = b.Const(2);
  const uint32_t in = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  for (int i = 0; i < 301; ++i) b.Launch("add_f32", {in, in, b.Temp(b.buffer(in).size)}, n);
  b.Launch("add_f32", {in, in, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  CudaOpened many(b);
  mlc::Check(mlc_session_set_profile(many.session.get(), 1));
  std::vector<float> x(2, 3.0f);
  many.session.SetInput(0, TensorOf(x));
  for (int i = 0; i < 21; ++i) many.session.Run();
  ASSERT_EQ(mlc_session_profile_count(many.session.get()), 302u);
  for (size_t i = 0; i < 302; ++i) {
    const mlc_profile_entry_t& entry = *mlc_session_profile(many.session.get(), i);
    EXPECT_EQ(entry.count, 21u);
    EXPECT_NEAR(static_cast<double>(entry.total_ns), i ? 12600 : 21000, 30) << i;
  }
}

}  // namespace
}  // namespace mlc::runtime::cuda

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Sessions on the simulated device through the public API.
#include <algorithm>
#include <numeric>

#include "test/runtime/cuda/cuda_fixture.h"

namespace mlc::runtime::cuda {
namespace {

class CudaSession : public Cuda {};

// What EverythingPlan's outputs must be.
void ExpectEverything(mlc::Session& session, std::vector<float>& x, std::vector<int64_t>& at) {
  session.SetInput(0, TensorOf(x));
  session.SetInput(1, TensorOf(at));
  session.Run();
  std::vector<float> y;
  for (float value : x) y.push_back(2 * value);
  EXPECT_EQ(ValuesOf<float>(session.Output(0)), y);
  EXPECT_EQ(ValuesOf<int64_t>(session.Output(1)), std::vector<int64_t>{1});
  EXPECT_EQ(ValuesOf<int64_t>(session.Output(2)), std::vector<int64_t>{4});
  EXPECT_EQ(ValuesOf<int64_t>(session.Output(3)), std::vector<int64_t>{2});
  EXPECT_EQ(ValuesOf<float>(session.Output(4)), (std::vector<float>{y[0], y[0]}));
}

TEST_F(CudaSession, RunsAtSeveralShapes) {
  CudaOpened plan(DoublePlan(0, PlanKind::Cuda));
  EXPECT_STREQ(mlc_session_target(plan.session.get()), "sm_90");
  EXPECT_STREQ(plan.device.product(), "Simulated GPU");
  for (int64_t n : {3, 64, 3, 1}) {
    std::vector<float> x(n), y;
    std::iota(x.begin(), x.end(), 1.0f);
    for (float value : x) y.push_back(2 * value);
    plan.session.SetInput(0, TensorOf(x));
    plan.session.Run();
    EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), y);
  }
}

TEST_F(CudaSession, RunsControlFlowConstantsAndAliases) {
  CudaOpened plan(EverythingPlan(PlanKind::Cuda));
  std::vector<float> small(2, 3.0f), large(60, 5.0f);
  std::vector<int64_t> at{7, 0};
  for (std::vector<float>* x : {&small, &large, &small}) ExpectEverything(plan.session, *x, at);
}

TEST_F(CudaSession, TakesTensorsOnTheDevice) {
  CudaOpened plan(EverythingPlan(PlanKind::Cuda));
  const mlc::Tensor x = OnDevice<float>(plan.device, {1, 2, 3});
  const mlc::Tensor at = OnDevice<int64_t>(plan.device, {7, 0});
  const mlc::Tensor y = mlc::Tensor::Create(plan.device, MLC_DTYPE_FLOAT32, {3});
  EXPECT_TRUE(mlc_tensor_on_device(y.get()));
  plan.session.SetInput(0, x);
  plan.session.SetInput(1, at);
  plan.session.SetOutput(0, y);
  for (int i = 0; i < 3; ++i) plan.session.Run();
  EXPECT_EQ(FromDevice<float>(y), (std::vector<float>{2, 4, 6}));
  EXPECT_EQ(ValuesOf<int64_t>(plan.session.Output(2)), std::vector<int64_t>{4});
}

TEST_F(CudaSession, RefusesTensorsOfAnotherDevice) {
  sim::MutableOptions().num_devices = 2;
  CudaOpened plan(DoublePlan(2, PlanKind::Cuda));
  const mlc::Device other = OpenSim(DeviceOptions(), 1);
  EXPECT_STREQ(other.name(), "cuda:1");
  EXPECT_FAILS(plan.session.SetInput(0, OnDevice<float>(other, {1, 2})),
               MLC_STATUS_INVALID_ARGUMENT, "lies on cuda:1 but the session runs on cuda:0");
  Opened host(DoublePlan(2));
  EXPECT_FAILS(host.session.SetInput(0, OnDevice<float>(other, {1, 2})),
               MLC_STATUS_INVALID_ARGUMENT, "lies on cuda:1 but the session runs on the host");
  std::vector<float> a{1, 2};
  mlc::Tensor here = OnDevice<float>(plan.device, {1, 2});
  EXPECT_FAILS(mlc::Check(mlc_tensor_copy(here.get(), OnDevice<float>(other, {1, 2}).get())),
               MLC_STATUS_INVALID_ARGUMENT, "from cuda:1 to cuda:0");
}

TEST_F(CudaSession, NamesTheNodeOfAFaultAndStaysUsable) {
  PlanBuilder builder(PlanKind::Cuda);
  const uint32_t three = builder.Const(3), one = builder.Const(1);
  const uint32_t data = builder.Input("data", MLC_DTYPE_FLOAT32, {three});
  const uint32_t index = builder.Input("index", MLC_DTYPE_INT64, {one});
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {one});
  builder.Launch("nothing", {}, one);
  builder.Launch("gather_f32", {data, index, y}, one, {three});
  CudaOpened plan(builder);
  std::vector<float> values{1, 2, 3};
  std::vector<int64_t> at{3};
  plan.session.SetInput(0, TensorOf(values));
  plan.session.SetInput(1, TensorOf(at));
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_DATA_FAULT,
               "node 'node_gather_f32' (kernel 'gather_f32'): an index is outside");
  at[0] = 2;
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), std::vector<float>{3});
}

TEST_F(CudaSession, SharesWeightsBetweenSessions) {
  CudaOpened plan(EverythingPlan(PlanKind::Cuda));
  const uint64_t copies = sim::Calls("cuMemcpyHtoDAsync"),
                 modules = sim::Calls("cuModuleLoadDataEx");
  const uint64_t bytes = plan.device.memory_stats().allocated_bytes;
  {
    mlc::Session second = mlc::Session::Create(plan.plan, plan.device);
    EXPECT_EQ(sim::Calls("cuMemcpyHtoDAsync"), copies);
    EXPECT_EQ(sim::Calls("cuModuleLoadDataEx"), modules);
    std::vector<float> x{1};
    std::vector<int64_t> at{7, 0};
    ExpectEverything(second, x, at);
    EXPECT_GT(plan.device.memory_stats().allocated_bytes, bytes);
  }
  EXPECT_EQ(plan.device.memory_stats().allocated_bytes, bytes);
  plan.session = mlc::Session();
  EXPECT_EQ(plan.device.memory_stats().allocated_bytes, 0u);
}

TEST_F(CudaSession, UploadsWeightsLargerThanTheRing) {
  std::vector<float> w((40 << 20) / 4 + 3);
  std::iota(w.begin(), w.end(), 0.0f);
  PlanBuilder builder(PlanKind::Cuda);
  const auto elems = static_cast<int64_t>(w.size());
  const uint32_t n = builder.Const(elems);
  const float small[3] = {1, 2, 3};
  builder.Constant(MLC_DTYPE_FLOAT32, {3}, small, sizeof small);
  const uint32_t c = builder.Constant(MLC_DTYPE_FLOAT32, {elems}, w.data(), w.size() * 4);
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {n});
  builder.Launch("add_f32", {c, c, y}, n);
  CudaOpened plan(builder);
  plan.session.Run();
  const mlc::Tensor out = plan.session.Output(0);
  for (size_t i = 0; i < w.size(); ++i) ASSERT_EQ(out.data<float>()[i], 2 * w[i]) << i;
}

TEST_F(CudaSession, KeepsOutputsThatAreHeld) {
  CudaOpened plan(DoublePlan(2, PlanKind::Cuda));
  std::vector<float> a{1, 2}, b{10, 20};
  plan.session.SetInput(0, TensorOf(a));
  plan.session.Run();
  mlc::Tensor first = plan.session.Output(0);
  plan.session.SetInput(0, TensorOf(b));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(first), (std::vector<float>{2, 4}));
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{20, 40}));
}

TEST_F(CudaSession, AlignsBuffersTo256Bytes) {
  PlanBuilder b(PlanKind::Cuda);
  const uint32_t one = b.Const(1), four = b.Const(4);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {one});
  const uint32_t first = b.Temp(four), second = b.Temp(four);
  b.Launch("add_f32", {x, x, first}, one);
  b.Launch("add_f32", {first, x, second}, one);
  b.Launch("add_f32", {first, second, b.Output("y", MLC_DTYPE_FLOAT32, {one})}, one);
  CudaOpened plan(b);
  std::vector<float> value{1};
  plan.session.SetInput(0, TensorOf(value));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), std::vector<float>{5});
  mlc_session_memory_t memory{};
  memory.struct_size = sizeof memory;
  mlc::Check(mlc_session_memory(plan.session.get(), &memory));
  EXPECT_EQ(memory.planned_peak_bytes, 512u);
}

TEST_F(CudaSession, HandlesMayBeReleasedInAnyOrder) {
  int order[] = {0, 1, 2, 3, 4};
  AlignedBytes bytes = DoublePlan(2, PlanKind::Cuda).BuildAligned();
  do {
    mlc::Plan plan = mlc::Plan::OpenMemory(bytes.data(), bytes.size());
    mlc::Device device = OpenSim();
    mlc::Session session = mlc::Session::Create(plan, device);
    mlc::Stream stream = mlc::Stream::Create(device);
    mlc::Tensor y = mlc::Tensor::Create(device, MLC_DTYPE_FLOAT32, {2});
    session.SetInput(0, OnDevice<float>(device, {1, 2}));
    session.SetOutput(0, y);
    session.Enqueue(stream);  // and nobody waits
    for (int which : order) {
      if (which == 0) plan = mlc::Plan();
      if (which == 1) device = mlc::Device();
      if (which == 2) session = mlc::Session();
      if (which == 3) stream = mlc::Stream();
      if (which == 4) y = mlc::Tensor();
    }
    ASSERT_EQ(sim::CountLive().total(), 0u);
  } while (std::next_permutation(order, order + 5));
}

TEST_F(CudaSession, ProfilesEachLaunch) {
  CudaOpened plan(EverythingPlan(PlanKind::Cuda));
  std::vector<float> x(2, 3.0f);
  std::vector<int64_t> at{7, 0};
  mlc::Check(mlc_session_set_profile(plan.session.get(), 1));
  for (int i = 0; i < 2; ++i) ExpectEverything(plan.session, x, at);
  uint64_t launches = 0;
  for (size_t i = 0; i < mlc_session_profile_count(plan.session.get()); ++i) {
    const mlc_profile_entry_t& entry = *mlc_session_profile(plan.session.get(), i);
    if (std::string(entry.kernel) == "increment_i64") launches += entry.count;
    if (std::string(entry.kernel) == "add_f32") {
      EXPECT_EQ(entry.count, 2u);
      EXPECT_GT(entry.total_ns, 0u);
      EXPECT_EQ(entry.dtype, MLC_DTYPE_FLOAT32);
    }
  }
  EXPECT_EQ(launches, 2u * (1 + 4));
  // Pairs end where the host reads a condition.
  for (int i = 0; i < 5; ++i) ExpectEverything(plan.session, x, at);
  for (size_t i = 0; i < mlc_session_profile_count(plan.session.get()); ++i) {
    const mlc_profile_entry_t& entry = *mlc_session_profile(plan.session.get(), i);
    EXPECT_EQ(entry.count % 7, 0u) << entry.kernel;
    EXPECT_LE(entry.total_ns, entry.alone_ns) << entry.kernel;
  }
}

TEST_F(CudaSession, CancelsAndLimitsLoops) {
  const PlanBuilder builder = EverythingPlan(PlanKind::Cuda);
  const AlignedBytes bytes = builder.BuildAligned();
  mlc::Plan plan = mlc::Plan::OpenMemory(const_cast<AlignedBytes&>(bytes).data(), bytes.size());
  const mlc::Device device = OpenSim();
  mlc_session_options_t options;
  mlc_session_options_init(&options);
  options.max_loop_iterations = 2;
  mlc::Session session = mlc::Session::Create(plan, device, &options);
  std::vector<float> x(2, 3.0f);
  std::vector<int64_t> at{7, 0};
  session.SetInput(0, TensorOf(x));
  session.SetInput(1, TensorOf(at));
  EXPECT_FAILS(session.Run(), MLC_STATUS_DATA_FAULT, "runs longer than max_loop_iterations");
  EXPECT_FAILS(session.Output(0), MLC_STATUS_INVALID_ARGUMENT, "before a successful run");
}

}  // namespace
}  // namespace mlc::runtime::cuda

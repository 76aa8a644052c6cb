// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Sessions through the C++ layer of the public API.
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>

#include "test/runtime/session_fixture.h"

namespace mlc::runtime {
namespace {

TEST(Session, RunsAtSeveralShapes) {
  Opened plan(DoublePlan());
  for (int64_t n : {3, 64, 3, 1}) {
    std::vector<float> x(n);
    std::iota(x.begin(), x.end(), 1.0f);
    plan.session.SetInput(0, TensorOf(x));
    plan.session.Run();
    std::vector<float> y = ValuesOf<float>(plan.session.Output(0));
    ASSERT_EQ(y.size(), x.size());
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(y[i], 2 * x[i]);
  }
}

TEST(Session, KeepsOutputsThatAreHeld) {
  Opened plan(DoublePlan(2));
  std::vector<float> a{1, 2}, b{10, 20};
  plan.session.SetInput(0, TensorOf(a));
  plan.session.Run();
  mlc::Tensor first = plan.session.Output(0);
  plan.session.SetInput(0, TensorOf(b));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(first), (std::vector<float>{2, 4}));
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{20, 40}));
}

TEST(Session, WritesToTheCallersOutput) {
  Opened plan(DoublePlan(2));
  std::vector<float> x{1, 2}, y{0, 0};
  plan.session.SetInput(0, TensorOf(x));
  plan.session.SetOutput(0, TensorOf(y));
  plan.session.Run();
  EXPECT_EQ(y, (std::vector<float>{2, 4}));
}

TEST(Session, ReadsUnalignedInputs) {
  Opened plan(DoublePlan(2));
  alignas(64) char bytes[16];
  const float x[2] = {1, 2};
  std::memcpy(bytes + 4, x, sizeof x);
  plan.session.SetInput(0, mlc::Tensor::Wrap(MLC_DTYPE_FLOAT32, {2}, bytes + 4, sizeof x));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), (std::vector<float>{2, 4}));
}

TEST(Session, RefusesAnInputThatIsNotSet) {
  Opened plan(DoublePlan());
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_INVALID_ARGUMENT, "input 'x' is not set");
}

TEST(Session, RefusesWrongDtypeRankAndRange) {
  Opened plan(DoublePlan());
  std::vector<double> d(2);
  EXPECT_FAILS(plan.session.SetInput(0, TensorOf(d)), MLC_STATUS_DTYPE_MISMATCH, "float64");
  std::vector<float> f(65);
  EXPECT_FAILS(
      plan.session.SetInput(0, mlc::Tensor::Wrap(MLC_DTYPE_FLOAT32, {1, 65}, f.data(), 260)),
      MLC_STATUS_SHAPE_MISMATCH, "2 dimensions");
  plan.session.SetInput(0, TensorOf(f));
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_OUT_OF_RANGE, "1 to 64");
  EXPECT_FAILS(plan.session.SetInput(1, TensorOf(f)), MLC_STATUS_OUT_OF_RANGE, "no input 1");
}

TEST(Session, RefusesInputsThatDisagree) {
  PlanBuilder builder;
  const uint32_t n = builder.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t a = builder.Input("a", MLC_DTYPE_FLOAT32, {n});
  const uint32_t b = builder.Input("b", MLC_DTYPE_FLOAT32, {n});
  builder.Launch("add_f32", {a, b, builder.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  Opened plan(builder);
  std::vector<float> x(2), y(3);
  plan.session.SetInput("a", TensorOf(x));
  plan.session.SetInput("b", TensorOf(y));
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_SHAPE_MISMATCH,
               "input 'b', dimension 0: it is 3 but must be n = 2");
}

TEST(Session, RefusesOverlappingOutputs) {
  Opened plan(DoublePlan(2));
  std::vector<float> x{1, 2};
  plan.session.SetInput(0, TensorOf(x));
  plan.session.SetOutput(0, TensorOf(x));
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_INVALID_ARGUMENT, "output 'y' overlaps input 'x'");
}

TEST(Session, NamesTheNodeOfAFault) {
  PlanBuilder builder;
  const uint32_t three = builder.Const(3), one = builder.Const(1);
  const uint32_t data = builder.Input("data", MLC_DTYPE_FLOAT32, {three});
  const uint32_t index = builder.Input("index", MLC_DTYPE_INT64, {one});
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {one});
  builder.Launch("gather_f32", {data, index, y}, one, {three});
  Opened plan(builder);
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

TEST(Session, AnswersBusyToASecondThreadAndCancels) {
  PlanBuilder builder;
  const uint32_t two = builder.Const(2), one = builder.Const(1);
  const uint32_t flags = builder.Input("flags", MLC_DTYPE_UINT8, {two});
  const uint32_t y = builder.Output("y", MLC_DTYPE_UINT8, {one});
  builder.Launch("wait_for_flag", {flags, y}, one);
  builder.Launch("nothing", {}, one);
  Opened plan(builder);
  std::vector<uint8_t> bytes{0, 0};
  auto* started = reinterpret_cast<std::atomic<uint8_t>*>(bytes.data());
  auto* go_on = started + 1;
  plan.session.SetInput(0, TensorOf(bytes));

  mlc_status_code_t outcome = MLC_STATUS_OK;
  std::thread runner([&] {
    mlc_status_t* status = mlc_session_run(plan.session.get());
    outcome = mlc_status_code(status);
    mlc_status_release(status);
  });
  while (started->load() == 0) std::this_thread::yield();
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_BUSY, "another thread");
  EXPECT_FAILS(plan.session.Output(0), MLC_STATUS_BUSY, "another thread");
  mlc_session_cancel(plan.session.get());
  go_on->store(1);
  runner.join();
  EXPECT_EQ(outcome, MLC_STATUS_CANCELLED);
  plan.session.Run();
}

TEST(Session, TwoSessionsRunInTwoThreads) {
  PlanBuilder builder = DoublePlan(4096);
  builder.Last().op.AsLaunch()->task_cost = 100;
  Opened first(builder, 2);
  mlc::Session second = mlc::Session::Create(first.plan, first.device);
  auto run = [](mlc::Session session, float value) {
    std::vector<float> x(4096, value);
    session.SetInput(0, TensorOf(x));
    for (int i = 0; i < 300; ++i) {
      session.Run();
      mlc::Tensor y = session.Output(0);
      for (int k = 0; k < 4096; ++k) ASSERT_EQ(y.data<float>()[k], 2 * value);
    }
  };
  std::thread other(run, second, 5.0f);
  run(first.session, 3.0f);
  other.join();
}

TEST(Session, SharesLaunchesAndScratchAmongThreads) {
  PlanBuilder builder;
  const uint32_t n = builder.Const(5000);
  const uint32_t x = builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {n});
  builder.Launch("copy_through_scratch_f32", {x, y}, n);
  builder.Last().op.AsLaunch()->scratch = builder.Const(64);
  builder.Last().op.AsLaunch()->task_cost = 100;
  Opened plan(builder, 4);
  std::vector<float> values(5000);
  std::iota(values.begin(), values.end(), 0.0f);
  plan.session.SetInput(0, TensorOf(values));
  for (int i = 0; i < 50; ++i) {
    plan.session.Run();
    ASSERT_EQ(ValuesOf<float>(plan.session.Output(0)), values);
  }
}

TEST(Session, PrepareTellsTheMemory) {
  PlanBuilder builder;
  const uint32_t n = builder.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t x = builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t y = builder.Output("y", MLC_DTYPE_FLOAT32, {n});
  const uint32_t size = builder.buffer(x).size;
  uint32_t last = x;
  for (int i = 0; i < 5; ++i) {
    const uint32_t next = builder.Temp(size);
    builder.Launch("add_f32", {last, last, next}, n);
    last = next;
  }
  builder.Launch("add_f32", {last, last, y}, n);
  Opened plan(builder);
  plan.session.Prepare({64});
  mlc_session_memory_t memory{};
  memory.struct_size = sizeof memory;
  mlc::Check(mlc_session_memory(plan.session.get(), &memory));
  EXPECT_EQ(memory.planned_peak_bytes, 512u);  // two of 64 floats live at once
  EXPECT_EQ(memory.lower_bound_bytes, 512u);
  EXPECT_FAILS(plan.session.Prepare({65}), MLC_STATUS_OUT_OF_RANGE, "'n' is 65");
  EXPECT_FAILS(plan.session.Prepare({1, 2}), MLC_STATUS_INVALID_ARGUMENT, "2 symbol values");
}

TEST(Session, ProfilesByNode) {
  PlanBuilder builder = DoublePlan(4);
  builder.Last().flops = builder.Const(4);
  Opened plan(builder);
  std::vector<float> x(4);
  plan.session.SetInput(0, TensorOf(x));
  mlc::Check(mlc_session_set_profile(plan.session.get(), 1));
  for (int i = 0; i < 3; ++i) plan.session.Run();
  ASSERT_EQ(mlc_session_profile_count(plan.session.get()), 1u);
  const mlc_profile_entry_t& entry = *mlc_session_profile(plan.session.get(), 0);
  EXPECT_STREQ(entry.kernel, "add_f32");
  EXPECT_STREQ(entry.nodes[0], "node_add_f32");
  EXPECT_EQ(entry.count, 3u);
  EXPECT_EQ(entry.flops, 4);
}

TEST(Session, LacksAnAllocatorBeyondItsLimitButStaysUsable) {
  PlanBuilder builder = DoublePlan(0);
  mlc_device_options_t options;
  mlc_device_options_init(&options);
  options.memory_limit_bytes = 600;
  Opened plan(builder, options);
  std::vector<float> big(64), small(8);
  plan.session.SetInput(0, TensorOf(big));
  plan.session.Run();
  mlc::Tensor held = plan.session.Output(0);
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_OUT_OF_MEMORY, "no memory");
  held = mlc::Tensor();
  plan.session.SetInput(0, TensorOf(small));
  plan.session.Run();
}

TEST(Session, RefusesACpuWithoutTheFeatures) {
  PlanBuilder builder = DoublePlan(2);
  builder.target().features = {"sse2", "not-a-feature"};
  EXPECT_FAILS(Opened plan(builder), MLC_STATUS_NO_TARGET, "test needs not-a-feature");
}

}  // namespace
}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include <gtest/gtest.h>

#include "test/runtime/session_fixture.h"

namespace mlc::runtime {
namespace {

int64_t NumberOf(mlc::Session& session, const char* output) {
  return ValuesOf<int64_t>(session.Output(output)).at(0);
}

TEST(ControlFlow, RunsIfLoopScanAndAlias) {
  Opened plan(EverythingPlan());
  std::vector<float> x{3, 4};
  std::vector<int64_t> at{7, 0};
  plan.session.SetInput("x", TensorOf(x));
  plan.session.SetInput("at", TensorOf(at));
  for (int run = 0; run < 3; ++run) {
    plan.session.Run();
    EXPECT_EQ(ValuesOf<float>(plan.session.Output("y")), (std::vector<float>{6, 8}));
    EXPECT_EQ(NumberOf(plan.session, "count"), 1);
    EXPECT_EQ(NumberOf(plan.session, "total"), 4);
    EXPECT_EQ(NumberOf(plan.session, "second"), 2);
    EXPECT_EQ(ValuesOf<float>(plan.session.Output("picked")), (std::vector<float>{6, 6}));
  }
}

// total = the number of iterations; trip count and first condition are inputs, the body has no
// condition.
PlanBuilder CountingLoop(bool bounded, int64_t scan_slots) {
  PlanBuilder b;
  const uint32_t one = b.Const(1), eight = b.Const(8);
  const uint32_t trips = b.Input("trips", MLC_DTYPE_INT64, {one});
  const uint32_t cond = b.Input("cond", MLC_DTYPE_UINT8, {one});
  const uint32_t total = b.Output("total", MLC_DTYPE_INT64, {one});
  const int64_t zero = 0;
  const uint32_t start = b.Constant(MLC_DTYPE_INT64, {1}, &zero, 8);
  const uint32_t next = b.Temp(eight);
  const uint32_t body = b.Block();
  b.Copy(start, total);
  plan::LoopT loop;
  loop.body = body;
  loop.trip_count = bounded ? trips : 0xffffffff;
  loop.cond = cond;
  loop.carried = {total};
  loop.carried_next = {next};
  if (scan_slots > 0) {
    loop.scan_element = {next};
    loop.scan_output = {b.Temp(b.Const(8 * scan_slots))};
  }
  b.Loop(loop);
  b.Launch("increment_i64", {total, next}, one, {}, body);
  return b;
}

TEST(ControlFlow, TakesTripCountAndConditionFromInputs) {
  Opened plan(CountingLoop(true, 0));
  std::vector<int64_t> trips{5};
  std::vector<uint8_t> cond{1};
  plan.session.SetInput(0, TensorOf(trips));
  plan.session.SetInput(1, TensorOf(cond));
  plan.session.Run();
  EXPECT_EQ(NumberOf(plan.session, "total"), 5);
  trips[0] = -3;
  plan.session.Run();
  EXPECT_EQ(NumberOf(plan.session, "total"), 0);
  trips[0] = 5;
  cond[0] = 0;
  plan.session.Run();
  EXPECT_EQ(NumberOf(plan.session, "total"), 0);
}

TEST(ControlFlow, EndsLoopsThatLeaveTheirScanOutput) {
  Opened plan(CountingLoop(true, 3));
  std::vector<int64_t> trips{4};
  std::vector<uint8_t> cond{1};
  plan.session.SetInput(0, TensorOf(trips));
  plan.session.SetInput(1, TensorOf(cond));
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_DATA_FAULT, "node 'node_loop'");
  trips[0] = 3;
  plan.session.Run();
}

TEST(ControlFlow, EndsLoopsThatDoNotEnd) {
  Opened plan(CountingLoop(false, 0));
  mlc_session_options_t options;
  mlc_session_options_init(&options);
  options.max_loop_iterations = 1000;
  mlc::Session session = mlc::Session::Create(plan.plan, plan.device, &options);
  std::vector<int64_t> trips{4};
  std::vector<uint8_t> cond{1};
  session.SetInput(0, TensorOf(trips));
  session.SetInput(1, TensorOf(cond));
  EXPECT_FAILS(session.Run(), MLC_STATUS_DATA_FAULT, "max_loop_iterations");
}

}  // namespace
}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Checks of dims that only a run's shapes decide.
#include <gtest/gtest.h>

#include "test/runtime/session_fixture.h"

namespace mlc::runtime {
namespace {

using plan::CheckKind;

// y = x + x for x [n], beside an unused z [m], with a check of n and m.
PlanBuilder CheckedPlan(CheckKind kind) {
  PlanBuilder b;
  const uint32_t n = b.DimSymbol("n", 0, 0, 0, 64), m = b.DimSymbol("m", 1, 0, 0, 64);
  const uint32_t x = b.Input("x", MLC_DTYPE_FLOAT32, {n});
  b.Input("z", MLC_DTYPE_FLOAT32, {m});
  b.Launch("add_f32", {x, x, b.Output("y", MLC_DTYPE_FLOAT32, {n})}, n);
  b.Check(kind, n, m, "/check");
  return b;
}

// The message of a run at these dims, "" when it succeeds.
std::string RunAt(Opened& plan, size_t n, size_t m) {
  std::vector<float> x(n, 1), z(m);
  plan.session.SetInput("x", TensorOf(x));
  plan.session.SetInput("z", TensorOf(z));
  try {
    plan.session.Run();
  } catch (const mlc::Error& error) {
    EXPECT_EQ(error.code(), MLC_STATUS_SHAPE_MISMATCH);
    return error.what();
  }
  EXPECT_EQ(ValuesOf<float>(plan.session.Output(0)), std::vector<float>(n, 2));
  return "";
}

struct Case {
  CheckKind kind;
  size_t n, m;
  bool holds;
};

TEST(ShapeChecks, HoldOrRefuseTheShape) {
  const Case cases[] = {
      {CheckKind::Equal, 3, 3, true},        {CheckKind::Equal, 3, 1, false},
      {CheckKind::Equal, 1, 3, false},       {CheckKind::Broadcast, 3, 3, true},
      {CheckKind::Broadcast, 3, 1, true},    {CheckKind::Broadcast, 1, 3, true},
      {CheckKind::Broadcast, 0, 1, true},    {CheckKind::Broadcast, 3, 2, false},
      {CheckKind::Broadcast, 0, 2, false},   {CheckKind::BroadcastTo, 3, 3, true},
      {CheckKind::BroadcastTo, 1, 3, true},  {CheckKind::BroadcastTo, 3, 1, false},
      {CheckKind::BroadcastTo, 3, 2, false}, {CheckKind::AtMost, 2, 3, true},
      {CheckKind::AtMost, 3, 3, true},       {CheckKind::AtMost, 3, 2, false},
  };
  for (const Case& c : cases) {
    Opened plan(CheckedPlan(c.kind));
    EXPECT_EQ(RunAt(plan, c.n, c.m).empty(), c.holds)
        << plan::EnumNameCheckKind(c.kind) << " " << c.n << " " << c.m;
  }
}

TEST(ShapeChecks, NameTheNodeAndBothDims) {
  Opened equal(CheckedPlan(CheckKind::Equal)), broadcast(CheckedPlan(CheckKind::Broadcast)),
      fit(CheckedPlan(CheckKind::AtMost));
  EXPECT_NE(RunAt(equal, 3, 2).find("node '/check': dims n = 3 and m = 2 must be equal:"),
            std::string::npos);
  EXPECT_NE(RunAt(broadcast, 3, 2).find("n = 3 and m = 2 must be equal or one of them 1"),
            std::string::npos);
  EXPECT_NE(RunAt(fit, 3, 2).find("node '/check': dim n = 3 must be at most m = 2"),
            std::string::npos);
}

TEST(ShapeChecks, ARefusedShapeDoesNotSpoilTheNextRun) {
  Opened plan(CheckedPlan(CheckKind::Equal));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(RunAt(plan, 3, 3), "");
    EXPECT_NE(RunAt(plan, 3, 2), "");
  }
}

// count = 1 where value < 4, behind a check that 4 <= n; else count = 0.
TEST(ShapeChecks, OfABranchMatterOnlyWhenItIsTaken) {
  PlanBuilder b;
  const uint32_t n = b.DimSymbol("n", 0, 0, 1, 64);
  const uint32_t one = b.Const(1), four = b.Const(4);
  b.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t value = b.Input("value", MLC_DTYPE_INT64, {one});
  const int64_t numbers[2] = {0, 4};
  const uint32_t zero_data = b.Constant(MLC_DTYPE_INT64, {1}, &numbers[0], 8);
  const uint32_t limit = b.Constant(MLC_DTYPE_INT64, {1}, &numbers[1], 8);
  const uint32_t count = b.Output("count", MLC_DTYPE_INT64, {one});
  const uint32_t flag = b.Temp(one);
  b.Launch("less_i64", {value, limit, flag}, one);
  const uint32_t then_block = b.Block(), else_block = b.Block();
  b.If(flag, then_block, else_block);
  b.Launch("increment_i64", {zero_data, count}, one, {}, then_block);
  b.Copy(zero_data, count, else_block);
  b.Check(CheckKind::AtMost, four, n, "/inside", then_block);
  Opened plan(b);
  std::vector<float> x(2);
  std::vector<int64_t> given{5};
  plan.session.SetInput("x", TensorOf(x));
  plan.session.SetInput("value", TensorOf(given));
  plan.session.Run();
  EXPECT_EQ(ValuesOf<int64_t>(plan.session.Output(0)), std::vector<int64_t>{0});
  given[0] = 3;
  EXPECT_FAILS(plan.session.Run(), MLC_STATUS_SHAPE_MISMATCH,
               "node '/inside': dim 4 must be at most n = 2");
}

}  // namespace
}  // namespace mlc::runtime

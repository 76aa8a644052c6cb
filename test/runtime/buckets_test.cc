// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which of an entry's programs a shape runs.
#include <gtest/gtest.h>

#include <numeric>

#include "test/runtime/session_fixture.h"

namespace mlc::runtime {
namespace {

// y = x + x for n in [1, 64], with these buckets of n in the plan's order.
PlanBuilder BucketPlan(const std::vector<std::pair<int64_t, int64_t>>& ranges) {
  PlanBuilder builder = DoublePlan();
  for (const auto& [min, max] : ranges) builder.Bucket({{0, min, max}});
  return builder;
}

// Runs n elements, checks the result, and gives the bucket that ran.
std::string RunAt(Opened& plan, int64_t n) {
  std::vector<float> x(n);
  std::iota(x.begin(), x.end(), 1.0f);
  plan.session.SetInput(0, TensorOf(x));
  plan.session.Run();
  const std::vector<float> y = ValuesOf<float>(plan.session.Output(0));
  EXPECT_EQ(y.size(), x.size());
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], 2 * x[i]);
  return plan.session.bucket();
}

TEST(Buckets, TakesTheOneThatHoldsTheShape) {
  Opened plan(BucketPlan({{8, 8}, {32, 64}}));
  EXPECT_EQ(RunAt(plan, 8), "n=8");
  EXPECT_EQ(RunAt(plan, 32), "n=32..64");
  EXPECT_EQ(RunAt(plan, 64), "n=32..64");
}

TEST(Buckets, TakesTheFirstOfSeveralThatHold) {
  Opened plan(BucketPlan({{8, 8}, {4, 16}, {2, 16}}));
  EXPECT_EQ(RunAt(plan, 8), "n=8");
  EXPECT_EQ(RunAt(plan, 9), "n=4..16");
  EXPECT_EQ(RunAt(plan, 3), "n=2..16");
}

TEST(Buckets, TakesTheGenericOneWhenNoneHolds) {
  Opened plan(BucketPlan({{8, 8}, {32, 64}}));
  EXPECT_STREQ(plan.session.bucket(), "");
  EXPECT_EQ(RunAt(plan, 8), "n=8");
  EXPECT_EQ(RunAt(plan, 7), "");
  EXPECT_EQ(RunAt(plan, 31), "");
  EXPECT_EQ(RunAt(plan, 8), "n=8");
}

TEST(Buckets, AllOfTheirSymbolsMustFit) {
  Opened plan(EverythingPlan());  // n in 32..64, m in 1..8
  std::vector<float> x(40);
  std::vector<int64_t> at{8, 0};
  plan.session.SetInput(0, TensorOf(x));
  plan.session.SetInput(1, TensorOf(at));
  plan.session.Run();
  EXPECT_STREQ(plan.session.bucket(), "m=1..8, n=32..64");
  at[0] = 9;
  plan.session.Run();
  EXPECT_STREQ(plan.session.bucket(), "");
}

TEST(Buckets, WidenNoRange) {
  Opened plan(BucketPlan({{32, 64}}));
  EXPECT_FAILS(RunAt(plan, 65), MLC_STATUS_OUT_OF_RANGE,
               "'n' is 65 (dimension 0 of input 'x') but the plan was compiled for 1 to 64");
}

TEST(Buckets, NeedNoValuesOfExpressionsElsewhere) {
  PlanBuilder builder = DoublePlan();
  const uint32_t n = 0;  // the symbol's expression
  builder.Bucket({{0, 4, 64}});
  const uint32_t above = builder.Expr(plan::ExprOp::Add, n, builder.Const(-3));
  const uint32_t one = builder.Expr(plan::ExprOp::CeilDiv, above, above);
  auto& launch = *builder.entry().programs[1]->blocks[0]->instructions[0]->op.AsLaunch();
  launch.grid = builder.Expr(plan::ExprOp::Mul, n, one);
  Opened plan(builder);
  EXPECT_EQ(RunAt(plan, 3), "");
  EXPECT_EQ(RunAt(plan, 4), "n=4..64");
}

TEST(Buckets, PrepareChoosesToo) {
  Opened plan(BucketPlan({{8, 8}}));
  const int64_t n = 8;
  ASSERT_EQ(mlc_session_prepare(plan.session.get(), &n, 1), nullptr);
  EXPECT_STREQ(plan.session.bucket(), "n=8");
}

TEST(Buckets, HaveProfilesOfTheirOwn) {
  Opened plan(BucketPlan({{8, 8}}));
  ASSERT_EQ(mlc_session_set_profile(plan.session.get(), 1), nullptr);
  auto count = [&] { return mlc_session_profile(plan.session.get(), 0)->count; };
  for (int i = 0; i < 3; ++i) RunAt(plan, 8);
  EXPECT_EQ(count(), 3u);
  RunAt(plan, 9);
  EXPECT_EQ(count(), 1u);
  RunAt(plan, 8);
  EXPECT_EQ(count(), 4u);
}

}  // namespace
}  // namespace mlc::runtime

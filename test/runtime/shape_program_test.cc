// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/shape_program.h"

#include <gtest/gtest.h>

#include "runtime/plan/plan_file.h"
#include "test/runtime/plan_builder.h"

namespace mlc::runtime {
namespace {

// The entry of a builder, kept with its bytes.
struct BuiltEntry {
  explicit BuiltEntry(const PlanBuilder& builder) : bytes(builder.Build()) {}
  const plan::Entry& entry() const {
    return *plan::GetPlan(bytes.data() + kPreambleBytes)->entries()->Get(0);
  }
  std::string bytes;
};

Result<int64_t> Evaluate(plan::ExprOp op, int64_t a, int64_t b) {
  PlanBuilder builder;
  const uint32_t left = builder.Const(a), right = builder.Const(b);
  builder.Expr(op, left, right);
  const BuiltEntry built(builder);
  int64_t values[3];
  MLC_TRY(EvaluateExprs(built.entry(), {true, true, true}, {}, values));
  return values[2];
}

void ExpectValue(plan::ExprOp op, int64_t a, int64_t b, int64_t expected) {
  auto value = Evaluate(op, a, b);
  ASSERT_TRUE(value.ok()) << value.status().message();
  EXPECT_EQ(*value, expected) << plan::EnumNameExprOp(op) << " " << a << " " << b;
}

TEST(ShapeProgram, RoundsAsFloorAndCeil) {
  using plan::ExprOp;
  ExpectValue(ExprOp::Add, 2, -5, -3);
  ExpectValue(ExprOp::Mul, 7, -3, -21);
  ExpectValue(ExprOp::FloorDiv, 7, 2, 3);
  ExpectValue(ExprOp::FloorDiv, -7, 2, -4);
  ExpectValue(ExprOp::FloorDiv, -8, 2, -4);
  ExpectValue(ExprOp::CeilDiv, 7, 2, 4);
  ExpectValue(ExprOp::CeilDiv, -7, 2, -3);
  ExpectValue(ExprOp::CeilDiv, INT64_MAX, 1, INT64_MAX);
  ExpectValue(ExprOp::Mod, -7, 3, 2);
  ExpectValue(ExprOp::Mod, INT64_MIN, INT64_MAX, INT64_MAX - 1);
  ExpectValue(ExprOp::Min, 3, -4, -4);
  ExpectValue(ExprOp::Max, 3, -4, 3);
}

TEST(ShapeProgram, RefusesOverflowAndDivisionByZero) {
  using plan::ExprOp;
  EXPECT_EQ(Evaluate(ExprOp::Add, INT64_MAX, 1).status().code(), MLC_STATUS_OUT_OF_RANGE);
  EXPECT_EQ(Evaluate(ExprOp::Mul, INT64_MIN, -1).status().code(), MLC_STATUS_OUT_OF_RANGE);
  EXPECT_EQ(Evaluate(ExprOp::FloorDiv, 1, 0).status().code(), MLC_STATUS_DATA_FAULT);
  EXPECT_EQ(Evaluate(ExprOp::CeilDiv, INT64_MIN, -1).status().code(), MLC_STATUS_DATA_FAULT);
  EXPECT_EQ(Evaluate(ExprOp::Mod, 1, -1).status().code(), MLC_STATUS_DATA_FAULT);
}

TEST(ShapeProgram, BindsDimsAndElements) {
  const BuiltEntry built(EverythingPlan());
  const int64_t x_dims[] = {5}, at_dims[] = {2}, at[] = {9, 1};
  const InputView views[] = {{x_dims, nullptr}, {at_dims, at}};
  int64_t symbols[2];
  ASSERT_TRUE(BindSymbols(built.entry(), views, symbols).ok());
  EXPECT_EQ(symbols[0], 5);
  EXPECT_EQ(symbols[1], 9);
}

TEST(ShapeProgram, RefusesElementsThatAreNotThere) {
  const BuiltEntry built(EverythingPlan());
  const int64_t x_dims[] = {5}, at_dims[] = {0};
  const InputView views[] = {{x_dims, nullptr}, {at_dims, nullptr}};
  int64_t symbols[2];
  EXPECT_EQ(BindSymbols(built.entry(), views, symbols).code(), MLC_STATUS_SHAPE_MISMATCH);
}

TEST(ShapeProgram, RefusesValuesOffTheDivisor) {
  PlanBuilder builder;
  const uint32_t n = builder.DimSymbol("n", 0, 0, 8, 64, 8);
  builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const BuiltEntry built(builder);
  const int64_t good[] = {16}, bad[] = {12};
  EXPECT_TRUE(CheckSymbols(built.entry(), good).ok());
  const Status status = CheckSymbols(built.entry(), bad);
  EXPECT_EQ(status.code(), MLC_STATUS_OUT_OF_RANGE);
  EXPECT_NE(std::string(status.message()).find("steps of 8"), std::string::npos)
      << status.message();
}

TEST(ShapeProgram, PrintsExpressions) {
  PlanBuilder builder;
  const uint32_t n = builder.DimSymbol("n", 0, 0, 1, 64);
  builder.Input("x", MLC_DTYPE_FLOAT32, {n});
  const uint32_t sum = builder.Expr(plan::ExprOp::Add, n, builder.Const(1));
  const uint32_t product = builder.Expr(plan::ExprOp::Mul, sum, builder.Const(3));
  const uint32_t half = builder.Expr(plan::ExprOp::CeilDiv, product, builder.Const(2));
  const BuiltEntry built(builder);
  EXPECT_EQ(ExprText(built.entry(), half), "ceildiv((n + 1) * 3, 2)");
}

TEST(ShapeProgram, CutsTextsThatWouldExplode) {
  PlanBuilder builder;
  uint32_t sum = builder.Const(1);
  for (int i = 0; i < 60; ++i) sum = builder.Expr(plan::ExprOp::Add, sum, sum);
  const BuiltEntry built(builder);
  EXPECT_LT(ExprText(built.entry(), sum).size(), 200u);
}

}  // namespace
}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The comparison behind mlc-compile --verify, at both sides of its tolerances.
#include "tools/common/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mlc::tools {
namespace {

template <typename T>
Array ArrayOf(mlc_dtype_t dtype, std::vector<T> values) {
  return {dtype,
          {static_cast<int64_t>(values.size())},
          std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T))};
}

Array Floats(std::vector<float> values) { return ArrayOf(MLC_DTYPE_FLOAT32, std::move(values)); }
Array Longs(std::vector<int64_t> values) { return ArrayOf(MLC_DTYPE_INT64, std::move(values)); }

TEST(CompareWithOracle, SmallFloatsHaveTheAbsoluteTolerance) {
  EXPECT_TRUE(CompareWithOracle(Floats({0.00009f, 0}), Floats({0, 0})).within);
  EXPECT_FALSE(CompareWithOracle(Floats({0.00011f, 0}), Floats({0, 0})).within);
}

TEST(CompareWithOracle, LargeFloatsHaveTheRelativeTolerance) {
  EXPECT_TRUE(CompareWithOracle(Floats({1000.9f, 1000}), Floats({1000, 1000})).within);
  EXPECT_FALSE(CompareWithOracle(Floats({1001.1f, 1000}), Floats({1000, 1000})).within);
}

TEST(CompareWithOracle, TheAbsoluteToleranceGrowsWithTheSpread) {
  // Elements of 0 have no relative tolerance.
  const Array reference = Floats({-100, 100, -100, 100, 0, 0, 0, 0});
  auto with = [](float error) { return Floats({-100, 100, -100, 100, error, 0, 0, 0}); };
  const double deviation = std::sqrt(4 * 100.0 * 100.0 / 8);
  EXPECT_TRUE(CompareWithOracle(with(static_cast<float>(0.9e-4 * deviation)), reference).within);
  EXPECT_FALSE(CompareWithOracle(with(static_cast<float>(1.1e-4 * deviation)), reference).within);
}

TEST(CompareWithOracle, NanAndInfinityMustAgree) {
  const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(CompareWithOracle(Floats({nan, inf}), Floats({nan, inf})).within);
  EXPECT_FALSE(CompareWithOracle(Floats({nan, 1}), Floats({1, 1})).within);
  EXPECT_FALSE(CompareWithOracle(Floats({inf, 1}), Floats({-inf, 1})).within);
}

TEST(CompareWithOracle, IntegersAreExact) {
  EXPECT_TRUE(CompareWithOracle(Longs({7, int64_t{1} << 60}), Longs({7, int64_t{1} << 60})).within);
  EXPECT_FALSE(CompareWithOracle(Longs({1000001}), Longs({1000000})).within);
  EXPECT_FALSE(CompareWithOracle(Longs({(int64_t{1} << 60) + 1}), Longs({int64_t{1} << 60})).within)
      << "beyond the precision of a double";
}

TEST(CompareWithOracle, OtherShapesDiffer) {
  const Difference difference = CompareWithOracle(Floats({1, 2}), Floats({1, 2, 3}));
  EXPECT_FALSE(difference.within);
  EXPECT_NE(difference.why.find("float32 [3]"), std::string::npos);
}

}  // namespace
}  // namespace mlc::tools

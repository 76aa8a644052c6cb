// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// DimExpr: what is canonical, its text, its bounds, and random expressions against plain integer arithmetic.
#include "dialects/Graph/DimExpr.h"
#include "llvm/Support/MathExtras.h"
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace mlc {
namespace {

DimExpr S(const char* name) { return DimExpr::symbol(name); }
DimExpr Parsed(llvm::StringRef text) { return DimExpr::parse(text).value(); }

SymbolInfos Ranges() {
  SymbolInfos symbols;
  symbols["a"] = SymbolInfo{.min = 1, .max = 9};
  symbols["b"] = SymbolInfo{.min = 0};
  return symbols;
}

TEST(DimExpr, EqualMeaningsHaveEqualText) {
  EXPECT_EQ((S("a") + S("b") * 2 - S("a")).str(), "2*b");
  EXPECT_EQ(Parsed("(a + b)*(a - b)").str(), Parsed("a*a - b*b").str());
  EXPECT_EQ(DimExpr::floorDiv(S("a") * 6 + 7, 3).str(), "2*a + 2");
  EXPECT_EQ(DimExpr::ceilDiv(S("a") * 6 + 7, 3).str(), "2*a + 3");
  EXPECT_EQ(DimExpr::floorDiv(DimExpr::floorDiv(S("a"), 2) + 1, 2), DimExpr::floorDiv(S("a") + 2, 4));
  EXPECT_EQ(DimExpr::mod(S("a") * S("b"), S("b")), DimExpr(0));
  EXPECT_EQ(DimExpr::exactDiv(Parsed("a*b + 3*b"), S("b")), S("a") + 3);
}

TEST(DimExpr, RangesDecideMinimumAndMaximum) {
  const SymbolInfos symbols = Ranges();
  EXPECT_EQ(DimExpr::max(S("a"), 1, symbols), S("a"));
  EXPECT_EQ(DimExpr::min(S("a"), 9, symbols), S("a"));
  EXPECT_EQ(DimExpr::max(S("a"), 2, symbols).str(), "max(2, a)");
  EXPECT_EQ(DimExpr::min(S("a") * S("b"), S("b"), symbols), S("b"));
  EXPECT_EQ(DimExpr::max(S("unknown"), 0, symbols).str(), "max(0, unknown)");
}

TEST(DimExpr, BoundsSaturate) {
  const SymbolInfos symbols = Ranges();
  EXPECT_EQ((S("a") * 2 - 3).bounds(symbols), std::make_pair(INT64_C(-1), INT64_C(15)));
  EXPECT_EQ((S("b") * S("b")).bounds(symbols), std::make_pair(INT64_C(0), INT64_MAX));
  EXPECT_EQ((DimExpr(0) - S("b")).bounds(symbols), std::make_pair(-INT64_MAX, INT64_C(0)));
  EXPECT_EQ((DimExpr(INT64_MAX) + DimExpr(1)).constant(), INT64_MAX);
  EXPECT_EQ((DimExpr(INT64_MIN) - DimExpr(1)).constant(), -INT64_MAX);
  EXPECT_EQ((DimExpr(INT64_MIN) * DimExpr(INT64_MIN)).constant(), INT64_MAX);
}

TEST(DimExpr, RefusesWhatIsNoExpression) {
  for (const char* text : {"", "a +", "a b", "(a", "a)", "foo(a, b)", "min(a)", "min(a, b", "9223372036854775808", "-9223372036854775809", "a - 9223372036854775809", "*a", "a // ", "1.5*"})
    EXPECT_FALSE(DimExpr::parse(text)) << text;
  EXPECT_FALSE(DimExpr::parse(std::string(100000, '(')));
  EXPECT_FALSE(DimExpr::parse(std::string(100000, '-') + "a"));
}

TEST(DimExpr, LeastIntegerIsReadBack) {
  for (const char* text : {"-9223372036854775808", "a - 9223372036854775808", "-9223372036854775808*a", "a - 9223372036854775808*b"})
    EXPECT_EQ(Parsed(text).str(), text);
  EXPECT_EQ(DimExpr(INT64_MIN).str(), "-9223372036854775808");
}

// Each step doubles the text, the terms or the depth.
TEST(DimExpr, StaysSmallWhateverGrows) {
  const SymbolInfos none;
  DimExpr minimum = S("a"), product = S("a"), nested = S("a");
  for (int i = 0; i < 200; ++i) {
    const DimExpr number = i + 2;
    minimum = DimExpr::min(minimum + S("b"), minimum * 3, none);
    product = (product + S("b")) * (product + number);
    nested = DimExpr::floorDiv(nested * 3 + 1, S("b")) + 1;
    for (const DimExpr& e : {minimum, product, nested}) {
      EXPECT_LT(e.str().size(), 80000u);
      EXPECT_EQ(Parsed(e.str()), e);
    }
    if (i == 1) EXPECT_FALSE(minimum.tooLarge() || product.tooLarge() || nested.tooLarge());
  }
  EXPECT_TRUE(minimum.tooLarge() && product.tooLarge() && nested.tooLarge());
  EXPECT_NE(minimum, product);
}

// A random expression and its value at one point, computed beside it.
struct Random {
  std::mt19937 random;
  std::map<std::string, int64_t> point{{"a", 5}, {"b", 0}, {"c", 12}, {"d", -4}};
  SymbolInfos symbols;

  std::pair<DimExpr, int64_t> Make(int depth) {
    if (depth == 0 || random() % 6 == 0) {
      if (random() % 2) {
        const int64_t number = static_cast<int64_t>(random() % 21) - 10;
        return {DimExpr(number), number};
      }
      auto it = std::next(point.begin(), random() % point.size());
      return {DimExpr::symbol(it->first), it->second};
    }
    auto [x, vx] = Make(depth - 1);
    auto [y, vy] = Make(depth - 1);
    switch (random() % 8) {
      case 0: return {x - y, vx - vy};
      case 1: return {x * y, vx * vy};
      case 2: return {DimExpr::min(x, y, symbols), std::min(vx, vy)};
      case 3: return {DimExpr::max(x, y, symbols), std::max(vx, vy)};
      case 4:
      case 5:
      case 6: {
        const int64_t divisor = 1 + random() % 6;
        const int64_t floor = llvm::divideFloorSigned(vx, divisor);
        if (random() % 3 == 0) return {DimExpr::mod(x, divisor), vx - floor * divisor};
        if (random() % 2 == 0) return {DimExpr::floorDiv(x, divisor), floor};
        return {DimExpr::ceilDiv(x, divisor), llvm::divideCeilSigned(vx, divisor)};
      }
      default: return {x + y, vx + vy};
    }
  }
};

TEST(DimExpr, RandomExpressionsKeepTheirValue) {
  Random r{.random = std::mt19937(7)};
  for (auto& [name, value] : r.point) r.symbols[name] = SymbolInfo{.min = value - 1, .max = value + 2};
  int compared = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto [e, value] = r.Make(1 + i % 4);
    if (e.tooLarge()) continue;
    ++compared;
    const auto at = e.substitute([&](llvm::StringRef s) { return DimExpr(r.point.at(s.str())); });
    ASSERT_EQ(at.constant(), value) << e.str();
    ASSERT_EQ(Parsed(e.str()), e) << e.str();
    const auto [low, high] = e.bounds(r.symbols);
    ASSERT_TRUE(low <= value && value <= high) << e.str() << " is " << value << ", not in " << low << " to " << high;
  }
  EXPECT_GT(compared, 19000);
}

} // namespace
} // namespace mlc

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Every host math function, width and level against libm's 80-bit functions, over special values, uniform bit patterns and the ranges that models use.
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "backends/host/support/support.h"
#include "test/backends/host/math_kernels.h"

namespace {

using Reference = std::function<long double(long double, long double)>;

long double SigmoidReference(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }

const std::map<std::string, Reference>& References() {
#define UNARY(name, call) {#name, [](long double x, long double) { return call; }}
  static const std::map<std::string, Reference> table = {
      UNARY(exp, expl(x)),     UNARY(exp2, exp2l(x)),   UNARY(expm1, expm1l(x)), UNARY(log, logl(x)),
      UNARY(log2, log2l(x)),   UNARY(log10, log10l(x)), UNARY(log1p, log1pl(x)), UNARY(sin, sinl(x)),
      UNARY(cos, cosl(x)),     UNARY(tan, tanl(x)),     UNARY(asin, asinl(x)),   UNARY(acos, acosl(x)),
      UNARY(atan, atanl(x)),   UNARY(sinh, sinhl(x)),   UNARY(cosh, coshl(x)),   UNARY(tanh, tanhl(x)),
      UNARY(asinh, asinhl(x)), UNARY(acosh, acoshl(x)), UNARY(atanh, atanhl(x)), UNARY(erf, erfl(x)),
      UNARY(erfc, erfcl(x)),   UNARY(cbrt, cbrtl(x)),   UNARY(floor, floorl(x)), UNARY(ceil, ceill(x)),
      UNARY(trunc, truncl(x)), UNARY(roundeven, rintl(x)), UNARY(sigmoid, SigmoidReference(x)),
      {"atan2", [](long double y, long double x) { return atan2l(y, x); }},
      {"pow", [](long double x, long double y) { return powl(x, y); }},
      {"fmod", [](long double x, long double y) { return fmodl(x, y); }}};
#undef UNARY
  return table;
}

template <typename T>
struct Bits;
template <>
struct Bits<float> {
  using Word = uint32_t;
  static constexpr int kMantissa = 24, kMinExponent = -125;
};
template <>
struct Bits<double> {
  using Word = uint64_t;
  static constexpr int kMantissa = 53, kMinExponent = -1021;
};

// |got - want| in units in the last place of T at `want`; 0 for equal specials, infinity for a wrong special.
template <typename T>
double UlpError(T got, long double want) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : INFINITY;
  if (got == static_cast<T>(want)) return 0;
  long double reach = std::isinf(got) ? std::copysign(std::ldexp(1.0L, std::numeric_limits<T>::max_exponent), got) : static_cast<long double>(got);
  if (std::isinf(want)) return INFINITY;
  int exponent;
  std::frexp(want, &exponent);
  exponent = std::max(exponent, Bits<T>::kMinExponent);
  return static_cast<double>(std::fabs(reach - want) / std::ldexp(1.0L, exponent - Bits<T>::kMantissa));
}

template <typename T>
std::vector<T> Specials() {
  using L = std::numeric_limits<T>;
  std::vector<T> v = {0, L::denorm_min(), L::min(), L::min() * T(1.5), L::epsilon(), T(1e-5), T(0.3), T(0.5), T(0.75), 1, T(1.5), 2, T(2.5), 3, 4, 10, 17, 88,
                      T(88.7), 89, 104, 127, 128, 149, 150, 1000, T(1e4), T(131071), T(131072), T(1e6), T(8388607.5), T(8388609), T(1e10), T(1e20), T(1e30),
                      L::max(), L::infinity(), T(3.14159265358979), T(1.57079632679490), T(0.785398163397448), T(710), T(746)};
  size_t count = v.size();
  for (size_t i = 0; i < count; ++i) {
    if (std::isfinite(v[i])) v.push_back(std::nextafter(v[i], L::infinity())), v.push_back(std::nextafter(v[i], -L::infinity()));
  }
  count = v.size();
  for (size_t i = 0; i < count; ++i) v.push_back(-v[i]);
  v.push_back(L::quiet_NaN());
  return v;
}

// Operands (a, b) in two arrays of equal length, a multiple of 16.
template <typename T>
struct Samples {
  std::vector<T> a, b;
  Samples(int operands, int random_count) {
    std::mt19937_64 rng(2024);
    std::vector<T> special = Specials<T>();
    if (operands == 1) a = b = special;
    for (T x : operands == 2 ? special : std::vector<T>())
      for (T y : special) a.push_back(x), b.push_back(y);
    auto bits = [&] {
      typename Bits<T>::Word w = static_cast<typename Bits<T>::Word>(rng());
      T x;
      std::memcpy(&x, &w, sizeof x);
      return x;
    };
    for (int i = 0; i < random_count; ++i) a.push_back(bits()), b.push_back(bits());
    for (T scale : {T(0.5), T(1), T(4), T(20), T(110), T(800), T(1e5), T(1e8)}) {
      std::uniform_real_distribution<T> d(-scale, scale);
      for (int i = 0; i < random_count / 4; ++i) a.push_back(d(rng)), b.push_back(d(rng));
    }
    while (a.size() % 16) a.push_back(1), b.push_back(1);
  }
};

template <typename T>
std::vector<long double> Expected(const mlc_math_row& row, const Samples<T>& s) {
  const Reference& f = References().at(row.name);
  std::vector<long double> want(s.a.size());
  for (size_t i = 0; i < want.size(); ++i) want[i] = f(s.a[i], s.b[i]);
  return want;
}

template <typename T, typename Loop>
void CheckLoop(const std::string& label, Loop loop, const Samples<T>& s, const std::vector<long double>& want, double bound, long double floor = 0) {
  std::vector<T> got(s.a.size());
  loop(s.a.data(), s.b.data(), got.data(), static_cast<long>(got.size()));
  double worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::fabs(want[i]) < floor && std::fabs(static_cast<long double>(got[i])) < floor) continue;
    double e = UlpError(got[i], want[i]);
    if (e > worst) worst = e, at = i;
  }
  EXPECT_LE(worst, bound) << label << "(" << s.a[at] << ", " << s.b[at] << ") = " << got[at] << ", wanted " << static_cast<double>(want[at]);
  if (std::getenv("MLC_MATH_PRINT")) std::printf("%-16s worst %.3g ulp at %.9g\n", label.c_str(), worst, static_cast<double>(s.a[at]));
}

// f64 bounds, in ulp (1 ulp is about 1.1e-16 to 2.2e-16 relative).
double Ulp64(const std::string& name) {
  if (name == "pow") return 2000;
  if (name == "erfc") return 40;
  return 6;
}

class MathTest : public testing::TestWithParam<int> {};

TEST_P(MathTest, StaysWithinItsErrorBoundAtEveryWidthAndLevel) {
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const mlc_math_row* rows[] = {&mlc_math_rows_v2[GetParam()], v3 ? &mlc_math_rows_v3[GetParam()] : nullptr};
  const char* levels[] = {"v2", "v3"};
  Samples<float> s32(rows[0]->operands, 40000);
  Samples<double> s64(rows[0]->operands, 40000);
  auto want32 = Expected(*rows[0], s32), want64 = Expected(*rows[0], s64);
  for (int level = 0; level < 2; ++level) {
    if (!rows[level]) continue;
    const mlc_math_row& row = *rows[level];
    std::string label = std::string(levels[level]) + " " + row.name + "_";
    const char* widths[] = {"f32", "f32x4", "f32x8", "f32x16"};
    double bound = row.ulp32 == 0 ? 0 : row.ulp32;
    long double floor = std::string(row.name) == "sigmoid" ? std::numeric_limits<float>::min() : 0;
    for (int w = 0; w < 4; ++w) CheckLoop(label + widths[w], row.f32[w], s32, want32, bound, floor);
    CheckLoop(label + "f64", row.f64, s64, want64, row.ulp32 == 0 ? 0 : Ulp64(row.name));
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, MathTest, testing::Range(0, mlc_math_row_count),
                         [](const testing::TestParamInfo<int>& info) { return std::string(mlc_math_rows_v2[info.param].name); });

TEST(MathTest, NeverLeavesTheRangeOfTheFunction) {
  for (int level = 0; level < 2; ++level) {
    if (level == 1 && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) continue;
    const mlc_math_row* rows = level ? mlc_math_rows_v3 : mlc_math_rows_v2;
    std::vector<float> x(1 << 20), y(x.size());
    for (size_t i = 0; i < x.size(); ++i) x[i] = 12.0f * static_cast<float>(i) / static_cast<float>(x.size());
    for (int r = 0; r < mlc_math_row_count; ++r) {
      std::string name = rows[r].name;
      if (name != "tanh" && name != "erf" && name != "sigmoid" && name != "sin" && name != "cos") continue;
      rows[r].f32[2](x.data(), x.data(), y.data(), static_cast<long>(y.size()));
      for (size_t i = 0; i < y.size(); ++i) ASSERT_LE(std::fabs(y[i]), 1.0f) << name << "(" << x[i] << ")";
    }
  }
}

TEST(SupportTest, ModulesAreEmbedded) {
  ASSERT_GT(mlc_support_math_bc_size, 1000u);
  EXPECT_EQ(std::memcmp(mlc_support_math_bc, "BC\xC0\xDE", 4), 0);
  ASSERT_GT(mlc_support_libcalls_o_size, 1000u);
  EXPECT_EQ(std::memcmp(mlc_support_libcalls_o, "\x7f" "ELF", 4), 0);
}

}  // namespace

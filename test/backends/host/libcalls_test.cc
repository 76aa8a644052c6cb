// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// libcalls.c against the compiler's own conversions and libc. The object is the embedded one with the prefix `own_` on every symbol.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>

extern "C" {
_Float16 own___truncsfhf2(float);
_Float16 own___truncdfhf2(double);
float own___extendhfsf2(_Float16);
float own_fmaf(float, float, float);
double own_fma(double, double, double);
float own_fminf(float, float);
float own_fmaxf(float, float);
float own_fmodf(float, float);
double own_fmod(double, double);
void* own_memmove(void*, const void*, size_t);
void* own_memcpy(void*, const void*, size_t);
void* own_memset(void*, int, size_t);
int own_memcmp(const void*, const void*, size_t);
}

namespace {

template <typename T>
bool Same(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (a != a && b != b);
}
template <typename T, typename W>
T FromBits(W w) {
  T x;
  static_assert(sizeof(T) == sizeof(W));
  std::memcpy(&x, &w, sizeof x);
  return x;
}

TEST(LibcallsTest, WidensEveryHalf) {
  for (uint32_t i = 0; i < 65536; ++i) {
    auto h = FromBits<_Float16>(static_cast<uint16_t>(i));
    ASSERT_TRUE(Same(own___extendhfsf2(h), static_cast<float>(h))) << i;
  }
}

TEST(LibcallsTest, RoundsToHalfOnce) {
  std::mt19937_64 rng(1);
  for (int i = 0; i < 2000000; ++i) {
    auto w = static_cast<uint32_t>(rng());
    if (i & 1) w = (w & 0x8fffffff) + 0x32000000;  // around the range of half
    auto f = FromBits<float>(w);
    double d = f * (1 + 1e-9 * static_cast<double>(rng() % 5));
    ASSERT_TRUE(Same(own___truncsfhf2(f), static_cast<_Float16>(f))) << f;
    ASSERT_TRUE(Same(own___truncdfhf2(d), static_cast<_Float16>(d))) << d;
  }
}

TEST(LibcallsTest, FmaAndFmodAreExact) {
  std::mt19937_64 rng(2);
  for (int i = 0; i < 1000000; ++i) {
    float f[3];
    for (float& x : f) {
      auto w = static_cast<uint32_t>(rng());
      x = FromBits<float>(i & 1 ? (w & 0x87ffffff) + 0x38000000 : w);
    }
    auto a = FromBits<double>(rng()), b = FromBits<double>(rng());
    ASSERT_TRUE(Same(own_fmaf(f[0], f[1], f[2]), std::fma(f[0], f[1], f[2]))) << f[0] << " " << f[1] << " " << f[2];
    ASSERT_TRUE(Same(own_fmodf(f[0], f[1]), std::fmod(f[0], f[1]))) << f[0] << " " << f[1];
    if (i % 16 == 0) ASSERT_TRUE(Same(own_fmod(a, b), std::fmod(a, b))) << a << " " << b;
  }
}

TEST(LibcallsTest, FmaOfDoublesRoundsOnceEverywhere) {
  std::mt19937_64 rng(4);
  const double specials[] = {0.0, -0.0, 1.0, -1.0, 0x1p-1074, 0x1p-1022, -0x1.fffffffffffffp-1023, 0x1.fffffffffffffp1023, HUGE_VAL, -HUGE_VAL, NAN, 0x1p-537, 3.0};
  for (double a : specials)
    for (double b : specials)
      for (double c : specials) ASSERT_TRUE(Same(own_fma(a, b, c), std::fma(a, b, c))) << a << " " << b << " " << c;
  for (int i = 0; i < 2000000; ++i) {
    double v[3];
    for (double& x : v) {
      uint64_t w = rng();
      int kind = i % 5;
      if (kind == 1) w = (w & 0x803fffffffffffffull) + 0x3fe0000000000000ull;                    // sizes of 1
      if (kind == 2) w = (w & 0x803fffffffffffffull) + 0x1fe0000000000000ull;                    // products near the smallest number
      if (kind == 3) w = ((w & 0x8030000000000000ull) + 0x3fe0000000000000ull) | (rng() & 0xf);  // ties and cancellation
      x = FromBits<double>(w);
    }
    if (i % 5 == 4) v[2] = -v[0] * v[1];
    if (i % 5 == 2) v[2] = FromBits<double>(rng() & 0x801fffffffffffffull);
    ASSERT_TRUE(Same(own_fma(v[0], v[1], v[2]), std::fma(v[0], v[1], v[2]))) << std::hexfloat << v[0] << " " << v[1] << " " << v[2];
  }
}

TEST(LibcallsTest, MinAndMaxPreferNumbers) {
  EXPECT_EQ(own_fminf(NAN, 2), 2);
  EXPECT_EQ(own_fminf(2, NAN), 2);
  EXPECT_EQ(own_fmaxf(NAN, 2), 2);
  EXPECT_EQ(own_fmaxf(3, 2), 3);
  EXPECT_EQ(own_fminf(3, 2), 2);
}

TEST(LibcallsTest, MovesMemoryThatOverlaps) {
  std::mt19937_64 rng(3);
  char ours[600], theirs[600];
  for (int i = 0; i < 20000; ++i) {
    for (int k = 0; k < 600; ++k) ours[k] = theirs[k] = static_cast<char>(rng());
    size_t from = rng() % 200, to = rng() % 200, bytes = rng() % 300;
    own_memmove(ours + to, ours + from, bytes);
    std::memmove(theirs + to, theirs + from, bytes);
    own_memset(ours + from, i, bytes / 2);
    std::memset(theirs + from, i, bytes / 2);
    own_memcpy(ours + 300 + to / 2, ours + from / 2, bytes / 2);
    std::memcpy(theirs + 300 + to / 2, theirs + from / 2, bytes / 2);
    ASSERT_EQ(own_memcmp(ours, theirs, sizeof ours), 0);
    ASSERT_EQ(std::memcmp(ours, theirs, sizeof ours), 0);
  }
}

}  // namespace

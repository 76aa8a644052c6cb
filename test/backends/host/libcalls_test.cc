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

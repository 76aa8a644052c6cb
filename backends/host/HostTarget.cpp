// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/HostTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

namespace mlc::host {
namespace {

/// The levels of the x86-64 psABI; each includes the ones before it.
struct Level {
  const char *name;
  std::vector<const char *> adds;
  int64_t vectorBits;
  bool fma;
};
const Level kLevels[] = {
    {"x86-64-v2", {"cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"}, 128, false},
    {"x86-64-v3", {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}, 256, true},
    {"x86-64-v4", {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}, 512, true},
};

HostTarget makeLevel(size_t level) {
  HostTarget t;
  t.arch = kLevels[level].name;
  for (size_t i = 0; i <= level; ++i)
    t.features.insert(t.features.end(), kLevels[i].adds.begin(), kLevels[i].adds.end());
  llvm::sort(t.features);
  t.rank = static_cast<int>(level) + 2;
  t.vectorBits = kLevels[level].vectorBits;
  t.fma = kLevels[level].fma;
  return t;
}

} // namespace

bool isHostArch(llvm::StringRef arch) { return arch == "host" || llvm::any_of(kLevels, [&](const Level &level) { return arch == level.name; }); }

llvm::Expected<HostTarget> parseTarget(llvm::StringRef arch) {
  for (size_t i = 0; i < std::size(kLevels); ++i)
    if (arch == kLevels[i].name)
      return makeLevel(i);
  // The best level whose features this CPU has.
  auto cpu = llvm::sys::getHostCPUFeatures();
  for (size_t i = std::size(kLevels); i-- > 0;) {
    HostTarget t = makeLevel(i);
    if (llvm::all_of(t.features, [&](const std::string &f) { return cpu.lookup(f); }))
      return t;
  }
  return llvm::createStringError("this CPU lacks features of x86-64-v2, the lowest level supported; name a level with --arch to compile for another machine");
}

} // namespace mlc::host

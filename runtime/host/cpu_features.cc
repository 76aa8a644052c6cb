// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/cpu_features.h"

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace mlc::runtime {
namespace {

#if defined(__x86_64__)
enum Register { kEax, kEbx, kEcx, kEdx };

// Bits of XCR0.
constexpr uint64_t kNoState = 0;
constexpr uint64_t kYmmState = 0x06;      // xmm, ymm
constexpr uint64_t kZmmState = 0xe6;      // and opmask, zmm
constexpr uint64_t kTileState = 0x60000;  // tile configuration and data

struct Feature {
  const char* name;
  uint32_t leaf;
  uint32_t subleaf;
  Register reg;
  uint32_t bit;
  uint64_t state;
};

constexpr Feature kFeatures[] = {
#define MLC_CPU_FEATURE(name, leaf, subleaf, reg, bit, state) \
  {name, leaf, subleaf, reg, bit, state},
#include "runtime/host/cpu_features.def"
#undef MLC_CPU_FEATURE
};

uint64_t SavedState() {
  uint32_t registers[4] = {};
  __get_cpuid_count(1, 0, &registers[0], &registers[1], &registers[2], &registers[3]);
  const bool has_xgetbv = registers[kEcx] >> 27 & 1;
  if (!has_xgetbv) return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

// The table is sorted by leaf, so each is asked once: CPUID takes 20 to 70 us in a virtual machine.
std::vector<std::string_view> DetectNames() {
  const uint64_t saved_state = SavedState();
  std::vector<std::string_view> names;
  uint32_t registers[4] = {};
  const Feature* previous = nullptr;
  for (const Feature& feature : kFeatures) {
    if (!previous || previous->leaf != feature.leaf || previous->subleaf != feature.subleaf) {
      registers[kEax] = registers[kEbx] = registers[kEcx] = registers[kEdx] = 0;
      __get_cpuid_count(feature.leaf, feature.subleaf, &registers[kEax], &registers[kEbx],
                        &registers[kEcx], &registers[kEdx]);
    }
    previous = &feature;
    if ((registers[feature.reg] >> feature.bit & 1) &&
        (saved_state & feature.state) == feature.state)
      names.push_back(feature.name);
  }
  return names;
}
#endif

}  // namespace

CpuFeatures CpuFeatures::Detect() {
#if defined(__x86_64__)
  return CpuFeatures(DetectNames());
#else
  return CpuFeatures({});
#endif
}

CpuFeatures::CpuFeatures(std::vector<std::string_view> names) : names_(std::move(names)) {
  for (std::string_view name : names_) {
    if (!text_.empty()) text_ += ',';
    text_ += name;
  }
}

bool CpuFeatures::Has(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

}  // namespace mlc::runtime

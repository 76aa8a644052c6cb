// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/choose_target.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "runtime/cuda/driver.h"
#include "runtime/cuda/kernel_abi.h"
#include "runtime/plan/access.h"

namespace mlc::runtime::cuda {
namespace {

// "sm_90a" taken apart; number 0 for anything else.
struct Arch {
  bool is_ptx = false;
  int number = 0;
  bool exact = false;  // the suffix a: this capability and no other
};

Arch ParseArch(const char* text) {
  Arch arch;
  arch.is_ptx = std::strncmp(text, "compute_", 8) == 0;
  if (!arch.is_ptx && std::strncmp(text, "sm_", 3) != 0) return Arch();
  text += arch.is_ptx ? 8 : 3;
  int number = 0, digits = 0;
  for (; *text >= '0' && *text <= '9' && digits < 4; ++text, ++digits)
    number = number * 10 + (*text - '0');
  arch.exact = std::strcmp(text, "a") == 0;
  if (digits >= 2 && (*text == 0 || arch.exact)) arch.number = number;
  return arch;
}

// What keeps the device from running it, "" when nothing does.
std::string MissingFor(const plan::Target& target, const Arch& arch, const DeviceTraits& device) {
  if (std::strcmp(Text(target.triple()), MLC_CUDA_TRIPLE) != 0)
    return std::string("another kind of device, ") + Text(target.triple());
  if (arch.number == 0) return "a runtime that knows this architecture";
  const int major = arch.number / 10;
  if (arch.exact && arch.number != device.capability)
    return "a device of exactly compute capability " + std::to_string(major) + "." +
           std::to_string(arch.number % 10);
  if (arch.number > device.capability || (!arch.is_ptx && major != device.capability / 10))
    return "a device of compute capability " + std::to_string(major) + "." +
           std::to_string(arch.number % 10) + (arch.is_ptx ? " or later" : " or a later minor");
  if (static_cast<int>(target.min_cuda()) > device.driver_version)
    return "a driver for " + VersionText(static_cast<int>(target.min_cuda())) +
           " (this one is for " + VersionText(device.driver_version) + ")";
  if (!arch.is_ptx && device.force_ptx) return "the forward path not to be forced";
  return "";
}

}  // namespace

TargetChoice RankTargets(const plan::Plan& plan, const plan::Entry& entry,
                         const DeviceTraits& device) {
  TargetChoice choice;
  // Machine code first, then exact, then the highest number; the plan's order among equals.
  std::vector<std::tuple<bool, bool, int, uint32_t>> ranked;
  for (const plan::Program* program : Items(entry.programs())) {
    if (Count(program->bucket()) > 0) continue;  // behind the generic one of its target
    const plan::Target& target = *plan.targets()->Get(program->target());
    const Arch arch = ParseArch(Text(target.arch()));
    const std::string missing = MissingFor(target, arch, device);
    if (missing.empty()) {
      ranked.emplace_back(arch.is_ptx, !arch.exact, -arch.number, program->target());
      continue;
    }
    choice.refused += (choice.refused.empty() ? "" : "; ") + std::string(Text(target.arch())) +
                      " needs " + missing;
    choice.driver_too_old |= !arch.is_ptx && missing.rfind("a driver for", 0) == 0;
  }
  std::sort(ranked.begin(), ranked.end());
  for (const auto& entry_of : ranked) choice.candidates.push_back(std::get<3>(entry_of));
  return choice;
}

}  // namespace mlc::runtime::cuda

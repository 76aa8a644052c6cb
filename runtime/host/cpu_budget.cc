// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/host/cpu_budget.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace mlc::runtime {
namespace {

constexpr uint32_t kUnlimited = 1u << 16;

// The first line of a file, "" when it cannot be read.
std::string ReadLine(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return "";
  char line[256] = "";
  const bool read = std::fgets(line, sizeof line, file) != nullptr;
  std::fclose(file);
  return read ? line : "";
}

uint32_t CpusOf(double quota, double period) {
  if (quota <= 0 || period <= 0) return kUnlimited;
  return static_cast<uint32_t>(std::clamp(std::ceil(quota / period), 1.0, double{kUnlimited}));
}

uint32_t QuotaV2(const std::string& folder) {
  double quota = 0, period = 0;
  const std::string line = ReadLine(folder + "/cpu.max");  // "200000 100000" or "max 100000"
  if (std::sscanf(line.c_str(), "%lf %lf", &quota, &period) != 2) return kUnlimited;
  return CpusOf(quota, period);
}

uint32_t QuotaV1(const std::string& folder) {
  const std::string quota = ReadLine(folder + "/cpu.cfs_quota_us");  // -1 = none
  const std::string period = ReadLine(folder + "/cpu.cfs_period_us");
  return CpusOf(std::atof(quota.c_str()), std::atof(period.c_str()));
}

// The smallest quota from `path` up to the root of the hierarchy. In a container the path may not
// be visible; the root then is the container's own group.
template <typename Quota>
uint32_t SmallestQuota(const std::string& root, std::string path, Quota quota) {
  uint32_t cpus = quota(root);
  while (!path.empty() && path != "/") {
    cpus = std::min(cpus, quota(root + path));
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  return cpus;
}

uint32_t CgroupCpus() {
  std::FILE* file = std::fopen("/proc/self/cgroup", "re");
  if (!file) return kUnlimited;
  uint32_t cpus = kUnlimited;
  char line[4096];
  while (std::fgets(line, sizeof line, file)) {  // "0::/path" or "4:cpu,cpuacct:/path"
    line[std::strcspn(line, "\n")] = 0;
    const char* controllers = std::strchr(line, ':');
    const char* path = controllers ? std::strchr(controllers + 1, ':') : nullptr;
    if (!path) continue;
    const std::string names(controllers + 1, path);
    if (names.empty())
      cpus = std::min(cpus, SmallestQuota("/sys/fs/cgroup", path + 1, QuotaV2));
    else if (("," + names + ",").find(",cpu,") != std::string::npos)
      cpus = std::min(cpus, SmallestQuota("/sys/fs/cgroup/" + names, path + 1, QuotaV1));
  }
  std::fclose(file);
  return cpus;
}

uint32_t AffinityCpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<uint32_t>(CPU_COUNT(&set));
}

}  // namespace

uint32_t UsableCpus() { return std::max(1u, std::min(AffinityCpus(), CgroupCpus())); }

}  // namespace mlc::runtime

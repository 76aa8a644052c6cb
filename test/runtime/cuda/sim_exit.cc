// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The simulated driver as libcuda.so.1: a program during which something went wrong (a race, a read
// of memory that is gone) says so at its end, with exit status 86.
#include <unistd.h>

#include <cstdio>

#include "test/runtime/cuda/sim_driver.h"

namespace mlc::runtime::cuda::sim {
namespace {

constexpr int kExit = 86;

[[gnu::destructor]] void Report() {
  const std::vector<std::string> violations = TakeViolations();
  if (violations.empty()) return;
  std::fflush(nullptr);
  for (size_t i = 0; i < violations.size() && i < 10; ++i)
    std::fprintf(stderr, "simulated driver: %s\n", violations[i].c_str());
  std::fprintf(stderr, "simulated driver: %zu violations\n", violations.size());
  _exit(kExit);
}

}  // namespace
}  // namespace mlc::runtime::cuda::sim

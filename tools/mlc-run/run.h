// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_RUN_RUN_H
#define MLC_TOOLS_MLC_RUN_RUN_H

#include <string>
#include <vector>

namespace mlc::tools {

// mlc-run's command line.
struct RunOptions {
  std::string plan;
  std::string device = "host";
  std::string entry;
  unsigned threads = 0;
  std::string inputs;              // .npz or folder
  std::vector<std::string> input;  // NAME=FILE
  std::vector<std::string> dims;   // NAME=VALUE
  unsigned long long seed = 0;
  std::string save_outputs;
  std::string reference;
  double rtol = 1e-3;
  double atol = 1e-4;
  size_t iterations = 10;
  size_t warmup = 3;
  double duration_s = 0;
  bool profile = false;
  std::string peak;  // row of peaks.json or FLOPS:BYTES
  unsigned streams = 0;
  bool check = false;
  bool include_transfers = false;
  std::string json;
};

// Loads, runs, times, compares, reports. Returns the exit code or throws.
int RunPlan(const RunOptions& options);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_RUN_RUN_H

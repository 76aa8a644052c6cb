// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How long each step of a compilation took, passes and what lies between them, in the order in which they ended.
#ifndef MLC_COMPILER_STAGETIMES_H
#define MLC_COMPILER_STAGETIMES_H

#include "mlir/Pass/PassInstrumentation.h"
#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace mlc {

/// cpuMs counts all threads of the process.
struct StageTime {
  std::string name;
  double wallMs = 0, cpuMs = 0;
};
using StageTimes = std::vector<StageTime>;

/// Adds the time between its construction and its end. `times` outlives it.
class StageTimer {
public:
  StageTimer(StageTimes &times, llvm::StringRef name) : times(times), name(name), wall(std::chrono::steady_clock::now()), cpu(std::clock()) {}
  StageTimer(const StageTimer &) = delete;
  ~StageTimer() {
    double wallMs = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall).count();
    times.push_back({std::move(name), wallMs, 1000.0 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC});
  }

private:
  StageTimes &times;
  std::string name;
  std::chrono::steady_clock::time_point wall;
  std::clock_t cpu;
};

/// Adds the time of each pass, under its argument. The pass manager runs one function at a time: modules here have one.
class PassTimes : public mlir::PassInstrumentation {
public:
  explicit PassTimes(StageTimes &times) : times(times) {}
  void runBeforePass(mlir::Pass *pass, mlir::Operation *) override {
    if (!pass->getArgument().empty()) // not what only runs other passes
      timer = std::make_unique<StageTimer>(times, pass->getArgument());
  }
  void runAfterPass(mlir::Pass *pass, mlir::Operation *) override {
    if (!pass->getArgument().empty())
      timer.reset();
  }
  void runAfterPassFailed(mlir::Pass *pass, mlir::Operation *op) override { runAfterPass(pass, op); }

private:
  StageTimes &times;
  std::unique_ptr<StageTimer> timer;
};

} // namespace mlc

#endif

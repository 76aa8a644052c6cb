// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Times of a program's launches and copies.
#ifndef MLC_RUNTIME_EXEC_PROFILE_H
#define MLC_RUNTIME_EXEC_PROFILE_H

#include <span>
#include <vector>

#include "runtime/exec/bound_program.h"

namespace mlc::runtime {

// Made once per session, so that recording allocates nothing.
//
// With t(k, n) the mean time of n instructions from k on that follow each other at once, an execution
// of k counts what it adds to its n - 1 predecessors, t(k - n + 1, n) - t(k - n + 1, n - 1), for the
// largest n that was timed, at least 0 and at most t(k, 1): the rest was hidden behind them. So the
// sum is what all take in a row.
class Profile {
 public:
  static constexpr uint32_t kLongest = 6;  // instructions timed together
  explicit Profile(const BoundProgram& bound);

  // Sets the estimates for the shapes at hand.
  void SetValues(std::span<const int64_t> values);
  void Reset();
  // Of the run that begins, from 0 on since Reset: what it times together.
  uint64_t NextRun() { return num_runs_++; }

  // `length` launches and copies of a block, right behind each other; several of them have all been
  // recorded by themselves. `number`, of the first, counts all instructions, as Step::number does.
  void Record(uint32_t number, uint64_t elapsed_ns, uint32_t length = 1);
  bool IsRecorded(uint32_t number) const { return times_[0][entry_of_[number]].count > 0; }

  const std::vector<mlc_profile_entry_t>& entries() const { return entries_; }

 private:
  struct Times {
    uint64_t count = 0, sum_ns = 0;
    void Add(uint64_t elapsed_ns) {
      ++count;
      sum_ns += elapsed_ns;
    }
    double mean_ns() const { return static_cast<double>(sum_ns) / static_cast<double>(count); }
  };

  // Brings the totals of an entry that is recorded up to date.
  void Attribute(uint32_t at);

  uint64_t num_runs_ = 0;
  std::vector<mlc_profile_entry_t> entries_;
  std::vector<Times> times_[kLongest];  // of 1, 2, .. from each entry on
  std::vector<const plan::Instruction*> instructions_;  // of each entry
  std::vector<uint32_t> entry_of_;                      // by instruction number
  std::vector<std::vector<const char*>> nodes_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_PROFILE_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Times of a program's launches and copies.
#ifndef MLC_RUNTIME_EXEC_PROFILE_H
#define MLC_RUNTIME_EXEC_PROFILE_H

#include <algorithm>
#include <span>
#include <vector>

#include "runtime/exec/bound_program.h"

namespace mlc::runtime {

// Made once per session, so that recording allocates nothing.
//
// With s(k) the mean time of an instruction by itself and p(k) that of it and the next one together,
// o(k) = s(k) + s(k + 1) - p(k), if positive, is what of k + 1 was hidden behind k. An execution of k
// counts s(k) - o(k - 1) in a run, so that the sum is what all take in a row; where no pair was
// timed it counts s(k).
class Profile {
 public:
  explicit Profile(const BoundProgram& bound);

  // Sets the estimates for the shapes at hand.
  void SetValues(std::span<const int64_t> values);
  void Reset();
  // Of the run that begins, from 0 on since Reset: what it times together.
  uint64_t NextRun() { return num_runs_++; }

  // `number` counts all instructions, as Step::number does: a launch or copy by itself.
  void Record(uint32_t number, uint64_t elapsed_ns) {
    const uint32_t at = entry_of_[number];
    mlc_profile_entry_t& entry = entries_[at];
    entry.min_ns = alone_[at].count == 0 ? elapsed_ns : std::min(entry.min_ns, elapsed_ns);
    alone_[at].Add(elapsed_ns);
    ++entry.count;
    Attribute(at);
    if (pairs_[at].count > 0) Attribute(at + 1);
  }
  // One, and the next one of its block right behind it; both have been recorded by themselves.
  void RecordPair(uint32_t number, uint64_t elapsed_ns);
  bool IsRecorded(uint32_t number) const { return alone_[entry_of_[number]].count > 0; }

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
  std::vector<Times> alone_;  // of each entry
  std::vector<Times> pairs_;  // of each entry with the next one
  std::vector<const plan::Instruction*> instructions_;  // of each entry
  std::vector<uint32_t> entry_of_;                      // by instruction number
  std::vector<std::vector<const char*>> nodes_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_PROFILE_H

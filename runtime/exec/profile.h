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
class Profile {
 public:
  explicit Profile(const BoundProgram& bound);

  // Sets the estimates for the shapes at hand.
  void SetValues(std::span<const int64_t> values);
  void Reset();
  // `number` counts all instructions, as Step::number does.
  void Record(uint32_t number, uint64_t elapsed_ns) {
    mlc_profile_entry_t& entry = entries_[entry_of_[number]];
    entry.min_ns = entry.count == 0 ? elapsed_ns : std::min(entry.min_ns, elapsed_ns);
    ++entry.count;
    entry.total_ns += elapsed_ns;
  }
  const std::vector<mlc_profile_entry_t>& entries() const { return entries_; }

 private:
  std::vector<mlc_profile_entry_t> entries_;
  std::vector<const plan::Instruction*> instructions_;  // of each entry
  std::vector<uint32_t> entry_of_;                      // by instruction number
  std::vector<std::vector<const char*>> nodes_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_PROFILE_H

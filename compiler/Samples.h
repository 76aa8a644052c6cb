// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The user's samples, as the compiler sees them: it makes plans for this machine, the caller runs them.
#ifndef MLC_COMPILER_SAMPLES_H
#define MLC_COMPILER_SAMPLES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <string>
#include <vector>

namespace mlc {

/// The input, behind the model's own, of plans that have parts which a run turns on and off: a bool for each.
inline constexpr const char *kSwitchesInput = "mlc.switches";

struct Samples {
  /// The f32 outputs of a run, flat; outputs of other types are empty.
  using Outputs = std::vector<std::vector<float>>;
  /// Runs an open plan on a sample. `switches` are the elements of kSwitchesInput, where the plan has it.
  using Run = std::function<llvm::Expected<Outputs>(size_t sample, llvm::ArrayRef<char> switches)>;

  size_t count = 0;
  /// Opens a plan whose inputs are the model's; its runs keep it open. An error is an OptionError that names the sample and what it lacks.
  std::function<llvm::Expected<Run>(std::string plan)> open;
};

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Which regions stay f32 so that a model in 16 bits answers as in f32: measured on samples, on this machine, for the very regions that the target's kernels are made from.
#ifndef MLC_COMPILER_ACCURACY_H
#define MLC_COMPILER_ACCURACY_H

#include "backends/Backend.h"
#include "compiler/Compile.h"
#include "llvm/ADT/StringMap.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlc {

/// The largest error of any f32 output on any sample: root mean square of the difference, over the standard deviation of `exact` (over its root mean square where that is 0). Elements that are
/// not finite and the same in both count as equal; other such elements make it infinite.
double answersError(const Samples::Outputs &exact, const Samples::Outputs &ours);

/// 1. The error with all regions narrowed, by a probe (Probe.h), as all that follows. Where it is beyond half of the bound (kAim): 2. the error that each region adds by itself; 3. regions in the
/// order of that error's square for each nanosecond that they take: as many as fit are narrowed, the first for which the error of all of them together fits.
///
/// To first order rounding errors are independent, so squares add up, which says where to look; what is taken was measured as a whole. Compare with the layer-wise sensitivity of mixed precision
/// quantization (Dong et al., HAWQ, ICCV 2019), where curvature of the loss stands for the measured error.
class Accuracy {
public:
  struct Result {
    CompileReport::Accuracy figures;
    std::vector<std::string> kept; // a line for each region that stays f32 for it, from the largest error down
  };
  /// Marks the regions of `fused` that stay f32 by kKeepAttr; measures equal modules once.
  llvm::Expected<Result> apply(mlir::ModuleOp fused, const CompileOptions &options, const Backend &target);

  /// What it aims at, as a part of the bound: other inputs than the samples err by more.
  static constexpr double kAim = 0.5;

private:
  struct Choice {
    std::vector<bool> kept; // of the regions in order
    Result result;
  };
  llvm::StringMap<Choice> known; // by the module's text
};

} // namespace mlc

#endif

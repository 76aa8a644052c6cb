// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_PASSES_PRECISION_PASSES_H
#define MLC_PASSES_PRECISION_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlc {

/// On a region, the largest magnitude that each of its results had in a calibration run (NaN when one was NaN), and the largest of what its products multiply.
inline constexpr const char *kRangesAttr = "graph.ranges", *kProductRangeAttr = "graph.product_range";
/// On a region: it stays f32, with its results, products and weights.
inline constexpr const char *kKeepAttr = "graph.keep_f32";
inline constexpr double kLargestHalf = 65504;
/// The largest magnitude that is trusted to f16: half of its own, since other inputs reach further than those of a calibration.
inline constexpr double kLargestTrusted = kLargestHalf / 2;

#define GEN_PASS_DECL
#include "passes/Precision/PrecisionPasses.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Precision/PrecisionPasses.h.inc"

} // namespace mlc

#endif

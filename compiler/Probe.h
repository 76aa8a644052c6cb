// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A fused module whose rounding to 16 bits a run turns on and off, region by region: what it costs in accuracy to narrow some of them, without compiling for each choice.
#ifndef MLC_COMPILER_PROBE_H
#define MLC_COMPILER_PROBE_H

#include "dialects/Graph/ShapeFacts.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/Normalize/Passes.h"
#include "passes/Precision/Narrowing.h"

namespace mlc {

/// The regions that convert-precision would narrow, in order.
std::vector<graph::RegionOp> narrowedRegions(mlir::ModuleOp fused, const Narrowing &narrowing);

/// A clone in f32 with one more input, kSwitchesInput, a bool for each of narrowedRegions. Where it is set, readers get the results of the region's twin, whose weights and tables are rounded as
/// convert-precision would store them, as is what its products multiply; its narrowed results are rounded too. `evaluator`: what rounds constants. None: an error was emitted.
mlir::OwningOpRef<mlir::ModuleOp> makeProbe(mlir::ModuleOp fused, const Narrowing::Options &options, ConstantEvaluator evaluator);

} // namespace mlc

#endif

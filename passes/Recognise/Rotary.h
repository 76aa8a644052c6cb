// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The parts of a rotary embedding, for what rewrites one.
#ifndef MLC_PASSES_RECOGNISE_ROTARY_H
#define MLC_PASSES_RECOGNISE_ROTARY_H

#include "dialects/Graph/ShapeFacts.h"

namespace mlc {

struct RotaryForm {
  mlir::Operation *last = nullptr;      // whole: the addition (or subtraction) of straight and turned; by parts: the concat
  graph::ConcatOp parts;                // of -x2 and x1, or of the results
  bool interleaved = false;             // neighbours instead of halves
  graph::MulOp straight, turned;        // whole: x cos, and the concat (behind views) times sin; null by parts
  mlir::Value x, cos, sin;              // whole: their operands
};

/// The rotary embedding that ends in an addition, or in a concat of its parts.
std::optional<RotaryForm> rotaryForm(mlir::Operation *last, graph::ShapeFacts &facts);

} // namespace mlc

#endif

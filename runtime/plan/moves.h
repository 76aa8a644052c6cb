// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Moves of elements by numbers: what a constant may go through between the model and the plan. The
// compiler and mlc-refit share them, so both give the same bytes.
#ifndef MLC_RUNTIME_PLAN_MOVES_H
#define MLC_RUNTIME_PLAN_MOVES_H

#include <span>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// Tensors are dense and row-major; `dims` are the result's.
//   Source     a = [index of the source]; not for ApplyMove
//   Reshape    the same bytes
//   Transpose  a = the operand's axis for each result axis
//   Pad        a = zeros before each axis, negative ones crop; what is left of dims lies behind
//   Slice      a = first index, b = step (not 0, may be negative) of each axis
//   Concat     a = [axis], one or more operands
//   Narrow     a = [dtype]: f32 elements rounded to the nearest float16 or bfloat16, ties to even
struct Move {
  plan::MoveOp op = plan::MoveOp::Source;
  std::vector<int64_t> dims, a, b;
};

struct MoveOperand {
  std::span<const int64_t> dims;
  std::span<const char> bytes;
};

// Replaces *out by the result. BAD_PLAN: numbers that do not fit the operands, which are untrusted,
// or a result of more than max_bytes.
Status ApplyMove(const Move& move, std::span<const MoveOperand> operands, size_t element_bytes,
                 uint64_t max_bytes, std::vector<char>* out);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_MOVES_H

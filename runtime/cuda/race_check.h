// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Whether anything of a plan races at a shape: two accesses to the same bytes, one of them a write,
// that nothing orders.
#ifndef MLC_RUNTIME_CUDA_RACE_CHECK_H
#define MLC_RUNTIME_CUDA_RACE_CHECK_H

#include "runtime/base/status.h"
#include "runtime/cuda/graph_topology.h"

namespace mlc::runtime::cuda {

// Within single launches and copies: the validator's rule (cuda_race), for the bytes that only this
// shape tells. BAD_PLAN names both buffers' bytes and the instruction. Of every shape, so linear in
// the instructions.
Status CheckInstructions(const ShapePlan& shape);

// Between the instructions of a piece: looks at every pair that the edges do not order, whatever
// made the edges. INTERNAL names both instructions. Quadratic: for plans that were opened with
// verify_all, and tests.
Status CheckOrder(const ShapePlan& shape, const Piece& piece);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_RACE_CHECK_H

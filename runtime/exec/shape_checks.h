// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What must hold of the dims of a run: kernels rely on it, and only the run's shapes decide it.
// Entries are validated plans'.
#ifndef MLC_RUNTIME_EXEC_SHAPE_CHECKS_H
#define MLC_RUNTIME_EXEC_SHAPE_CHECKS_H

#include <span>

#include "runtime/base/status.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// The first of a block's checks that does not hold for these values of the entry's expressions;
// null when all hold.
const plan::ShapeCheck* FindFailedCheck(const plan::Entry& entry, const plan::Block& block,
                                        std::span<const int64_t> values);

// SHAPE_MISMATCH: names the node and both dims.
Status CheckFailure(const plan::Entry& entry, const plan::ShapeCheck& check,
                    std::span<const int64_t> values);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_SHAPE_CHECKS_H

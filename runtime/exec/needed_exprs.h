// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Programs of one entry share its expressions. Those of a program for part of the shapes may not
// even have a value elsewhere (a division by n - 3 is right where n is above 3), so each program
// evaluates its own only.
#ifndef MLC_RUNTIME_EXEC_NEEDED_EXPRS_H
#define MLC_RUNTIME_EXEC_NEEDED_EXPRS_H

#include <vector>

#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// For each expression of the entry whether the signature or the program (unless null) uses it, or
// something that they use does. The entry is a validated plan's.
std::vector<bool> NeededExprs(const plan::Entry& entry, const plan::Program* program);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_NEEDED_EXPRS_H

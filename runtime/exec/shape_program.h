// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Shape programs: from the inputs of a run to the values of symbols and expressions. Entries are
// validated plans'.
#ifndef MLC_RUNTIME_EXEC_SHAPE_PROGRAM_H
#define MLC_RUNTIME_EXEC_SHAPE_PROGRAM_H

#include <span>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/plan/plan_generated.h"

namespace mlc::runtime {

// Shape and contents of an input; dtype and rank are those of the signature. `data` is read only
// for symbols that are elements, at any alignment.
struct InputView {
  const int64_t* dims;
  const void* data;
};

// Fills symbols[i] for each symbol of the entry and checks its range. OUT_OF_RANGE names symbol,
// input and range.
Status BindSymbols(const plan::Entry& entry, std::span<const InputView> inputs,
                   std::span<int64_t> symbols);

// Checks range and divisor of values that did not come from inputs. OUT_OF_RANGE.
Status CheckSymbols(const plan::Entry& entry, std::span<const int64_t> symbols);

// Fills values[i] for each expression that is needed (NeededExprs), 0 for others. OUT_OF_RANGE on
// overflow, DATA_FAULT on division by zero or less.
Status EvaluateExprs(const plan::Entry& entry, const std::vector<bool>& needed,
                     std::span<const int64_t> symbols, std::span<int64_t> values);

// Compares every dim of the inputs with its expression's value. SHAPE_MISMATCH.
Status CheckInputDims(const plan::Entry& entry, std::span<const InputView> inputs,
                      std::span<const int64_t> values);

// "ceildiv(s, 2) + 1"; long ones are cut.
std::string ExprText(const plan::Entry& entry, uint32_t expr);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_EXEC_SHAPE_PROGRAM_H

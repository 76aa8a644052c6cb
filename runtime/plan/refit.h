// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Filling a stripped plan: the full plan's metadata is in it, its weights are made again from the
// model's initializers.
#ifndef MLC_RUNTIME_PLAN_REFIT_H
#define MLC_RUNTIME_PLAN_REFIT_H

#include <functional>
#include <string>

#include "runtime/base/status.h"

namespace mlc::runtime {

// The bytes of the model's initializer of that name in storage form, alive until the next call.
using WeightLookup = std::function<Result<std::string_view>(const std::string& name)>;

// Reads the stripped plan at `path` and writes the full one to `out_path`, byte for byte what the
// compiler would have written; it is checked like any plan before it gets its name. BAD_PLAN:
// damage. INVALID_ARGUMENT: no stripped plan. UNSUPPORTED: weights other than those of the compiled
// model.
Status RefitPlan(const std::string& path, const WeightLookup& weights, const std::string& out_path);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_PLAN_REFIT_H

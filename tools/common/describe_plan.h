// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_COMMON_DESCRIBE_PLAN_H
#define MLC_TOOLS_COMMON_DESCRIBE_PLAN_H

#include <nlohmann/json.hpp>

#include "runtime/plan/plan_file.h"

namespace mlc::tools {

// What is in a plan, as mlc-inspect --json and mlc-compile --json print it. Sizes, FLOPs and bytes are those at the given
// dims. An empty entry name means the first one. A target's launches and sizes are those of its generic
// program; `buckets` lists the specialised ones, at dims of theirs, with what they add to the plan (own_*).
nlohmann::ordered_json DescribePlan(const runtime::PlanFile& file, const std::string& entry,
                                    const std::map<std::string, int64_t>& dims);

// The same and what a drawing needs: of each launch `step` (when it runs, on the axis of the
// buffers' lifetimes), `reads` and `writes` (numbers of root buffers); of each target `buffers`
// [{id, name, kind, bytes, offset, first, last}], roots only, `offset` in the arena for temporaries.
nlohmann::ordered_json DescribePlanInFull(const runtime::PlanFile& file, const std::string& entry,
                                          const std::map<std::string, int64_t>& dims);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_DESCRIBE_PLAN_H

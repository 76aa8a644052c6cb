// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What mlc-compile says about a plan that it has written.
#ifndef MLC_TOOLS_MLC_COMPILE_REPORT_H
#define MLC_TOOLS_MLC_COMPILE_REPORT_H

#include "compiler/Compile.h"
#include <nlohmann/json.hpp>

namespace mlc {

/// The report as --json writes it: `compile_ms peak_rss_bytes plan_bytes dims`, `times` (`name ms cpu_ms` of each pass and stage in order) and, of each target, what mlc-inspect --json says of it. Sizes of symbolic dims are the opt
/// points, else small defaults; when the plan has no sizes there (dims that contradict each other, or no weights), `undescribed` says why and the targets have no launches. An empty `planPath`: there is no plan, so no sizes either.
nlohmann::ordered_json makeReport(const CompileReport &report, const std::string &planPath, double milliseconds);

/// The same in a few lines for people.
std::string summaryText(const nlohmann::ordered_json &report, const std::string &planPath);

/// What samples decided about precision: the answers' errors, kernels that stay f32 and why. Empty when there were none.
std::string precisionText(const nlohmann::ordered_json &report, double maxError);

/// --time-passes: a line for each of `times`.
std::string timesText(const nlohmann::ordered_json &report);

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_INSPECT_PAGE_H
#define MLC_TOOLS_MLC_INSPECT_PAGE_H

#include <nlohmann/json.hpp>
#include <string>

namespace mlc::tools {

// One self-contained HTML page (page.html with its data) of a plan described in full: graph of
// launches, kernels, roofline, memory map, inputs and outputs, provenance. `profile` is a report of
// mlc-run --profile --json or null, `peak` as --peak takes it.
std::string FormatPage(nlohmann::ordered_json description, const nlohmann::ordered_json& profile,
                       const std::string& peak, const std::string& title);

}  // namespace mlc::tools

#endif  // MLC_TOOLS_MLC_INSPECT_PAGE_H

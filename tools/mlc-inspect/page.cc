// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-inspect/page.h"

#include "tools/common/error.h"
#include "tools/mlc-inspect/roofline.h"

namespace mlc::tools {

extern const char kPageHtml[];  // page.html

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDataMark = "@DATA@";

// JSON that cannot end the script element it stands in.
std::string ScriptText(const Json& json) {
  std::string text;
  for (char c : json.dump(-1, ' ', false, Json::error_handler_t::replace))
    text += c == '<' ? "\\u003c" : std::string(1, c);
  return text;
}

void CheckProfile(const Json& profile, const Json& description) {
  if (!profile.is_object() || !profile.contains("profile") || !profile.contains("runs") ||
      !profile.contains("target"))
    throw ToolError(kUsage, "--profile takes the file of mlc-run PLAN --profile --json FILE");
  for (const Json& target : description["targets"])
    if (target["arch"] == profile["target"]) return;
  throw ToolError(kUsage,
                  "the profile is of another plan: its target is " + profile["target"].dump());
}

// Each target's generic program, followed by those of its buckets.
Json Programs(const Json& targets) {
  Json programs = Json::array();
  for (const Json& target : targets) {
    programs.push_back(target);
    programs.back()["bucket"] = "";
    for (const Json& bucket : target["buckets"]) {
      programs.push_back(target);
      programs.back().update(bucket);
    }
  }
  return programs;
}

}  // namespace

std::string FormatPage(Json description, const Json& profile, const std::string& peak,
                       const std::string& title) {
  if (!profile.is_null()) CheckProfile(profile, description);
  description["title"] = title;
  description["targets"] = Programs(description["targets"]);
  for (Json& target : description["targets"]) {
    const bool profiled = !profile.is_null() && profile["target"] == target["arch"] &&
                          profile.value("bucket", "") == target["bucket"].get<std::string>();
    const unsigned threads = profiled ? profile.value("threads", 1u) : 1;
    AddRoofline(target, profiled ? profile : Json(),
                ChoosePeak(peak, {target["arch"].get<std::string>(),
                                  profiled ? profile.value("product", "") : "", threads}));
  }
  std::string page = kPageHtml;
  page.replace(page.find(kDataMark), kDataMark.size(), ScriptText(description));
  return page;
}

}  // namespace mlc::tools

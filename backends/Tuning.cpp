// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/Tuning.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace mlc {

static std::string key(llvm::StringRef arch, llvm::StringRef problem) { return (arch + "\t" + problem).str(); }

llvm::Error Tuning::read(llvm::StringRef text, llvm::StringRef path, Choices &into) {
  unsigned number = 0;
  for (llvm::StringRef line : llvm::split(text, '\n')) {
    ++number;
    if (line.trim().empty() || line.starts_with("#"))
      continue;
    llvm::SmallVector<llvm::StringRef> fields;
    line.split(fields, '\t');
    double microseconds = 0;
    if (fields.size() < 4 || fields[3].trim().getAsDouble(microseconds) || !(microseconds > 0))
      return llvm::createStringError(path + ":" + std::to_string(number) + ": a line of a tuning database is ARCH, PROBLEM, CONFIGURATION and MICROSECONDS with tabs between them, got '" + line + "'");
    auto [it, fresh] = into.try_emplace(key(fields[0], fields[1]), Choice{fields[2].str(), microseconds});
    if (!fresh && microseconds < it->second.microseconds)
      it->second = {fields[2].str(), microseconds};
  }
  return llvm::Error::success();
}

std::optional<llvm::StringRef> Tuning::find(llvm::StringRef arch, llvm::StringRef problem, llvm::function_ref<bool(llvm::StringRef)> has, bool withBuiltIn) const {
  for (const Choices *source : {&choices, &builtIn})
    if (source == &builtIn && (!withBuiltIn || candidate > 0))
      break;
    else if (auto it = source->find(key(arch, problem)); it != source->end() && has(it->second.config))
      return llvm::StringRef(it->second.config);
  return std::nullopt;
}

} // namespace mlc

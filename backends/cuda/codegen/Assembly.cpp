// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/codegen/Assembly.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

namespace mlc::cuda {

using llvm::StringRef;

std::string KernelUsage::fault(uint64_t dynamicBytes, uint64_t limit) const {
  uint64_t shared = staticSharedBytes + dynamicBytes;
  if (overruns || shared > limit)
    return "needs more shared memory (" + std::to_string(shared) + " bytes) than a block has (" + std::to_string(limit) + ")";
  if (spillBytes)
    return "spills registers (" + std::to_string(spillBytes) + " bytes stored and loaded)";
  return warning.empty() ? "" : "is not compiled as written: " + warning;
}

bool Assembly::hasOverrun() const {
  return llvm::any_of(usages, [](const auto &u) { return u.second.overruns; });
}

/// The number that a capture of `pattern` finds in a line, 0 when it is not there.
static uint64_t numberIn(StringRef line, const char *pattern) {
  llvm::SmallVector<StringRef> found;
  uint64_t number = 0;
  if (llvm::Regex(pattern).match(line, &found))
    found[1].getAsInteger(10, number);
  return number;
}

llvm::Expected<Assembly> Assembly::ofLog(StringRef log) {
  Assembly out;
  std::string kernel; // that the lines speak of
  llvm::SmallVector<StringRef> found;
  for (StringRef line : llvm::split(log, '\n')) {
    if (llvm::Regex("Function properties for ([^ ]+)").match(line, &found)) {
      kernel = found[1].str();
    } else if (llvm::Regex("C75[0-9][0-9]").match(line)) {
      if (!llvm::Regex("function '([^']*)'").match(line, &found))
        return llvm::createStringError("ptxas did not compile what was written: " + line.trim());
      out.usages[found[1].str()].warning = line.trim().str();
    } else if (llvm::Regex("function '([^']*)' uses too much shared data").match(line, &found)) {
      KernelUsage &usage = out.usages[found[1].str()];
      usage.overruns = true;
      uint64_t bytes = 0;
      if (llvm::Regex("\\(0x([0-9a-f]+) bytes").match(line, &found) && !found[1].getAsInteger(16, bytes))
        usage.staticSharedBytes = bytes;
    } else if (uint64_t spilled = numberIn(line, "([0-9]+) bytes spill stores") + numberIn(line, "([0-9]+) bytes spill loads")) {
      out.usages[kernel].spillBytes = spilled;
    } else if (uint64_t shared = numberIn(line, "([0-9]+) bytes smem")) {
      out.usages[kernel].staticSharedBytes = shared; // its line follows the one above
    }
  }
  return out;
}

std::string Assembly::text() const {
  std::string out;
  for (const auto &[name, u] : usages)
    out += name + " " + std::to_string(u.spillBytes) + " " + std::to_string(u.staticSharedBytes) + " " + std::to_string(u.overruns) + " " + u.warning + "\n";
  return out + "\n" + code;
}

Assembly Assembly::parse(std::string text) {
  Assembly out;
  StringRef rest = text;
  while (!rest.empty()) {
    StringRef line;
    std::tie(line, rest) = rest.split('\n');
    if (line.empty())
      break;
    llvm::SmallVector<StringRef> parts;
    line.split(parts, ' ', 4);
    if (parts.size() != 5)
      continue;
    KernelUsage &u = out.usages[parts[0].str()];
    unsigned overruns = 0;
    parts[1].getAsInteger(10, u.spillBytes);
    parts[2].getAsInteger(10, u.staticSharedBytes);
    parts[3].getAsInteger(10, overruns);
    u.overruns = overruns;
    u.warning = parts[4].str();
  }
  out.code = rest.str();
  return out;
}

} // namespace mlc::cuda

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/mlc-compile/Emit.h"
#include "tools/common/fatbin.h"
#include "tools/common/npy.h"
#include "llvm/Support/Path.h"

namespace mlc {

llvm::Error EmittedCode::add(const Backend &target, const TargetCode &code, const std::string &kind) {
  bool isPtx = code.kind == TargetCode::Kind::Ptx;
  if (code.bytes.empty())
    return llvm::createStringError("--emit: the model has no kernels, so there is no code to write");
  if (kind == "ptx")
    parts.emplace_back(target.arch, isPtx ? code.bytes : code.ptx);
  else if (kind == "fatbin" || !isPtx)
    parts.emplace_back(target.arch, code.bytes);
  return llvm::Error::success();
}

std::vector<std::string> EmittedCode::write(const std::string &kind, const std::string &model, const std::string &output) const {
  llvm::SmallString<256> stem(output.empty() ? model : output);
  if (llvm::StringRef end = llvm::sys::path::extension(stem); output.empty() || end == ".plan" || end == "." + kind)
    llvm::sys::path::replace_extension(stem, "");
  std::string name = output.empty() ? (stem + "." + kind).str() : output;
  std::vector<std::string> paths;
  if (kind == "fatbin") {
    std::vector<tools::FatbinEntry> entries;
    for (const auto &[arch, bytes] : parts)
      entries.push_back({arch, bytes});
    tools::WriteWholeFile(name, tools::FormatFatbin(entries));
    return {name};
  }
  for (const auto &[arch, bytes] : parts) {
    paths.push_back(parts.size() == 1 ? name : (stem + "." + arch + "." + kind).str());
    tools::WriteWholeFile(paths.back(), bytes);
  }
  return paths;
}

} // namespace mlc

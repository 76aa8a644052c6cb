// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_TOOLS_MLC_COMPILE_EMIT_H
#define MLC_TOOLS_MLC_COMPILE_EMIT_H

#include "backends/Backend.h"
#include <string>
#include <vector>

namespace mlc {

/// --emit: the code of CUDA targets as files of its own, kept until all of it is there, so that files are complete or untouched.
class EmittedCode {
public:
  /// What `kind` (ptx, cubin, fatbin) wants of a target's code.
  llvm::Error add(const Backend &target, const TargetCode &code, const std::string &kind);
  /// Writes the files and returns their paths. `output`: -o, empty for names after the model. ToolError(kSystem) for what cannot be written.
  std::vector<std::string> write(const std::string &kind, const std::string &model, const std::string &output) const;

private:
  std::vector<std::pair<std::string, std::string>> parts; // architecture, bytes
};

} // namespace mlc

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How tools end: an exception that carries the exit code.
#ifndef MLC_TOOLS_COMMON_ERROR_H
#define MLC_TOOLS_COMMON_ERROR_H

#include <stdexcept>
#include <string>

#include "mlc/runtime.hpp"
#include "runtime/base/status.h"

namespace mlc::tools {

enum ExitCode { kOk = 0, kModelFault = 1, kUsage = 2, kSystem = 3, kDiffers = 4 };

class ToolError : public std::runtime_error {
 public:
  ToolError(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Whose fault a failed call of the runtime is.
ExitCode ExitCodeOf(mlc_status_code_t code);

// Runs the tool's body and turns what it throws into a line on standard error and an exit code.
int RunTool(const char* name, int (*body)(int argc, char** argv), int argc, char** argv);

// The value of an internal Result, or ToolError.
template <typename T>
T ValueOrThrow(runtime::Result<T> result) {
  if (!result.ok()) throw Error(result.status().code(), result.status().message());
  return std::move(*result);
}

}  // namespace mlc::tools

#endif  // MLC_TOOLS_COMMON_ERROR_H

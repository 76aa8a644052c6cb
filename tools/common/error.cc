// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "tools/common/error.h"

#include <cstdio>

namespace mlc::tools {

ExitCode ExitCodeOf(mlc_status_code_t code) {
  switch (code) {
    case MLC_STATUS_OK:
      return kOk;
    case MLC_STATUS_BAD_PLAN:
    case MLC_STATUS_PLAN_VERSION:
    case MLC_STATUS_NO_TARGET:
    case MLC_STATUS_DATA_FAULT:
    case MLC_STATUS_UNSUPPORTED:
      return kModelFault;
    case MLC_STATUS_INVALID_ARGUMENT:
    case MLC_STATUS_NOT_FOUND:
    case MLC_STATUS_SHAPE_MISMATCH:
    case MLC_STATUS_DTYPE_MISMATCH:
    case MLC_STATUS_OUT_OF_RANGE:
      return kUsage;
    default:
      return kSystem;
  }
}

int RunTool(const char* name, int (*body)(int argc, char** argv), int argc, char** argv) {
  try {
    return body(argc, argv);
  } catch (const ToolError& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return error.code();
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return ExitCodeOf(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return kSystem;
  }
}

}  // namespace mlc::tools

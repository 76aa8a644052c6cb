// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Log lines go to the device's hook, else to standard error.
#ifndef MLC_RUNTIME_BASE_LOG_H
#define MLC_RUNTIME_BASE_LOG_H

#include "mlc/runtime.h"

namespace mlc::runtime {

class Logger {
 public:
  Logger(mlc_log_fn sink, void* user, mlc_log_level_t level)
      : sink_(sink), user_(user), level_(level) {}

  [[gnu::format(printf, 3, 4)]] void Log(mlc_log_level_t level, const char* format, ...) const;

 private:
  mlc_log_fn sink_;
  void* user_;
  mlc_log_level_t level_;
};

// MLC_LOG (error, warn, info, debug), else MLC_LOG_WARN.
mlc_log_level_t LogLevelFromEnvironment();

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_BASE_LOG_H

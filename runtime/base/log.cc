// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/base/log.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mlc::runtime {
namespace {

constexpr const char* kLevelNames[] = {"error", "warn", "info", "debug"};

}  // namespace

void Logger::Log(mlc_log_level_t level, const char* format, ...) const {
  if (level > level_) return;
  char line[1024];
  va_list args;
  va_start(args, format);
  std::vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (sink_)
    sink_(user_, level, line);
  else
    std::fprintf(stderr, "mlc %s: %s\n", kLevelNames[level], line);
}

mlc_log_level_t LogLevelFromEnvironment() {
  const char* text = std::getenv("MLC_LOG");
  for (int level = 0; text && level < 4; ++level)
    if (std::strcmp(text, kLevelNames[level]) == 0) return static_cast<mlc_log_level_t>(level);
  return MLC_LOG_WARN;
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Structs that start with struct_size: the caller may know fewer fields than this library, or more.
#ifndef MLC_RUNTIME_API_OPTIONS_H
#define MLC_RUNTIME_API_OPTIONS_H

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/base/status.h"

namespace mlc::runtime {

// Defaults for the caller, whose struct has struct_size bytes; what only a newer header has is zero.
template <typename T>
void WriteOptions(const T& defaults, size_t struct_size, T* out_options) {
  std::memset(static_cast<void*>(out_options), 0, struct_size);
  std::memcpy(out_options, &defaults, std::min(struct_size, sizeof(T)));
  if (struct_size >= sizeof(size_t)) out_options->struct_size = struct_size;
}

// The caller's options over the defaults. INVALID_ARGUMENT when struct_size was not set.
template <typename T>
Status ReadOptions(const T* given, const T& defaults, T* out_options) {
  *out_options = defaults;
  if (!given) return Ok();
  if (given->struct_size < sizeof(size_t))
    return Error(MLC_STATUS_INVALID_ARGUMENT,
                 "options must be filled by their _init function (struct_size is %zu)",
                 given->struct_size);
  std::memcpy(out_options, given, std::min(given->struct_size, sizeof(T)));
  return Ok();
}

// Whether an environment variable says 1 (anything but "0" and "") or 0; `otherwise` when unset.
inline bool SwitchFromEnvironment(const char* variable, bool otherwise) {
  const char* text = std::getenv(variable);
  return text && *text ? std::strcmp(text, "0") != 0 : otherwise;
}

// Gives the caller the fields it knows.
template <typename T>
Status WriteStats(const T& stats, T* out_stats) {
  const size_t known = out_stats->struct_size;
  if (known < sizeof(size_t))
    return Error(MLC_STATUS_INVALID_ARGUMENT, "set struct_size before the call");
  std::memcpy(out_stats, &stats, std::min(known, sizeof(T)));
  out_stats->struct_size = known;
  return Ok();
}

// Leaves a function of the C API when a pointer that it needs is null.
#define MLC_REQUIRE(pointer)                                                                     \
  if (!(pointer))                                                                                \
  return ::mlc::runtime::Error(MLC_STATUS_INVALID_ARGUMENT, "%s: %s must not be null", __func__, \
                               #pointer)                                                         \
      .Release()

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_API_OPTIONS_H

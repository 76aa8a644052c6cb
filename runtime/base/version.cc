// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "mlc/runtime.h"

#define MLC_TEXT_(x) #x
#define MLC_TEXT(x) MLC_TEXT_(x)

const char* mlc_version(void) {
  return MLC_TEXT(MLC_VERSION_MAJOR) "." MLC_TEXT(MLC_VERSION_MINOR) "." MLC_TEXT(
      MLC_VERSION_PATCH);
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/base/status.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>

// One allocation: the text follows the struct.
struct mlc_status {
  mlc_status_code_t code;
  const char* message;
};

namespace mlc::runtime {
namespace {

mlc_status out_of_memory = {MLC_STATUS_OUT_OF_MEMORY, "out of memory while reporting an error"};

}  // namespace

Status Error(mlc_status_code_t code, const char* format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = std::vsnprintf(nullptr, 0, format, args);
  va_end(args);
  size_t capacity = length < 0 ? 1 : static_cast<size_t>(length) + 1;
  void* memory = std::malloc(sizeof(mlc_status) + capacity);
  if (!memory) {
    va_end(again);
    return Status(&out_of_memory);
  }
  char* text = static_cast<char*>(memory) + sizeof(mlc_status);
  text[0] = 0;
  std::vsnprintf(text, capacity, format, again);
  va_end(again);
  return Status(new (memory) mlc_status{code, text});
}

}  // namespace mlc::runtime

mlc_status_code_t mlc_status_code(const mlc_status_t* status) {
  return status ? status->code : MLC_STATUS_OK;
}

const char* mlc_status_message(const mlc_status_t* status) { return status ? status->message : ""; }

void mlc_status_release(mlc_status_t* status) {
  if (status != &mlc::runtime::out_of_memory) std::free(status);
}

const char* mlc_status_code_name(mlc_status_code_t code) {
  switch (code) {
    case MLC_STATUS_OK:
      return "OK";
#define MLC_STATUS_CODE(name, number, when) \
  case MLC_STATUS_##name:                   \
    return #name;
#include "mlc/status_codes.def"
#undef MLC_STATUS_CODE
    case MLC_STATUS_CODE_FORCE_INT:
      break;
  }
  return "UNKNOWN";
}

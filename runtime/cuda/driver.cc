// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/driver.h"

#include <dlfcn.h>

#include <cstring>

namespace mlc::runtime {
namespace {

// Faults after which every later call in the context fails too.
bool IsSticky(CUresult result) { return (result >= 700 && result <= 721 && result != 704 && result != 705) || result == 214 || result == 220; }

mlc_status_code_t CodeOf(CUresult result) {
  if (result == kCudaOutOfMemory) return MLC_STATUS_OUT_OF_MEMORY;
  if (IsSticky(result)) return MLC_STATUS_DEVICE_FAILED;
  if (result == 3 || result == 34 || result == 36 || (result >= 100 && result <= 102) || result == 803 || result == 804 || result == 999)
    return MLC_STATUS_DEVICE_UNAVAILABLE;
  return MLC_STATUS_INTERNAL;
}

}  // namespace

Status Driver::Check(CUresult result, const char* call) const {
  if (result == kCudaSuccess) [[likely]]
    return Ok();
  const char *name = nullptr, *text = nullptr;
  if (GetErrorName) GetErrorName(result, &name);
  if (GetErrorString) GetErrorString(result, &text);
  // The call's name without its arguments.
  const char* end = std::strchr(call, '(');
  const int length = end ? static_cast<int>(end - call) : static_cast<int>(std::strlen(call));
  return Error(CodeOf(result), "CUDA driver: cu%.*s failed with %s (%d): %s%s", length, call, name ? name : "an error",
               result, text ? text : "unknown",
               IsSticky(result) ? "; the device's context is lost: close its sessions and open the device again" : "");
}

Result<Driver> Driver::Open() {
  // NOTE: never closed: the driver keeps threads and at-exit handlers of its own.
  void* library = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE,
                 "there is no NVIDIA driver here: libcuda.so.1 cannot be opened (%s); use device 'host'", ::dlerror());
  Driver driver;
  const char* missing = nullptr;
#define MLC_CUDA_SYMBOL(Name, symbol, parameters)                                             \
  driver.Name = reinterpret_cast<decltype(driver.Name)>(::dlsym(library, #symbol));           \
  if (!driver.Name && !missing) missing = #symbol;
#define MLC_CUDA_OPTIONAL(Name, symbol, parameters) \
  driver.Name = reinterpret_cast<decltype(driver.Name)>(::dlsym(library, #symbol));
#include "runtime/cuda/symbols.def"
  int version = 0;
  if (driver.DriverGetVersion) driver.DriverGetVersion(&version);
  if (missing || version < kOldestDriver)
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE,
                 "the NVIDIA driver is for CUDA %d.%d, but version 525 or later (CUDA 12.0) is needed%s%s", version / 1000,
                 version % 1000 / 10, missing ? "; it lacks " : "", missing ? missing : "");
  MLC_CUDA(driver, Init(0));
  return driver;
}

}  // namespace mlc::runtime

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/driver.h"

#include <dlfcn.h>

#include "runtime/cuda/cublaslt.h"

namespace mlc::runtime::cuda {
namespace {

constexpr const char kLibrary[] = "libcuda.so.1";

void* FromLibrary(void* library, const char* symbol) { return ::dlsym(library, symbol); }

// CUDA_ERROR_NO_DEVICE and so on; drivers below our version have these two functions.
Status Unavailable(const Driver& driver, CUresult result, const char* call) {
  const char *name = nullptr, *text = nullptr;
  driver.cuGetErrorName(result, &name);
  driver.cuGetErrorString(result, &text);
  return Error(MLC_STATUS_DEVICE_UNAVAILABLE, "CUDA: %s failed with %s (%d): %s", call,
               name ? name : "an unknown error", result, text ? text : "no text");
}

}  // namespace

Result<std::shared_ptr<const Driver>> Driver::Load(Resolve resolve, void* library,
                                                   LoadLibrary load_cublaslt) {
  auto driver = std::make_shared<Driver>();
  driver->load_cublaslt = load_cublaslt;
  const char* missing = nullptr;
#define MLC_CUDA_OPTIONAL(name, symbol, ...) \
  driver->name = reinterpret_cast<CUresult (*)(__VA_ARGS__)>(resolve(library, #symbol));
#define MLC_CUDA_FUNCTION(name, symbol, ...)   \
  MLC_CUDA_OPTIONAL(name, symbol, __VA_ARGS__) \
  if (!driver->name && !missing) missing = #symbol;
#include "runtime/cuda/symbols.def"
#undef MLC_CUDA_FUNCTION
#undef MLC_CUDA_OPTIONAL
  if (driver->cuDriverGetVersion) driver->cuDriverGetVersion(&driver->version);
  if (driver->version > 0 && driver->version < kOldestDriver)
    return Error(
        MLC_STATUS_DEVICE_UNAVAILABLE,
        "CUDA: the driver supports up to %s, but %s (driver 525) is the oldest that works: "
        "update the driver",
        VersionText(driver->version).c_str(), VersionText(kOldestDriver).c_str());
  if (missing)
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE, "CUDA: the driver has no function %s: update it",
                 missing);
  if (const CUresult result = driver->cuInit(0); result != CUDA_SUCCESS)
    return Unavailable(*driver, result, "cuInit");
  return std::shared_ptr<const Driver>(std::move(driver));
}

Result<std::shared_ptr<const Driver>> Driver::LoadSystem() {
  // NOTE: never unloaded: the driver keeps threads and exit handlers.
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE,
                 "CUDA: the driver is not installed here, or this container does not show it: %s",
                 ::dlerror());
  return Load(FromLibrary, library, CublasLt::LoadSystem);
}

std::string VersionText(int version) {
  return "CUDA " + std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

bool IsSticky(CUresult result) {
  return (result >= CUDA_ERROR_ILLEGAL_ADDRESS && result <= CUDA_ERROR_LAUNCH_FAILED &&
          result != 701 /* out of resources */ && result != 703 && result != 704 && result != 705 &&
          result != 708 && result != 712 && result != 713) ||
         result == CUDA_ERROR_ECC_UNCORRECTABLE || result == CUDA_ERROR_NVLINK_UNCORRECTABLE ||
         result == CUDA_ERROR_DEINITIALIZED;
}

Status DriverError(const Driver& driver, CUresult result, const char* call, const char* place) {
  const char *name = nullptr, *text = nullptr;
  driver.cuGetErrorName(result, &name);
  driver.cuGetErrorString(result, &text);
  return Error(
      result == CUDA_ERROR_OUT_OF_MEMORY ? MLC_STATUS_OUT_OF_MEMORY : MLC_STATUS_DEVICE_FAILED,
      "%s: %s failed with %s (%d): %s%s", place, call, name ? name : "an unknown error", result,
      text ? text : "no text", IsSticky(result) ? "; the device is lost to this process" : "");
}

}  // namespace mlc::runtime::cuda

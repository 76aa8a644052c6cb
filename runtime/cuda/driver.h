// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The CUDA driver as a table of function pointers, found at run time. Tests put a simulated driver
// in its place, and a simulated library beside it.
#ifndef MLC_RUNTIME_CUDA_DRIVER_H
#define MLC_RUNTIME_CUDA_DRIVER_H

#include <memory>
#include <string>

#include "runtime/base/status.h"
#include "runtime/cuda/driver_types.h"

namespace mlc::runtime::cuda {

struct CublasLt;

struct Driver {
#define MLC_CUDA_FUNCTION(name, symbol, ...) CUresult (*name)(__VA_ARGS__) = nullptr;
#define MLC_CUDA_OPTIONAL(name, symbol, ...) CUresult (*name)(__VA_ARGS__) = nullptr;
#include "runtime/cuda/symbols.def"
#undef MLC_CUDA_FUNCTION
#undef MLC_CUDA_OPTIONAL

  int version = 0;  // as cuDriverGetVersion counts: 12000 is CUDA 12.0

  // Opens cuBLASLt for plans that need it (cublaslt.h).
  using LoadLibrary = Result<std::shared_ptr<const CublasLt>> (*)();
  LoadLibrary load_cublaslt = nullptr;

  // Fills a table from `resolve` (null for what is missing) and initialises the driver.
  // DEVICE_UNAVAILABLE: functions are missing, the driver is too old or finds no device.
  using Resolve = void* (*)(void* library, const char* symbol);
  static Result<std::shared_ptr<const Driver>> Load(Resolve resolve, void* library,
                                                    LoadLibrary load_cublaslt);
  // The same from libcuda.so.1, which stays loaded until the process ends.
  static Result<std::shared_ptr<const Driver>> LoadSystem();
};

inline constexpr int kOldestDriver = 12000;

// "CUDA 12.4" for 12040.
std::string VersionText(int version);

// Whether an error says that the context is lost, so that every later call fails too.
bool IsSticky(CUresult result);

// "<place>: <call> failed with CUDA_ERROR_X (719): <the driver's text>". OUT_OF_MEMORY for that,
// else DEVICE_FAILED.
Status DriverError(const Driver& driver, CUresult result, const char* call, const char* place);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_DRIVER_H

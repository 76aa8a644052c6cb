// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The CUDA driver as a table of functions, opened at run time (libcuda.so.1). Tests fill the table with a simulated
// driver instead.
#ifndef MLC_RUNTIME_CUDA_DRIVER_H
#define MLC_RUNTIME_CUDA_DRIVER_H

#include "runtime/base/status.h"
#include "runtime/cuda/driver_types.h"

namespace mlc::runtime {

inline constexpr int kOldestDriver = 12000;  // CUDA 12.0, driver branch 525

struct Driver {
#define MLC_CUDA_SYMBOL(Name, symbol, parameters) CUresult(*Name) parameters = nullptr;
#include "runtime/cuda/symbols.def"

  // Success, or an error with the call, the driver's name for the code and its text. OUT_OF_MEMORY; DEVICE_FAILED for
  // faults after which the context is lost; DEVICE_UNAVAILABLE; INTERNAL for the rest.
  Status Check(CUresult result, const char* call) const;

  // Loads the library and initialises it. DEVICE_UNAVAILABLE says what is missing.
  static Result<Driver> Open();
};

// MLC_CUDA(driver, MemFree(memory)): leaves the function when the call fails.
#define MLC_CUDA(driver, call) MLC_TRY((driver).Check((driver).call, #call))

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_CUDA_DRIVER_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The CUDA architectures that code is made for, and what each can do.
#ifndef MLC_BACKENDS_CUDA_CUDATARGET_H
#define MLC_BACKENDS_CUDA_CUDATARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlc::cuda {

struct CudaTarget {
  unsigned capability = 0; // 80 for compute capability 8.0
  bool forward = false;    // PTX that later devices and drivers assemble, instead of machine code
  int64_t sharedBytes = 0; // that one block may use
  int64_t multiprocessors = 0; // of the usual product, for the cost model

  bool hasAsyncCopy() const { return capability >= 80; } // cp.async, mma.sync m16n8k16 for f16, bf16, tf32
  bool hasDependentLaunch() const { return capability >= 90 && !forward; } // griddepcontrol
  bool hasClusters() const { return capability >= 90 && capability < 110 && !forward; } // of eight blocks on all its multiprocessors
  bool hasHopper() const { return capability == 90 && !forward; } // TMA, wgmma: only in code for exactly this architecture
  /// As ptxas and the plan spell it: "sm_86", "sm_90a", "compute_80".
  std::string arch() const;
};

/// Whether `arch` starts like one of ours (sm_, compute_, native).
bool isCudaArch(llvm::StringRef arch);
/// sm_75 to sm_120; the error lists them.
llvm::Expected<CudaTarget> parseTarget(llvm::StringRef arch);
/// The forward path that every plan with CUDA code carries.
CudaTarget forwardTarget();
/// "sm_75, sm_80, ...".
std::string knownArchs();

} // namespace mlc::cuda

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/CudaTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <dlfcn.h>
#include <vector>

namespace mlc::cuda {
namespace {

/// Shared memory per block: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability". Multiprocessors: T4, A100, A10, Orin, L4, H100, B200, Thor, RTX 5090.
constexpr CudaTarget kTargets[] = {
    {75, false, 64 << 10, 40},  {80, false, 163 << 10, 108}, {86, false, 99 << 10, 72},   {87, false, 163 << 10, 16}, {89, false, 99 << 10, 58},
    {90, false, 227 << 10, 132}, {100, false, 227 << 10, 148}, {110, false, 227 << 10, 20}, {120, false, 99 << 10, 170},
};

/// The compute capability of this machine's first GPU, as the driver tells.
llvm::Expected<unsigned> nativeCapability() {
  constexpr int kMajor = 75, kMinor = 76; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*
  void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  auto init = driver ? reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit")) : nullptr;
  auto attribute = driver ? reinterpret_cast<int (*)(int *, int, int)>(dlsym(driver, "cuDeviceGetAttribute")) : nullptr;
  int major = 0, minor = 0;
  if (!init || !attribute || init(0) || attribute(&major, kMajor, 0) || attribute(&minor, kMinor, 0))
    return llvm::createStringError("--arch native needs a GPU and its driver here; name the architecture to compile for instead: " + knownArchs());
  return major * 10 + minor;
}

} // namespace

std::string CudaTarget::arch() const { return (forward ? "compute_" : "sm_") + std::to_string(capability) + (hasHopper() ? "a" : ""); }

bool isCudaArch(llvm::StringRef arch) { return arch.starts_with("sm_") || arch.starts_with("compute_") || arch == "native"; }

std::string knownArchs() {
  std::vector<std::string> names;
  for (const CudaTarget &t : kTargets)
    names.push_back("sm_" + std::to_string(t.capability));
  return llvm::join(names, ", ");
}

llvm::Expected<CudaTarget> parseTarget(llvm::StringRef arch) {
  std::string name = arch.str();
  if (arch == "native") {
    auto capability = nativeCapability();
    if (!capability)
      return capability.takeError();
    name = "sm_" + std::to_string(*capability);
  }
  for (const CudaTarget &t : kTargets)
    if (name == "sm_" + std::to_string(t.capability))
      return t;
  return llvm::createStringError("unknown CUDA architecture '" + name + "'; known are " + knownArchs() + " and native (the architecture of this machine's GPU)");
}

CudaTarget forwardTarget() { return {80, true, 99 << 10, 108}; }

} // namespace mlc::cuda

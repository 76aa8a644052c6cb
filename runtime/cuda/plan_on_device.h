// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// One target of a plan on one device: its module and its weights, shared by sessions.
#ifndef MLC_RUNTIME_CUDA_PLAN_ON_DEVICE_H
#define MLC_RUNTIME_CUDA_PLAN_ON_DEVICE_H

#include <memory>
#include <vector>

#include "runtime/cuda/cublaslt.h"
#include "runtime/cuda/cuda_device.h"
#include "runtime/exec/bound_program.h"

namespace mlc::runtime::cuda {

// A kernel with how it is launched.
struct Kernel {
  CUfunction function = nullptr;
  unsigned threads = 0;
  unsigned shared_bytes = 0;
  unsigned cluster = 1;
  bool waits = false;  // by itself for the launches before
  const flatbuffers::Vector<flatbuffers::Offset<plan::TensorMap>>* tensor_maps = nullptr;
  const plan::Product* product = nullptr;  // what a library computes in its place
};

// Immutable. Its owners keep device and plan alive.
class PlanOnDevice {
 public:
  // Uploads the constants that any program of the target uses, once, and loads the code meanwhile.
  // *out_refused is set when the driver cannot take this code (errors 200, 209, 218, 222) but may
  // take another target's. OUT_OF_MEMORY, DEVICE_FAILED with the compiler's log,
  // DEVICE_UNAVAILABLE: a library that it needs is missing. The context is current.
  static Result<std::shared_ptr<PlanOnDevice>> Load(CudaDevice& device, mlc_plan& plan,
                                                    uint32_t target, CUresult* out_refused);

  uint32_t target() const { return target_; }
  const std::vector<Kernel>& kernels() const { return kernels_; }  // of the target
  const std::shared_ptr<const Constants>& constants() const { return constants_; }
  Library* library() const { return library_.get(); }  // null when no kernel needs it

 private:
  Status LoadProducts(const Context& context, const plan::Target& target);
  Status LoadCode(CudaDevice& device, const mlc_plan& plan, CUresult* out_refused);

  uint32_t target_ = 0;
  DeviceMemory weights_;
  std::shared_ptr<const Constants> constants_;
  Module module_;
  std::unique_ptr<Library> library_;
  std::vector<Kernel> kernels_;
};

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_PLAN_ON_DEVICE_H

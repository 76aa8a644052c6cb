// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// One target of a plan on one GPU: its module, its kernels' functions, its weights in device memory.
#ifndef MLC_RUNTIME_CUDA_CUDA_IMAGE_H
#define MLC_RUNTIME_CUDA_CUDA_IMAGE_H

#include <memory>
#include <span>
#include <vector>

#include "runtime/cuda/driver.h"
#include "runtime/memory/caching_allocator.h"
#include "runtime/plan/plan_generated.h"

struct mlc_plan;
struct mlc_device;

namespace mlc::runtime {

class CudaDevice;

class CudaImage {
 public:
  // Loads the module and uploads the constants that the target's programs use. BAD_PLAN: a kernel is not in the
  // module; NO_TARGET: the driver refuses the code (with its log); OUT_OF_MEMORY.
  static Result<std::shared_ptr<const CudaImage>> Load(mlc_device& device, const mlc_plan& plan, uint32_t target);
  CudaImage(const CudaImage&) = delete;
  ~CudaImage();

  std::span<const CUfunction> functions() const { return functions_; }  // of the target's kernels
  // Address of each of the plan's constants; null for those that no program of the target uses.
  std::span<char* const> constants() const { return constants_; }

 private:
  CudaImage(CudaDevice& device) : device_(device) {}
  Status LoadModule(const mlc_plan& plan, const plan::Target& target);
  Status Upload(mlc_device& device, const mlc_plan& plan, uint32_t target);

  CudaDevice& device_;
  CUmodule module_ = nullptr;
  std::vector<CUfunction> functions_;
  DeviceMemory weights_;
  std::vector<char*> constants_;
};

// The best target of the entry's programs for the device, in this order: machine code of the GPU's own architecture
// (exactly), of the highest minor version of its major one that it can run, PTX. Those that need a later driver are
// skipped. `force_ptx` leaves only the last. NO_TARGET lists what each candidate lacks.
Result<uint32_t> ChooseCudaTarget(const plan::Plan& plan, const plan::Entry& entry, const CudaDevice& device, bool force_ptx);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_CUDA_CUDA_IMAGE_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The CUDA half of a device: the GPU's primary context, and the code and weights of plans that its sessions share.
#ifndef MLC_RUNTIME_CUDA_CUDA_DEVICE_H
#define MLC_RUNTIME_CUDA_CUDA_DEVICE_H

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/base/log.h"
#include "runtime/cuda/driver.h"

struct mlc_plan;
struct mlc_device;

namespace mlc::runtime {

class CudaImage;

class CudaDevice {
 public:
  // DEVICE_UNAVAILABLE: no such GPU; the ordinal counts what CUDA_VISIBLE_DEVICES shows, MIG instances included.
  static Result<std::unique_ptr<CudaDevice>> Open(const Driver& driver, int ordinal);
  CudaDevice(const CudaDevice&) = delete;
  ~CudaDevice();

  const Driver& driver() const { return driver_; }
  CUcontext context() const { return context_; }
  int capability() const { return capability_; }          // 90 for compute capability 9.0
  int driver_version() const { return driver_version_; }  // as cuDriverGetVersion counts
  const std::string& gpu_name() const { return gpu_name_; }

  // Every function that calls the driver starts with it: the context belongs to the calling thread.
  Status MakeCurrent() const;

  // Hooks for a caching allocator of device memory, and of page-locked host memory that the GPU sees at the same
  // address. They live as long as the device.
  mlc_allocator_t MemoryHooks();
  mlc_allocator_t PinnedHooks();

  // The plan's target on this device: loaded by the first session, freed with the last.
  Result<std::shared_ptr<const CudaImage>> Image(mlc_device& device, const mlc_plan& plan, uint32_t target);

 private:
  CudaDevice() = default;

  Driver driver_;
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
  int capability_ = 0, driver_version_ = 0;
  std::string gpu_name_;
  std::mutex mutex_;
  std::map<std::pair<const mlc_plan*, uint32_t>, std::weak_ptr<const CudaImage>> images_;
};

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_CUDA_CUDA_DEVICE_H

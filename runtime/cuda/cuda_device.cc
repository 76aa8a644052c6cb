// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/cuda_device.h"

#include "runtime/cuda/cuda_image.h"

namespace mlc::runtime {

Result<std::unique_ptr<CudaDevice>> CudaDevice::Open(const Driver& driver, int ordinal) {
  std::unique_ptr<CudaDevice> device(new CudaDevice);
  device->driver_ = driver;
  int count = 0, major = 0, minor = 0;
  MLC_CUDA(driver, DeviceGetCount(&count));
  if (ordinal >= count)
    return Error(MLC_STATUS_DEVICE_UNAVAILABLE,
                 "there is no device 'cuda:%d': the driver shows %d GPU(s) to this process (CUDA_VISIBLE_DEVICES)", ordinal,
                 count);
  MLC_CUDA(driver, DeviceGet(&device->device_, ordinal));
  MLC_CUDA(driver, DeviceGetAttribute(&major, kAttributeMajor, device->device_));
  MLC_CUDA(driver, DeviceGetAttribute(&minor, kAttributeMinor, device->device_));
  MLC_CUDA(driver, DriverGetVersion(&device->driver_version_));
  char name[128] = {};
  MLC_CUDA(driver, DeviceGetName(name, sizeof name - 1, device->device_));
  device->gpu_name_ = name;
  device->capability_ = major * 10 + minor;
  MLC_CUDA(driver, PrimaryCtxRetain(&device->context_, device->device_));
  return device;
}

CudaDevice::~CudaDevice() {
  if (context_) driver_.PrimaryCtxRelease(device_);
}

Status CudaDevice::MakeCurrent() const {
  MLC_CUDA(driver_, CtxSetCurrent(context_));
  return Ok();
}

mlc_allocator_t CudaDevice::MemoryHooks() {
  return {this,
          [](void* user, size_t size_bytes, size_t) -> void* {
            const auto& device = *static_cast<CudaDevice*>(user);
            CUdeviceptr memory = 0;
            if (!device.MakeCurrent().ok() || device.driver_.MemAlloc(&memory, size_bytes) != kCudaSuccess) return nullptr;
            return reinterpret_cast<void*>(memory);
          },
          [](void* user, void* memory, size_t) {
            const auto& device = *static_cast<CudaDevice*>(user);
            if (device.MakeCurrent().ok()) device.driver_.MemFree(reinterpret_cast<CUdeviceptr>(memory));
          }};
}

mlc_allocator_t CudaDevice::PinnedHooks() {
  return {this,
          [](void* user, size_t size_bytes, size_t) -> void* {
            const auto& device = *static_cast<CudaDevice*>(user);
            void* memory = nullptr;
            if (!device.MakeCurrent().ok() ||
                device.driver_.MemHostAlloc(&memory, size_bytes, kHostAllocPortable | kHostAllocMapped) != kCudaSuccess)
              return nullptr;
            return memory;
          },
          [](void* user, void* memory, size_t) {
            const auto& device = *static_cast<CudaDevice*>(user);
            if (device.MakeCurrent().ok()) device.driver_.MemFreeHost(memory);
          }};
}

Result<std::shared_ptr<const CudaImage>> CudaDevice::Image(mlc_device& device, const mlc_plan& plan, uint32_t target) {
  std::lock_guard lock(mutex_);
  std::weak_ptr<const CudaImage>& slot = images_[{&plan, target}];
  if (auto image = slot.lock()) return image;
  MLC_TRY_ASSIGN(std::shared_ptr<const CudaImage> image, CudaImage::Load(device, plan, target));
  slot = image;
  return image;
}

}  // namespace mlc::runtime

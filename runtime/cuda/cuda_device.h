// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A CUDA device: its context, its allocators, and the plans whose code and weights lie on it.
#ifndef MLC_RUNTIME_CUDA_CUDA_DEVICE_H
#define MLC_RUNTIME_CUDA_CUDA_DEVICE_H

#include <map>
#include <mutex>

#include "runtime/cuda/choose_target.h"
#include "runtime/cuda/context.h"
#include "runtime/exec/device.h"
#include "runtime/memory/caching_allocator.h"
#include "runtime/memory/segment_allocator.h"

namespace mlc::runtime::cuda {

class PlanOnDevice;

class CudaDevice final : public mlc_device {
 public:
  // DEVICE_UNAVAILABLE, OUT_OF_MEMORY, DEVICE_FAILED.
  static Result<Ref<mlc_device>> Open(std::shared_ptr<const Driver> driver, int ordinal,
                                      const mlc_device_options_t& options);

  uint32_t num_threads() const override { return 1; }
  const char* features() const override { return features_.c_str(); }
  const char* product() const override { return context_->product().c_str(); }
  Allocator& memory() override { return memory_; }
  Allocator& host_memory() override { return pinned_; }
  Result<std::unique_ptr<Executor>> MakeExecutor(mlc_plan& plan, const plan::Entry& entry,
                                                 const mlc_session_options_t& options) override;
  Status Copy(mlc_tensor& dst, const mlc_tensor& src) override;
  Result<Ref<mlc_stream>> MakeStream(void* native) override;

  const Context& context() const { return *context_; }
  SegmentAllocator& segments() { return memory_; }
  const DeviceTraits& traits() const { return traits_; }

  // The best code of the plan that loads, shared with the plan's other sessions. NO_TARGET,
  // OUT_OF_MEMORY, DEVICE_FAILED. The context is current.
  Result<std::shared_ptr<PlanOnDevice>> LoadPlan(mlc_plan& plan, const plan::Entry& entry);

 private:
  CudaDevice(std::unique_ptr<Context> context, const mlc_device_options_t& options,
             const AllocatorConfig& config);
  Result<std::shared_ptr<PlanOnDevice>> LoadTarget(mlc_plan& plan, uint32_t target,
                                                   CUresult* out_refused);

  const std::unique_ptr<Context> context_;  // outlives all below
  const DeviceTraits traits_;
  const std::string features_;
  SegmentAllocator memory_;
  CachingAllocator pinned_;
  Stream copies_;
  std::mutex mutex_;
  // By plan and target. The sessions own them and keep the plan.
  std::map<std::pair<const mlc_plan*, uint32_t>, std::weak_ptr<PlanOnDevice>> plans_;
};

// Device number `ordinal` of the system's driver.
Result<Ref<mlc_device>> OpenDevice(int ordinal, const mlc_device_options_t& options);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_CUDA_DEVICE_H

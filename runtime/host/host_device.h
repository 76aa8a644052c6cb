// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The host device: features, worker threads, allocator.
#ifndef MLC_RUNTIME_HOST_HOST_DEVICE_H
#define MLC_RUNTIME_HOST_HOST_DEVICE_H

#include "runtime/exec/device.h"
#include "runtime/host/cpu_features.h"
#include "runtime/host/thread_pool.h"
#include "runtime/memory/caching_allocator.h"

namespace mlc::runtime {

class HostDevice final : public mlc_device {
 public:
  // INVALID_ARGUMENT: an impossible number of threads.
  static Result<Ref<mlc_device>> Open(const mlc_device_options_t& options);

  uint32_t num_threads() const override { return threads_.num_threads(); }
  const char* features() const override { return features_.text().c_str(); }
  const char* product() const override { return ""; }
  Allocator& memory() override { return allocator_; }
  Allocator& host_memory() override { return allocator_; }
  Result<std::unique_ptr<Executor>> MakeExecutor(mlc_plan& plan, const plan::Entry& entry,
                                                 const mlc_session_options_t& options) override;
  Status Copy(mlc_tensor& dst, const mlc_tensor& src) override;
  Result<Ref<mlc_stream>> MakeStream(void* native) override;

  ThreadPool& threads() { return threads_; }
  const CpuFeatures& cpu() const { return features_; }

 private:
  HostDevice(const mlc_device_options_t& options, uint64_t limit_bytes, uint32_t num_threads);

  const CpuFeatures features_;
  CachingAllocator allocator_;
  ThreadPool threads_;
};

// The usable target of highest rank (the first of equals) that the entry has programs for, or
// NO_TARGET with what each target lacks.
Result<uint32_t> ChooseHostTarget(const plan::Plan& plan, const plan::Entry& entry,
                                  const CpuFeatures& features);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_HOST_DEVICE_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/cuda_device.h"

#include "runtime/cuda/cuda_executor.h"
#include "runtime/cuda/memory_source.h"
#include "runtime/cuda/plan_on_device.h"
#include "runtime/exec/tensor.h"
#include "runtime/plan/access.h"

namespace mlc::runtime::cuda {
namespace {

void* AllocatePinned(void* user, size_t size_bytes, size_t) {
  const auto& context = *static_cast<const Context*>(user);
  const Current current(context);
  void* memory = nullptr;
  const CUresult result =
      context.driver().cuMemHostAlloc(&memory, size_bytes, CU_MEMHOSTALLOC_PORTABLE);
  return context.Check(result, "cuMemHostAlloc").ok() ? memory : nullptr;
}

void ReleasePinned(void* user, void* memory, size_t) {
  const auto& context = *static_cast<const Context*>(user);
  const Current current(context);
  context.driver().cuMemFreeHost(memory);
}

// Owned or wrapped.
class CudaStream final : public mlc_stream {
 public:
  CudaStream(CudaDevice& owner, Stream own, CUstream handle)
      : mlc_stream(owner), context_(owner.context()), own_(std::move(own)), handle_(handle) {}

  Status Synchronize() override {
    const Current current(context_);
    MLC_CU(context_, cuStreamSynchronize, handle_);
    return Ok();
  }
  void* native() const override { return handle_; }

 private:
  const Context& context_;
  const Stream own_;
  const CUstream handle_;
};

}  // namespace

CudaDevice::CudaDevice(std::unique_ptr<Context> context, const mlc_device_options_t& options,
                       const AllocatorConfig& config)
    : mlc_device(MLC_DEVICE_CUDA, context->place(), options),
      context_(std::move(context)),
      traits_{context_->capability(), context_->driver().version, options.cuda_force_ptx != 0},
      features_("sm_" + std::to_string(traits_.capability) + ",cuda" +
                VersionText(traits_.driver_version).substr(sizeof "CUDA")),
      memory_(MakeMemorySource(*context_, options.allocator), config, TotalMemory(*context_)),
      pinned_(mlc_allocator_t{context_.get(), AllocatePinned, ReleasePinned}, 0) {}

Result<Ref<mlc_device>> CudaDevice::Open(std::shared_ptr<const Driver> driver, int ordinal,
                                         const mlc_device_options_t& options) {
  MLC_TRY_ASSIGN(AllocatorConfig config, AllocatorConfig::Parse(options.alloc_conf));
  if (options.memory_limit_bytes > 0) config.limit_bytes = options.memory_limit_bytes;
  MLC_TRY_ASSIGN(std::unique_ptr<Context> context, Context::Retain(std::move(driver), ordinal));
  auto device = Ref<CudaDevice>::Adopt(new CudaDevice(std::move(context), options, config));
  const Current current(device->context());
  MLC_TRY_ASSIGN(device->copies_, cuda::MakeStream(device->context()));
  device->log.Log(MLC_LOG_INFO, "%s is a %s, compute capability %d.%d, driver for %s",
                  device->name.c_str(), device->context().product().c_str(),
                  device->traits_.capability / 10, device->traits_.capability % 10,
                  VersionText(device->traits_.driver_version).c_str());
  return Ref<mlc_device>::Adopt(device.Detach());
}

Result<std::unique_ptr<Executor>> CudaDevice::MakeExecutor(mlc_plan& plan, const plan::Entry& entry,
                                                           const mlc_session_options_t& options) {
  return CudaExecutor::Create(plan, entry, *this, options);
}

Status CudaDevice::Copy(mlc_tensor& dst, const mlc_tensor& src) {
  if (dst.size_bytes == 0) return Ok();
  const Current current(*context_);
  if (!src.on_device())
    MLC_CU(*context_, cuMemcpyHtoDAsync, Address(dst.data), src.data, dst.size_bytes,
           copies_.get());
  else if (!dst.on_device())
    MLC_CU(*context_, cuMemcpyDtoHAsync, dst.data, Address(src.data), dst.size_bytes,
           copies_.get());
  else
    MLC_CU(*context_, cuMemcpyDtoDAsync, Address(dst.data), Address(src.data), dst.size_bytes,
           copies_.get());
  return Drain(*context_, copies_.get());
}

Result<Ref<mlc_stream>> CudaDevice::MakeStream(void* native) {
  const Current current(*context_);
  Stream own;
  auto handle = static_cast<CUstream>(native);
  if (!native) {
    MLC_TRY_ASSIGN(own, cuda::MakeStream(*context_));
    handle = own.get();
  }
  return Ref<mlc_stream>::Adopt(new CudaStream(*this, std::move(own), handle));
}

Result<std::shared_ptr<PlanOnDevice>> CudaDevice::LoadPlan(mlc_plan& plan,
                                                           const plan::Entry& entry) {
  const plan::Plan& table = plan.file.plan();
  TargetChoice choice = RankTargets(table, entry, traits_);
  if (choice.candidates.empty())
    return Error(MLC_STATUS_NO_TARGET,
                 "nothing in the plan runs on %s (%s, sm_%d): %s; compile with an --arch for it",
                 name.c_str(), context_->product().c_str(), traits_.capability,
                 choice.refused.empty() ? "it has no program" : choice.refused.c_str());
  for (uint32_t target : choice.candidates) {
    const char* arch = Text(table.targets()->Get(target)->arch());
    const bool is_ptx = arch[0] == 'c';
    if (is_ptx && choice.driver_too_old)
      log.Log(MLC_LOG_WARN, "%s: %s; the forward path %s is compiled by the driver instead",
              name.c_str(), choice.refused.c_str(), arch);
    CUresult refused = CUDA_SUCCESS;
    auto loaded = LoadTarget(plan, target, &refused);
    if (loaded.ok() || refused == CUDA_SUCCESS) return loaded;
    choice.refused += std::string(choice.refused.empty() ? "" : "; ") + loaded.status().message();
    log.Log(MLC_LOG_WARN, "%s: the driver refuses the plan's %s code, the next best is tried: %s",
            name.c_str(), arch, loaded.status().message());
  }
  return Error(MLC_STATUS_NO_TARGET,
               "nothing in the plan runs on %s (%s, sm_%d, driver for %s): %s", name.c_str(),
               context_->product().c_str(), traits_.capability,
               VersionText(traits_.driver_version).c_str(), choice.refused.c_str());
}

// *out_refused is the driver's error when it cannot take this code but may take another.
Result<std::shared_ptr<PlanOnDevice>> CudaDevice::LoadTarget(mlc_plan& plan, uint32_t target,
                                                             CUresult* out_refused) {
  std::lock_guard lock(mutex_);
  std::weak_ptr<PlanOnDevice>& known = plans_[{&plan, target}];
  if (auto shared = known.lock()) return shared;
  auto loaded = PlanOnDevice::Load(*this, plan, target, out_refused);
  if (loaded.ok()) {
    known = *loaded;
    std::erase_if(plans_, [](const auto& item) { return item.second.expired(); });
  } else {
    plans_.erase({&plan, target});
  }
  return loaded;
}

Result<Ref<mlc_device>> OpenDevice(int ordinal, const mlc_device_options_t& options) {
  MLC_TRY_ASSIGN(std::shared_ptr<const Driver> driver, Driver::LoadSystem());
  return CudaDevice::Open(std::move(driver), ordinal, options);
}

}  // namespace mlc::runtime::cuda

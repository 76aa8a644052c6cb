// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/cuda/memory_source.h"

namespace mlc::runtime::cuda {
namespace {

CUmemAllocationProp DeviceMemoryProp(const Context& context) {
  CUmemAllocationProp prop{};
  prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, context.device()};
  return prop;
}

// 0 when the driver or the device has no virtual memory.
uint64_t Granularity(const Context& context) {
  const Driver& driver = context.driver();
  if (!driver.cuMemAddressReserve || !driver.cuMemAddressFree || !driver.cuMemCreate ||
      !driver.cuMemRelease || !driver.cuMemMap || !driver.cuMemUnmap || !driver.cuMemSetAccess ||
      !driver.cuMemGetAllocationGranularity ||
      context.Attribute(CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) == 0)
    return 0;
  const Current current(context);
  const CUmemAllocationProp prop = DeviceMemoryProp(context);
  size_t granularity = 0;
  const CUresult result = driver.cuMemGetAllocationGranularity(
      &granularity, &prop, CU_MEM_ALLOC_GRANULARITY_RECOMMENDED);
  return result == CUDA_SUCCESS ? granularity : 0;
}

class DriverMemory final : public MemorySource {
 public:
  explicit DriverMemory(const Context& context)
      : context_(context), granularity_(Granularity(context)) {}

  Result<void*> Allocate(uint64_t size_bytes) override {
    const Current current(context_);
    CUdeviceptr memory = 0;
    MLC_CU(context_, cuMemAlloc, &memory, size_bytes);
    return reinterpret_cast<void*>(memory);
  }

  void Release(void* memory, uint64_t) override {
    const Current current(context_);
    context_.driver().cuMemFree(Address(memory));
  }

  uint64_t granularity() const override { return granularity_; }

  Result<void*> Reserve(uint64_t size_bytes) override {
    const Current current(context_);
    CUdeviceptr memory = 0;
    MLC_CU(context_, cuMemAddressReserve, &memory, size_bytes, 0, 0, 0);
    return reinterpret_cast<void*>(memory);
  }

  void Unreserve(void* memory, uint64_t size_bytes) override {
    const Current current(context_);
    context_.driver().cuMemAddressFree(Address(memory), size_bytes);
  }

  // In pieces of the granularity, so that each can be unmapped by itself. The mapping keeps the
  // memory; the handle is not needed any more.
  Status Map(void* memory, uint64_t size_bytes) override {
    const Current current(context_);
    uint64_t mapped = 0;
    Status status;
    while (mapped < size_bytes && status.ok()) {
      status = MapOne(Address(memory) + mapped);
      if (status.ok()) mapped += granularity_;
    }
    if (status.ok()) {
      const CUmemAccessDesc access = {{CU_MEM_LOCATION_TYPE_DEVICE, context_.device()},
                                      CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
      status =
          context_.Check(context_.driver().cuMemSetAccess(Address(memory), size_bytes, &access, 1),
                         "cuMemSetAccess");
    }
    if (!status.ok()) Unmap(memory, mapped);
    return status;
  }

  // Tried again when it fails by itself, since the addresses cannot be used before.
  uint64_t Unmap(void* memory, uint64_t size_bytes) override {
    const Current current(context_);
    for (uint64_t at = 0; at < size_bytes; at += granularity_) {
      const CUdeviceptr granule = Address(memory) + at;
      if (context_.driver().cuMemUnmap(granule, granularity_) != CUDA_SUCCESS &&
          context_.driver().cuMemUnmap(granule, granularity_) != CUDA_SUCCESS)
        return at;
    }
    return size_bytes;
  }

 private:
  Status MapOne(CUdeviceptr memory) {
    const CUmemAllocationProp prop = DeviceMemoryProp(context_);
    CUmemGenericAllocationHandle handle = 0;
    MLC_CU(context_, cuMemCreate, &handle, granularity_, &prop, 0);
    const CUresult mapped = context_.driver().cuMemMap(memory, granularity_, 0, handle, 0);
    context_.driver().cuMemRelease(handle);
    return context_.Check(mapped, "cuMemMap");
  }

  const Context& context_;
  const uint64_t granularity_;
};

class HookMemory final : public MemorySource {
 public:
  explicit HookMemory(const mlc_allocator_t& hooks) : hooks_(hooks) {}

  Result<void*> Allocate(uint64_t size_bytes) override {
    void* memory = hooks_.allocate(hooks_.user, size_bytes, SegmentAllocator::kAlignment);
    if (!memory) return Error(MLC_STATUS_OUT_OF_MEMORY, "the application's allocator has none");
    return memory;
  }
  void Release(void* memory, uint64_t size_bytes) override {
    hooks_.release(hooks_.user, memory, size_bytes);
  }

 private:
  const mlc_allocator_t hooks_;
};

class EventFence final : public Fence {
 public:
  EventFence(const Context& context, Event event) : context_(context), event_(std::move(event)) {}

  // After an error nobody knows, so it is asked again later; a lost context runs nothing any more.
  bool HasPassed() override {
    const Current current(context_);
    const CUresult result = context_.driver().cuEventQuery(event_.get());
    if (result == CUDA_SUCCESS || result == CUDA_ERROR_NOT_READY) return result == CUDA_SUCCESS;
    (void)context_.Check(result, "cuEventQuery");
    return context_.lost();
  }
  void Wait() override {
    const Current current(context_);
    for (int attempt = 0; attempt < 4; ++attempt) {
      const CUresult result = context_.driver().cuEventSynchronize(event_.get());
      if (context_.Check(result, "cuEventSynchronize").ok() || context_.lost()) return;
    }
  }

 private:
  const Context& context_;
  const Event event_;
};

}  // namespace

std::unique_ptr<MemorySource> MakeMemorySource(const Context& context,
                                               const mlc_allocator_t* hooks) {
  if (hooks) return std::make_unique<HookMemory>(*hooks);
  return std::make_unique<DriverMemory>(context);
}

std::unique_ptr<Fence> MakeFence(const Context& context, CUstream stream) {
  auto event = MakeEvent(context);
  if (!event.ok()) return nullptr;
  if (context.driver().cuEventRecord(event->get(), stream) != CUDA_SUCCESS) return nullptr;
  return std::make_unique<EventFence>(context, std::move(*event));
}

uint64_t TotalMemory(const Context& context) {
  const Current current(context);
  size_t free = 0, total = 0;
  return context.driver().cuMemGetInfo(&free, &total) == CUDA_SUCCESS ? total : 0;
}

}  // namespace mlc::runtime::cuda

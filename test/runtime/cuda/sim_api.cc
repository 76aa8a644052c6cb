// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The simulated driver's devices, code and memory, under the names that libcuda.so.1 exports.
#include "test/runtime/cuda/sim_api.h"

#include <sys/mman.h>

#include <cstring>

using namespace mlc::runtime::cuda;
using sim::Access;
using sim::Kind;
using sim::U;

SIM_API cuInit(unsigned) {
  ENTER_ANYWHERE(cuInit);
  return s.options.num_devices > 0 ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}

SIM_API cuDriverGetVersion(int* version) {
  ENTER_ANYWHERE(cuDriverGetVersion);
  *version = s.options.driver_version;
  return CUDA_SUCCESS;
}

SIM_API cuGetErrorName(CUresult error, const char** name) {
  *name = error == CUDA_ERROR_OUT_OF_MEMORY             ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == CUDA_ERROR_ILLEGAL_ADDRESS         ? "CUDA_ERROR_ILLEGAL_ADDRESS"
          : error == CUDA_ERROR_NO_BINARY_FOR_GPU       ? "CUDA_ERROR_NO_BINARY_FOR_GPU"
          : error == CUDA_ERROR_UNSUPPORTED_PTX_VERSION ? "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"
                                                        : "CUDA_ERROR_SIMULATED";
  return CUDA_SUCCESS;
}

SIM_API cuGetErrorString(CUresult, const char** text) {
  *text = "simulated";
  return CUDA_SUCCESS;
}

SIM_API cuDeviceGetCount(int* count) {
  ENTER_ANYWHERE(cuDeviceGetCount);
  *count = s.options.num_devices;
  return CUDA_SUCCESS;
}

SIM_API cuDeviceGet(CUdevice* device, int ordinal) {
  ENTER_ANYWHERE(cuDeviceGet);
  *device = ordinal;
  return CUDA_SUCCESS;
}

SIM_API cuDeviceGetName(char* name, int capacity, CUdevice) {
  ENTER_ANYWHERE(cuDeviceGetName);
  std::strncpy(name, "Simulated GPU", static_cast<size_t>(capacity));
  return CUDA_SUCCESS;
}

SIM_API cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice) {
  ENTER_ANYWHERE(cuDeviceGetAttribute);
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      *value = s.options.capability / 10;
      return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      *value = s.options.capability % 10;
      return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED:
      *value = 1;
      return CUDA_SUCCESS;
    default:
      *value = 132;
      return CUDA_SUCCESS;
  }
}

SIM_API cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice) {
  ENTER_ANYWHERE(cuDevicePrimaryCtxRetain);
  ++s.context_refs;
  *context = &s.context;
  return CUDA_SUCCESS;
}

SIM_API cuDevicePrimaryCtxRelease_v2(CUdevice) {
  ENTER_ANYWHERE(cuDevicePrimaryCtxRelease);
  --s.context_refs;
  return CUDA_SUCCESS;
}

// NOTE: these two are not made to fail: they do only where the context was destroyed.
SIM_API cuCtxPushCurrent_v2(CUcontext) {
  ++sim::current_depth;
  return CUDA_SUCCESS;
}

SIM_API cuCtxPopCurrent_v2(CUcontext* context) {
  std::lock_guard lock(sim::Lock());
  *context = nullptr;
  if (--sim::current_depth < 0) sim::Get().Violation("more contexts were popped than pushed");
  return CUDA_SUCCESS;
}

// ---- code ----

SIM_API cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned num_options,
                           CUjit_option* options, void** values) {
  ENTER(cuModuleLoadDataEx);
  const char* text = static_cast<const char*>(image);
  const bool is_ptx = std::strncmp(text, ".version ", 9) == 0;
  CUresult result = CUDA_SUCCESS;
  if (is_ptx) {
    if ((text[9] - '0') * 10 + (text[11] - '0') > s.options.ptx_version)
      result = CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  } else if (s.options.refuse_cubin != CUDA_SUCCESS) {
    result = s.options.refuse_cubin;
  } else if (std::strncmp(text, "SIM sm_", 7) != 0) {
    result = CUDA_ERROR_INVALID_IMAGE;
  } else if (std::atoi(text + 7) / 10 != s.options.capability / 10) {
    result = CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  if (result != CUDA_SUCCESS) {
    for (unsigned i = 0; i < num_options; ++i)
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
        std::strcpy(static_cast<char*>(values[i]), "simulated compiler log");
    return result;
  }
  *module = new CUmod_st{is_ptx};
  s.modules.insert(*module);
  return CUDA_SUCCESS;
}

SIM_API cuModuleUnload(CUmodule module) {
  ENTER(cuModuleUnload);
  CHECK_HANDLE(s.modules, module);
  s.modules.erase(module);
  delete module;
  return CUDA_SUCCESS;
}

SIM_API cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  ENTER(cuModuleGetFunction);
  CHECK_HANDLE(s.modules, module);
  const sim::KernelRow* row = sim::FindKernel(name);
  if (!row) return CUDA_ERROR_NOT_FOUND;
  auto& made = s.functions[name];
  if (!made) made = std::make_unique<CUfunc_st>(CUfunc_st{row});
  *function = made.get();
  return CUDA_SUCCESS;
}

SIM_API cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
  ENTER(cuFuncSetAttribute);
  if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
    function->max_shared = static_cast<unsigned>(value);
  else
    function->non_portable_cluster = value != 0;
  return CUDA_SUCCESS;
}

// ---- memory ----

SIM_API cuMemAlloc_v2(CUdeviceptr* memory, size_t size) {
  ENTER(cuMemAlloc);
  void* made = nullptr;
  const CUresult result = s.Allocate(size, Kind::Device, &made);
  *memory = U(made);
  return result;
}

SIM_API cuMemFree_v2(CUdeviceptr memory) {
  ENTER(cuMemFree);
  s.RunAll();
  return s.Free(memory, Kind::Device);
}

SIM_API cuMemGetInfo_v2(size_t* free, size_t* total) {
  ENTER(cuMemGetInfo);
  *total = s.options.memory_bytes;
  *free = s.options.memory_bytes - s.device_bytes;
  return CUDA_SUCCESS;
}

SIM_API cuMemHostAlloc(void** memory, size_t size, unsigned) {
  ENTER(cuMemHostAlloc);
  return s.Allocate(size, Kind::Pinned, memory);
}

SIM_API cuMemFreeHost(void* memory) {
  ENTER(cuMemFreeHost);
  s.RunAll();
  return s.Free(U(memory), Kind::Pinned);
}

SIM_API cuMemAddressReserve(CUdeviceptr* memory, size_t size, size_t, CUdeviceptr,
                            unsigned long long) {
  ENTER(cuMemAddressReserve);
  void* made = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (made == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  *memory = U(made);
  s.reservations[*memory] = {size};
  return CUDA_SUCCESS;
}

SIM_API cuMemAddressFree(CUdeviceptr memory, size_t size) {
  ENTER(cuMemAddressFree);
  const auto next = s.blocks.lower_bound(memory);
  if (next != s.blocks.end() && next->first < memory + size)
    s.Violation("a reservation was freed with memory mapped into it");
  s.reservations.erase(memory);
  ::munmap(reinterpret_cast<void*>(memory), size);
  return CUDA_SUCCESS;
}

SIM_API cuMemCreate(CUmemGenericAllocationHandle* handle, size_t size, const CUmemAllocationProp*,
                    unsigned long long) {
  ENTER(cuMemCreate);
  if (s.device_bytes + size > s.options.memory_bytes) return CUDA_ERROR_OUT_OF_MEMORY;
  s.device_bytes += size;
  *handle = s.next_handle++;
  s.handles[*handle] = {size};
  return CUDA_SUCCESS;
}

SIM_API cuMemRelease(CUmemGenericAllocationHandle handle) {
  ENTER(cuMemRelease);
  CHECK_HANDLE(s.handles, handle);
  s.handles[handle].released = true;
  s.DropHandle(handle);
  return CUDA_SUCCESS;
}

SIM_API cuMemMap(CUdeviceptr memory, size_t size, size_t, CUmemGenericAllocationHandle handle,
                 unsigned long long) {
  ENTER(cuMemMap);
  CHECK_HANDLE(s.handles, handle);
  const auto reservation = s.reservations.upper_bound(memory);
  if (reservation == s.reservations.begin() ||
      memory + size > std::prev(reservation)->first + std::prev(reservation)->second.size)
    return CUDA_ERROR_INVALID_VALUE;
  s.blocks[memory] = {size, Kind::Mapped, nullptr, handle};
  ++s.handles[handle].num_mapped;
  return CUDA_SUCCESS;
}

SIM_API cuMemUnmap(CUdeviceptr memory, size_t size) {
  ENTER(cuMemUnmap);
  s.RunAll();
  for (const Access& access : s.accesses)
    if (access.begin < memory + size && access.end > memory)
      s.Violation("memory was unmapped while work on the device uses it");
  const auto found = s.blocks.find(memory);
  if (found == s.blocks.end() || found->second.size != size) return CUDA_ERROR_INVALID_VALUE;
  const CUmemGenericAllocationHandle handle = found->second.handle;
  s.blocks.erase(found);
  --s.handles[handle].num_mapped;
  s.DropHandle(handle);
  ::mmap(reinterpret_cast<void*>(memory), size, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return CUDA_SUCCESS;
}

SIM_API cuMemSetAccess(CUdeviceptr memory, size_t size, const CUmemAccessDesc*, size_t) {
  ENTER(cuMemSetAccess);
  if (!s.Find(memory, memory + size)) return CUDA_ERROR_INVALID_VALUE;
  ::mprotect(reinterpret_cast<void*>(memory), size, PROT_READ | PROT_WRITE);
  return CUDA_SUCCESS;
}

SIM_API cuMemGetAllocationGranularity(size_t* granularity, const CUmemAllocationProp*, int) {
  ENTER(cuMemGetAllocationGranularity);
  *granularity = 2 << 20;
  return CUDA_SUCCESS;
}

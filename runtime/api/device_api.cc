// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/api/options.h"
#include "runtime/cuda/cuda_device.h"
#include "runtime/host/host_device.h"

using namespace mlc::runtime;

namespace {

Result<Ref<mlc_device>> OpenByName(const char* name, const mlc_device_options_t& options) {
  if (options.allocator && (!options.allocator->allocate || !options.allocator->release))
    return Error(MLC_STATUS_INVALID_ARGUMENT, "an allocator needs both functions");
  if (std::strcmp(name, "host") == 0) return HostDevice::Open(options);
  if (std::strcmp(name, "cuda") == 0) return cuda::OpenDevice(0, options);
  if (std::strncmp(name, "cuda:", 5) == 0) {
    char* end = nullptr;
    const long ordinal = std::strtol(name + 5, &end, 10);
    if (end != name + 5 && *end == 0 && ordinal >= 0 && ordinal < 4096)
      return cuda::OpenDevice(static_cast<int>(ordinal), options);
  }
  return Error(MLC_STATUS_INVALID_ARGUMENT, "there is no device '%s': use 'host' or 'cuda:N'",
               name);
}

mlc_device_options_t DefaultOptions() {
  mlc_device_options_t options{};
  options.log_level = LogLevelFromEnvironment();
  options.alloc_conf = std::getenv("MLC_ALLOC_CONF");
  options.cuda_force_ptx = SwitchFromEnvironment("MLC_CUDA_FORCE_PTX", false);
  return options;
}

Status OpenDevice(const char* name, const mlc_device_options_t* given, mlc_device_t** out_device) {
  mlc_device_options_t options;
  MLC_TRY(ReadOptions(given, DefaultOptions(), &options));
  MLC_TRY_ASSIGN(Ref<mlc_device> device, OpenByName(name, options));
  *out_device = device.Detach();
  return Ok();
}

// The C API's const says that the call changes nothing that callers see.
Allocator& MemoryOf(const mlc_device_t* device) {
  return const_cast<mlc_device_t*>(device)->memory();
}

}  // namespace

void mlc_device_options_init_sized(mlc_device_options_t* options, size_t struct_size) {
  WriteOptions(DefaultOptions(), struct_size, options);
}

mlc_status_t* mlc_device_open(const char* name, const mlc_device_options_t* options,
                              mlc_device_t** out_device) {
  MLC_REQUIRE(out_device);
  *out_device = nullptr;
  MLC_REQUIRE(name);
  return OpenDevice(name, options, out_device).Release();
}

void mlc_device_retain(mlc_device_t* device) {
  if (device) device->Retain();
}

void mlc_device_release(mlc_device_t* device) {
  if (device) device->Release();
}

const char* mlc_device_name(const mlc_device_t* device) { return device->name.c_str(); }

mlc_device_kind_t mlc_device_kind(const mlc_device_t* device) { return device->kind; }

uint32_t mlc_device_num_threads(const mlc_device_t* device) { return device->num_threads(); }

const char* mlc_device_features(const mlc_device_t* device) { return device->features(); }

const char* mlc_device_product(const mlc_device_t* device) { return device->product(); }

mlc_status_t* mlc_device_memory_stats(const mlc_device_t* device, mlc_memory_stats_t* out_stats) {
  MLC_REQUIRE(device);
  MLC_REQUIRE(out_stats);
  return WriteStats(MemoryOf(device).Stats(), out_stats).Release();
}

void mlc_device_reset_peak(mlc_device_t* device) { device->memory().ResetPeak(); }

void mlc_device_trim(mlc_device_t* device, uint64_t keep_bytes) {
  device->memory().Trim(keep_bytes);
  if (&device->host_memory() != &device->memory()) device->host_memory().Trim(keep_bytes);
}

void mlc_device_memory_snapshot(const mlc_device_t* device, char* buffer, size_t capacity,
                                size_t* out_size) {
  const std::string text = MemoryOf(device).Snapshot();
  if (capacity > 0) {
    const size_t copied = std::min(capacity - 1, text.size());
    std::memcpy(buffer, text.data(), copied);
    buffer[copied] = 0;
  }
  *out_size = text.size();
}

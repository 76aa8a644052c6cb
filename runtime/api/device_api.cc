// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/api/options.h"
#include "runtime/host/cpu_budget.h"
#include "runtime/exec/device.h"

using namespace mlc::runtime;

namespace {

constexpr long kMaxThreads = 1024;

// The option, else MLC_THREADS, else what the process may use.
Result<uint32_t> ThreadCount(const mlc_device_options_t& options) {
  const char* text = std::getenv("MLC_THREADS");
  if (options.num_threads == 0 && !text) return UsableCpus();
  char* end = nullptr;
  const long count = options.num_threads > 0 ? static_cast<long>(options.num_threads)
                                             : std::strtol(text, &end, 10);
  if (count < 1 || count > kMaxThreads || (end && *end))
    return Error(MLC_STATUS_INVALID_ARGUMENT, "the number of threads must be 1 to %ld%s%s",
                 kMaxThreads, end ? ", MLC_THREADS is " : "", end ? text : "");
  return static_cast<uint32_t>(count);
}

// "cuda" or "cuda:N".
Status OpenCuda(const char* name, const mlc_device_options_t& options, mlc_device_t** out_device) {
  int ordinal = 0;
  if (name[4] != 0) {
    char* end = nullptr;
    const long number = name[4] == ':' ? std::strtol(name + 5, &end, 10) : -1;
    if (number < 0 || number > 1023 || !end || end == name + 5 || *end)
      return Error(MLC_STATUS_INVALID_ARGUMENT, "there is no device '%s': use 'host' or 'cuda:N'", name);
    ordinal = static_cast<int>(number);
  }
  MLC_TRY_ASSIGN(const Driver driver, Driver::Open());
  MLC_TRY_ASSIGN(std::unique_ptr<CudaDevice> cuda, CudaDevice::Open(driver, ordinal));
  const std::string full_name = "cuda:" + std::to_string(ordinal);
  *out_device = new mlc_device(options, full_name.c_str(), std::move(cuda));
  return Ok();
}

Status OpenDevice(const char* name, const mlc_device_options_t* given, mlc_device_t** out_device) {
  mlc_device_options_t options;
  MLC_TRY(ReadOptions(given, mlc_device_options_init, &options));
  if (std::strncmp(name, "cuda", 4) == 0) return OpenCuda(name, options, out_device);
  if (std::strcmp(name, "host") != 0)
    return Error(MLC_STATUS_INVALID_ARGUMENT, "there is no device '%s': use 'host' or 'cuda:N'", name);
  if (options.allocator && (!options.allocator->allocate || !options.allocator->release))
    return Error(MLC_STATUS_INVALID_ARGUMENT, "an allocator needs both functions");
  MLC_TRY_ASSIGN(const uint32_t num_threads, ThreadCount(options));
  *out_device = new mlc_device(options, num_threads);
  return Ok();
}

}  // namespace

void mlc_device_options_init(mlc_device_options_t* options) {
  *options = mlc_device_options_t{};
  options->struct_size = sizeof *options;
  options->log_level = LogLevelFromEnvironment();
  options->cuda_force_ptx = options->cuda_graphs = -1;
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

uint32_t mlc_device_num_threads(const mlc_device_t* device) {
  return device->threads.num_threads();
}

const char* mlc_device_features(const mlc_device_t* device) {
  return device->features.text().c_str();
}

mlc_status_t* mlc_device_memory_stats(const mlc_device_t* device, mlc_memory_stats_t* out_stats) {
  MLC_REQUIRE(device);
  MLC_REQUIRE(out_stats);
  return WriteStats(device->allocator.Stats(), out_stats).Release();
}

void mlc_device_reset_peak(mlc_device_t* device) { device->allocator.ResetPeak(); }

void mlc_device_trim(mlc_device_t* device, uint64_t keep_bytes) {
  device->allocator.Trim(keep_bytes);
}

void mlc_device_memory_snapshot(const mlc_device_t* device, char* buffer, size_t capacity,
                                size_t* out_size) {
  const std::string text = device->allocator.Snapshot();
  if (capacity > 0) {
    const size_t copied = std::min(capacity - 1, text.size());
    std::memcpy(buffer, text.data(), copied);
    buffer[copied] = 0;
  }
  *out_size = text.size();
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "runtime/exec/device.h"

#include <cstdlib>
#include <span>

using namespace mlc::runtime;

namespace {

// "1", "on" and the like; `otherwise` when the variable is not set.
bool Flag(const char* variable, bool otherwise) {
  const char* text = std::getenv(variable);
  return text && *text ? *text != '0' : otherwise;
}

// Of a value that lives until the end of the expression.
const mlc_allocator_t* AddressOf(const mlc_allocator_t& hooks) { return &hooks; }

}  // namespace

mlc_device::mlc_device(const mlc_device_options_t& options, uint32_t num_threads)
    : name("host"),
      log(options.log, options.log_user, options.log_level),
      allocator(options.allocator, options.memory_limit_bytes),
      features(CpuFeatures::Detect()),
      threads(num_threads,
              std::span(options.cpu_list, options.cpu_list ? options.cpu_list_count : 0)) {}

mlc_device::mlc_device(const mlc_device_options_t& options, const char* device_name,
                       std::unique_ptr<CudaDevice> gpu)
    : name(device_name),
      log(options.log, options.log_user, options.log_level),
      cuda(std::move(gpu)),
      allocator(AddressOf(cuda->MemoryHooks()), options.memory_limit_bytes),
      pinned(std::make_unique<CachingAllocator>(AddressOf(cuda->PinnedHooks()), 0)),
      features(CpuFeatures::Detect()),
      threads(1, {}),
      force_ptx(options.cuda_force_ptx >= 0 ? options.cuda_force_ptx != 0
                                            : Flag("MLC_CUDA_FORCE_PTX", false)),
      use_graphs(options.cuda_graphs >= 0 ? options.cuda_graphs != 0
                                          : Flag("MLC_CUDA_GRAPHS", true)) {}

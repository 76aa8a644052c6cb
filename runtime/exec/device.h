// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// A device: its allocator, its log, and what kernels run on: worker threads, or a GPU.
#ifndef MLC_RUNTIME_EXEC_DEVICE_H
#define MLC_RUNTIME_EXEC_DEVICE_H

#include <memory>
#include <string>

#include "runtime/base/log.h"
#include "runtime/base/ref_counted.h"
#include "runtime/cuda/cuda_device.h"
#include "runtime/host/cpu_features.h"
#include "runtime/host/thread_pool.h"
#include "runtime/memory/caching_allocator.h"

struct mlc_device : mlc::runtime::RefCounted<mlc_device> {
  // The host.
  mlc_device(const mlc_device_options_t& options, uint32_t num_threads);
  // A GPU; `options` give log and limits.
  mlc_device(const mlc_device_options_t& options, const char* device_name,
             std::unique_ptr<mlc::runtime::CudaDevice> gpu);

  // Where outputs lie that a session hands to its caller, unless it is asked for device memory.
  mlc::runtime::CachingAllocator& host_memory() { return cuda ? *pinned : allocator; }

  const std::string name;
  mlc::runtime::Logger log;
  std::unique_ptr<mlc::runtime::CudaDevice> cuda;  // null on the host; outlives the allocators
  mlc::runtime::CachingAllocator allocator;        // of the memory that kernels work in
  std::unique_ptr<mlc::runtime::CachingAllocator> pinned;  // with cuda: host memory that the GPU sees
  mlc::runtime::CpuFeatures features;
  mlc::runtime::ThreadPool threads;
  bool force_ptx = false;   // with cuda: take the plan's PTX although it has machine code
  bool use_graphs = true;   // with cuda: run programs as CUDA Graphs where they can be
};

#endif  // MLC_RUNTIME_EXEC_DEVICE_H

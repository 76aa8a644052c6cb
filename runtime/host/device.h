// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The host device: features, worker threads, allocator, log.
#ifndef MLC_RUNTIME_HOST_DEVICE_H
#define MLC_RUNTIME_HOST_DEVICE_H

#include <span>

#include "runtime/base/log.h"
#include "runtime/base/ref_counted.h"
#include "runtime/host/cpu_features.h"
#include "runtime/host/thread_pool.h"
#include "runtime/memory/caching_allocator.h"
#include "runtime/plan/plan_generated.h"

struct mlc_device : mlc::runtime::RefCounted<mlc_device> {
  mlc_device(const mlc_device_options_t& options, uint32_t num_threads);

  mlc::runtime::Logger log;
  mlc::runtime::CpuFeatures features;
  mlc::runtime::CachingAllocator allocator;
  mlc::runtime::ThreadPool threads;
};

namespace mlc::runtime {

// The usable target of highest rank (the first of equals) that the entry has programs for, or
// NO_TARGET with what each target lacks.
Result<uint32_t> ChooseTarget(const plan::Plan& plan, const plan::Entry& entry,
                              const CpuFeatures& features);

}  // namespace mlc::runtime

#endif  // MLC_RUNTIME_HOST_DEVICE_H

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Device memory from the driver, or from the application's own allocator.
#ifndef MLC_RUNTIME_CUDA_MEMORY_SOURCE_H
#define MLC_RUNTIME_CUDA_MEMORY_SOURCE_H

#include "runtime/cuda/context.h"
#include "runtime/memory/segment_allocator.h"

namespace mlc::runtime::cuda {

// `hooks` may be null. The context outlives the source.
std::unique_ptr<MemorySource> MakeMemorySource(const Context& context,
                                               const mlc_allocator_t* hooks);

// Passes when the work that is on the stream now has ended. Null when the driver cannot make one:
// wait for the stream instead.
std::unique_ptr<Fence> MakeFence(const Context& context, CUstream stream);

// Bytes of the device, 0 when the driver does not tell.
uint64_t TotalMemory(const Context& context);

}  // namespace mlc::runtime::cuda

#endif  // MLC_RUNTIME_CUDA_MEMORY_SOURCE_H

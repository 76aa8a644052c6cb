// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_BACKENDS_CUDA_CODEGEN_MISALIGNEDLOADS_H
#define MLC_BACKENDS_CUDA_CODEGEN_MISALIGNEDLOADS_H

#include "llvm/IR/Module.h"

namespace mlc::cuda {

/// Loads of 16 bytes from buffers of a kernel that are aligned to less than 8, as rows of odd lengths are, become two loads of the aligned 16 bytes that they begin and end in, and shifts. A GPU has no such loads: they would be
/// made element by element, which takes four times as many passes of the L1 cache. Each of the two has a byte that the program reads, so neither leaves what is allocated; buffers lie at multiples of 16 bytes.
void splitMisalignedLoads(llvm::Module &module);

} // namespace mlc::cuda

#endif

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// What ptxas made of a module, and what it said of each kernel: registers that did not fit, shared memory, and the warnings C75xx, which mean that code waits where the source does not.
#ifndef MLC_BACKENDS_CUDA_CODEGEN_ASSEMBLY_H
#define MLC_BACKENDS_CUDA_CODEGEN_ASSEMBLY_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace mlc::cuda {

struct KernelUsage {
  uint64_t spillBytes = 0;        // stores and loads of spilled registers, of a thread's code
  uint64_t staticSharedBytes = 0; // of a block
  bool overruns = false;          // the assembler refused its shared memory
  std::string warning;            // a C75xx line

  /// Why a template should not run so, with `dynamicBytes` of shared memory at launch where a block may have `limit`; empty when it may.
  std::string fault(uint64_t dynamicBytes, uint64_t limit) const;
};

struct Assembly {
  std::map<std::string, KernelUsage> usages; // by kernel; only those with something to tell
  std::string code;

  /// Of the log of `ptxas -v`. The error is a C75xx line that names no kernel.
  static llvm::Expected<Assembly> ofLog(llvm::StringRef log);
  bool hasOverrun() const;

  /// As the cache keeps it: a line for each kernel, an empty one, the code.
  std::string text() const;
  static Assembly parse(std::string text);
};

} // namespace mlc::cuda

#endif

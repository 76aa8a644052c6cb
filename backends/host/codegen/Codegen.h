// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// From a kernel's MLIR module to machine code, and from many objects to one flat image.
#ifndef MLC_BACKENDS_HOST_CODEGEN_CODEGEN_H
#define MLC_BACKENDS_HOST_CODEGEN_CODEGEN_H

#include "backends/host/HostTarget.h"
#include "backends/llvm/Module.h"
#include "llvm/Support/Error.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace mlc::host {

struct CodegenOptions {
  HostTarget target;
  Effort effort = Effort::Full;
  bool contract = true; // a*b+c may become one FMA
};

/// ELF object of the module's function, renamed to `symbol`. Thread-safe for different modules of one context.
llvm::Expected<std::string> compileKernel(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options);

/// Text of the assembly instead, for people and tests.
llvm::Expected<std::string> assemblyOf(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options);

/// A flat image: text, then read-only data, no relocations.
struct Image {
  std::string bytes;
  struct Entry {
    uint64_t offset, size;
  };
  std::vector<Entry> entries; // one per symbol asked for
  std::string elf;            // the same with symbols, for debuggers
};

/// Links objects with lld; fails when something would need a relocation or an outside symbol. Not thread-safe (lld is not).
llvm::Expected<Image> linkImage(llvm::ArrayRef<std::string> objects, llvm::ArrayRef<std::string> symbols);

} // namespace mlc::host

#endif

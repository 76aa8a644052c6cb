// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// PTX of single kernels, and one module of many.
#ifndef MLC_BACKENDS_CUDA_CODEGEN_PTX_H
#define MLC_BACKENDS_CUDA_CODEGEN_PTX_H

#include "backends/cuda/CudaTarget.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace mlc::cuda {

/// Every driver from CUDA 12.0 (525) on reads it; what needs a later version does not go into the forward path.
constexpr unsigned kForwardIsa = 80; // .version 8.0

/// PTX of the module's function, an entry `symbol` of blocks of `threads` threads. Thread-safe for different modules of one context.
llvm::Expected<std::string> compileToPtx(mlir::ModuleOp module, llvm::StringRef symbol, unsigned threads, const CudaTarget &target);

/// One kernel's PTX with the symbol it was compiled under and the name it gets.
struct PtxPart {
  llvm::StringRef text, symbol, name;
};
/// One module of all parts: one header, their symbols replaced by names. All symbols of a part start with its own symbol, so none clash; variables that nothing reads are left out.
/// The ISA version is the target's when a part needs more than kForwardIsa. The error names the part that has no header.
llvm::Expected<std::string> mergePtx(llvm::ArrayRef<PtxPart> parts, const CudaTarget &target);

} // namespace mlc::cuda

#endif

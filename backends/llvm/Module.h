// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// The steps between a kernel's MLIR module and a target's code generator that all targets share.
#ifndef MLC_BACKENDS_LLVM_MODULE_H
#define MLC_BACKENDS_LLVM_MODULE_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlc {

/// LLVM IR of `module` (lowered in place), for `machine`, its function `kernel` renamed to `symbol` and the only one that is visible; the math functions that it calls are linked in.
llvm::Expected<std::unique_ptr<llvm::Module>> translateKernel(mlir::ModuleOp module, llvm::StringRef symbol, llvm::LLVMContext &context, const llvm::TargetMachine &machine);

/// How hard LLVM works on a kernel. Least: code that runs once, for less time than optimising it takes.
enum class Effort { Least, Less, Full };

/// LLVM's default pipeline without its vectorisers (vectors are emitted where they are wanted).
void optimizeKernel(llvm::Module &module, llvm::TargetMachine &machine, Effort effort);

/// The code generator's output for `module`.
llvm::Expected<std::string> emitFile(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType type);

/// Changes with everything of this build that the above depends on beside its arguments and LLVM: the sources of the code generators and the math support.
std::string codegenIdentity();

} // namespace mlc

#endif

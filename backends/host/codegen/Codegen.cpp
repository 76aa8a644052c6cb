// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/codegen/Codegen.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

namespace mlc::host {

namespace {

std::unique_ptr<llvm::TargetMachine> createMachine(const CodegenOptions &options) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  std::string error;
  llvm::Triple triple(options.target.triple);
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  std::string features;
  for (const std::string &f : options.target.features)
    features += "+" + f + ",";
  if (options.target.vectorBits == 256)
    features += "+prefer-256-bit,";
  llvm::TargetOptions targetOptions;
  targetOptions.AllowFPOpFusion = options.contract ? llvm::FPOpFusion::Standard : llvm::FPOpFusion::Strict;
  constexpr llvm::CodeGenOptLevel levels[] = {llvm::CodeGenOptLevel::None, llvm::CodeGenOptLevel::Less, llvm::CodeGenOptLevel::Default};
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, "x86-64", features, targetOptions, llvm::Reloc::PIC_, llvm::CodeModel::Small, levels[static_cast<int>(options.effort)]));
}

llvm::Expected<std::string> generate(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options, llvm::CodeGenFileType type) {
  llvm::LLVMContext context;
  auto machine = createMachine(options);
  if (!machine)
    return llvm::createStringError("no code generator for " + options.target.triple);
  auto ir = translateKernel(module, symbol, context, *machine);
  if (!ir)
    return ir.takeError();
  for (llvm::Function &f : **ir) {
    f.addFnAttr("prefer-vector-width", std::to_string(options.target.vectorBits));
    f.addFnAttr("min-legal-vector-width", std::to_string(options.target.vectorBits));
    f.addFnAttr(llvm::Attribute::NoUnwind);
  }
  optimizeKernel(**ir, *machine, options.effort);
  return emitFile(**ir, *machine, type);
}

} // namespace

llvm::Expected<std::string> compileKernel(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options) {
  return generate(module, symbol, options, llvm::CodeGenFileType::ObjectFile);
}

llvm::Expected<std::string> assemblyOf(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options) {
  return generate(module, symbol, options, llvm::CodeGenFileType::AssemblyFile);
}

} // namespace mlc::host

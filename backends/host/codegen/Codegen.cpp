// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/codegen/Codegen.h"
#include "backends/host/codegen/LowerToLLVM.h"
#include "backends/host/support/support.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
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
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, "x86-64", features, targetOptions, llvm::Reloc::PIC_, llvm::CodeModel::Small, options.optLevel ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::Less));
}

/// Adds the math functions that the module calls.
llvm::Error linkSupport(llvm::Module &module) {
  bool needed = llvm::any_of(module, [](const llvm::Function &f) { return f.isDeclaration() && f.getName().starts_with("mlc_"); });
  if (!needed)
    return llvm::Error::success();
  llvm::MemoryBufferRef bitcode(llvm::StringRef(reinterpret_cast<const char *>(mlc_support_math_bc), mlc_support_math_bc_size), "mlc math");
  auto support = llvm::getLazyBitcodeModule(bitcode, module.getContext());
  if (!support)
    return support.takeError();
  (*support)->setTargetTriple(module.getTargetTriple());
  (*support)->setDataLayout(module.getDataLayout());
  if (llvm::Linker::linkModules(module, std::move(*support), llvm::Linker::LinkOnlyNeeded))
    return llvm::createStringError("linking the math support failed");
  return llvm::Error::success();
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine, const CodegenOptions &options) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = options.optLevel > 0;
  tuning.LoopVectorization = tuning.SLPVectorization = false; // vectors are emitted where they are wanted
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  auto level = options.optLevel ? llvm::OptimizationLevel::O2 : llvm::OptimizationLevel::O1;
  builder.buildPerModuleDefaultPipeline(level).run(module, modules);
}

llvm::Expected<std::string> generate(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options, llvm::CodeGenFileType type) {
  if (mlir::failed(lowerToLLVM(module)))
    return llvm::createStringError("lowering a kernel to the LLVM dialect failed");
  llvm::LLVMContext context;
  auto ir = mlir::translateModuleToLLVMIR(module, context, symbol);
  if (!ir)
    return llvm::createStringError("translating a kernel to LLVM IR failed");
  auto machine = createMachine(options);
  if (!machine)
    return llvm::createStringError("no code generator for " + options.target.triple);
  ir->setTargetTriple(llvm::Triple(options.target.triple));
  ir->setDataLayout(machine->createDataLayout());
  llvm::Function *kernel = ir->getFunction("kernel");
  kernel->setName(symbol);
  if (auto error = linkSupport(*ir))
    return std::move(error);
  llvm::internalizeModule(*ir, [&](const llvm::GlobalValue &g) { return g.getName() == symbol; });
  for (llvm::Function &f : *ir) {
    f.addFnAttr("prefer-vector-width", std::to_string(options.target.vectorBits));
    f.addFnAttr("min-legal-vector-width", std::to_string(options.target.vectorBits));
    f.addFnAttr(llvm::Attribute::NoUnwind);
  }
  optimize(*ir, *machine, options);
  llvm::SmallString<0> out;
  llvm::raw_svector_ostream os(out);
  llvm::legacy::PassManager emit;
  if (machine->addPassesToEmitFile(emit, os, nullptr, type))
    return llvm::createStringError("the code generator cannot write this kind of file");
  emit.run(*ir);
  return out.str().str();
}

} // namespace

llvm::Expected<std::string> compileKernel(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options) {
  return generate(module, symbol, options, llvm::CodeGenFileType::ObjectFile);
}

llvm::Expected<std::string> assemblyOf(mlir::ModuleOp module, llvm::StringRef symbol, const CodegenOptions &options) {
  return generate(module, symbol, options, llvm::CodeGenFileType::AssemblyFile);
}

} // namespace mlc::host

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/codegen/Ptx.h"
#include "backends/cuda/codegen/MisalignedLoads.h"
#include "backends/llvm/Module.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

namespace mlc::cuda {
namespace {

std::unique_ptr<llvm::TargetMachine> createMachine(const CudaTarget &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  std::string error;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return nullptr;
  // Kernels of the generic route use nothing newer; machine code for later devices comes from the same text.
  std::string cpu = "sm_" + std::to_string(std::min(target.capability, 90u));
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(triple, cpu, "+ptx" + std::to_string(kForwardIsa), {}, std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Default));
}

/// All of a kernel's symbols start with its own, so that many kernels fit into one module.
void prefixSymbols(llvm::Module &module, llvm::StringRef symbol) {
  for (llvm::GlobalObject &g : module.global_objects())
    if (!g.isDeclaration() && g.getName() != symbol)
      g.setName(symbol + "_" + g.getName());
}

/// The kernel starts while the launches before it still run, and waits for them (Kernel.waits of the plan). The intrinsics are not used: they say that they touch no memory, so loads might pass them.
void waitForLaunches(llvm::Function &kernel) {
  llvm::IRBuilder<> b(&kernel.getEntryBlock(), kernel.getEntryBlock().getFirstInsertionPt());
  for (const char *text : {"griddepcontrol.wait;", "griddepcontrol.launch_dependents;"})
    b.CreateCall(llvm::InlineAsm::get(llvm::FunctionType::get(b.getVoidTy(), false), text, "~{memory}", /*hasSideEffects=*/true));
}

} // namespace

llvm::Expected<std::string> compileToPtx(mlir::ModuleOp module, llvm::StringRef symbol, unsigned threads, const CudaTarget &target) {
  auto machine = createMachine(target);
  if (!machine)
    return llvm::createStringError("this LLVM has no code generator for NVIDIA GPUs");
  llvm::LLVMContext context;
  auto ir = translateKernel(module, symbol, context, *machine);
  if (!ir)
    return ir.takeError();
  llvm::Function *kernel = (*ir)->getFunction(symbol);
  kernel->setCallingConv(llvm::CallingConv::PTX_Kernel);
  kernel->addFnAttr("nvvm.maxntid", std::to_string(threads));
  for (llvm::Function &f : **ir)
    if (!f.isDeclaration() && &f != kernel) {
      f.removeFnAttr(llvm::Attribute::NoInline);
      f.addFnAttr(llvm::Attribute::AlwaysInline);
    }
  if (target.hasDependentLaunch())
    waitForLaunches(*kernel);
  splitMisalignedLoads(**ir);
  optimizeKernel(**ir, *machine, Effort::Full);
  prefixSymbols(**ir, symbol);
  return emitFile(**ir, *machine, llvm::CodeGenFileType::AssemblyFile);
}

/// The name that a line defines when it is a variable private to the module, else nothing.
static llvm::StringRef privateVariable(llvm::StringRef line) {
  if (!line.starts_with(".global ") || !line.ends_with(";"))
    return {};
  llvm::StringRef name = line.take_until([](char c) { return c == '=' || c == '[' || c == ';'; }).rtrim();
  return name.rsplit(' ').second;
}

/// Mangled names in the lines that define no private variable: NVRTC keeps a variable for each static constant of a configuration, which hardly any code reads.
static llvm::StringSet<> namesInUse(llvm::ArrayRef<llvm::StringRef> lines) {
  llvm::StringSet<> out;
  for (llvm::StringRef line : lines) {
    if (!privateVariable(line).empty())
      line = line.split('=').second; // an address of another one
    for (size_t at; (at = line.find("_Z")) != llvm::StringRef::npos;) {
      llvm::StringRef name = line.drop_front(at).take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '$'; });
      out.insert(name);
      line = line.drop_front(at + name.size());
    }
  }
  return out;
}

llvm::Expected<std::string> mergePtx(llvm::ArrayRef<PtxPart> parts, const CudaTarget &target) {
  unsigned isa = kForwardIsa;
  std::string body;
  for (const PtxPart &part : parts) {
    llvm::SmallVector<llvm::StringRef> lines;
    part.text.split(lines, '\n');
    bool hasHeader = false;
    llvm::StringSet<> used = namesInUse(lines);
    for (llvm::StringRef line : lines) {
      if (llvm::StringRef name = privateVariable(line); name.starts_with("_Z") && !used.contains(name))
        continue;
      llvm::StringRef trimmed = line.trim();
      if (trimmed.consume_front(".version ")) {
        auto [major, minor] = trimmed.split('.');
        unsigned high = 0, low = 0;
        hasHeader = !major.getAsInteger(10, high) && !minor.trim().getAsInteger(10, low);
        isa = std::max(isa, high * 10 + low);
        continue;
      }
      if (trimmed.starts_with(".target ") || trimmed.starts_with(".address_size ") || trimmed.starts_with("//") || trimmed.empty())
        continue;
      for (size_t at; (at = line.find(part.symbol)) != llvm::StringRef::npos; line = line.drop_front(at + part.symbol.size()))
        body += (line.take_front(at) + part.name).str();
      body += (line + "\n").str();
    }
    if (!hasHeader)
      return llvm::createStringError("kernel " + part.name + ": its PTX has no version");
  }
  // NOTE: PTX of NVRTC carries the toolkit's version whatever it uses; the forward path holds only kernels for the lowest, so there the number is simply lowered.
  if (target.forward)
    isa = kForwardIsa;
  std::string arch = (target.hasHopper() ? target.arch() : "sm_" + std::to_string(target.capability));
  return ".version " + std::to_string(isa / 10) + "." + std::to_string(isa % 10) + "\n.target " + arch + "\n.address_size 64\n" + body;
}

} // namespace mlc::cuda

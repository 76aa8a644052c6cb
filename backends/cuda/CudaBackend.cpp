// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/cuda/CudaBackend.h"
#include "backends/ElementTypes.h"
#include "backends/cuda/codegen/Ptx.h"
#include "backends/cuda/choose/Passes.h"
#include "backends/cuda/emit/Attention.h"
#include "backends/cuda/emit/Kernel.h"
#include "backends/cuda/emit/Templates.h"
#include "backends/cuda/kernels/Sources.h"
#include "backends/cuda/codegen/Assembly.h"
#include "backends/llvm/Module.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/ThreadPool.h"

using namespace mlir;

namespace mlc::cuda {
namespace {

/// One H100, on which what it decides was measured (a launch of a graph takes 3 us from its start to that of the next, whatever it does); other devices by their multiprocessors.
Backend::Concurrency concurrencyOf(const CudaTarget &target) {
  double part = target.multiprocessors / 132.0;
  return {.flopsPerNs = 60000 * part, .halfFlopsPerNs = 400000 * part, .bytesPerNs = 3000 * part, .launchNs = 3000, .forkNs = 800, .fillElements = 65536 * part};
}

class CudaBackend : public Backend {
public:
  CudaBackend(const CudaTarget &target, std::shared_ptr<const Toolchain> tools, std::shared_ptr<const Tuning> tuned) : target(target), toolchain(std::move(tools)), tuning(std::move(tuned)) {
    arch = target.arch();
    triple = "nvptx64-nvidia-cuda";
    channelsLastAlways = true;
    concurrency = concurrencyOf(target);
    rank = target.forward ? 1 : static_cast<int>(target.capability);
    minCuda = target.forward ? 12000 : toolchain->minCuda();
  }

  LogicalResult checkTypes(func::FuncOp func) const override { return checkElementTypes(func, arch); }

  Attention attention(StringRef precision) const override {
    return {.any = target.hasAsyncCopy(), .onlySoftmax = true, .mostQueries = precision.empty() ? kFewQueries : 0, .headMultiple = kHeadMultiple, .mostHead = kMostHead};
  }

  void addChoosePasses(OpPassManager &func) const override { 
    func.addPass(createCudaFoldPatches());
    func.addPass(createCudaPackWeights());
    func.addPass(createCudaPadProducts());
  }

  void addTypedPasses(OpPassManager &func) const override {
    if (target.hasAsyncCopy()) // else no template takes them
      func.addPass(createCudaPackStems());
    if (tuning->library)
      func.addPass(createCudaNarrowBiases());
  }

  FailureOr<Kernel> emit(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements, bool reference, const RefusedSources &refused) const override {
    FailureOr<Kernel> kernel = failure();
    if (!reference)
      kernel = emitTemplate({region, facts, placements, target, graph::AssumedSizes(region->getParentOfType<func::FuncOp>(), facts), *tuning, refused});
    if (failed(kernel))
      kernel = emitGeneric(region, facts, placements);
    if (succeeded(kernel) && !kernel->library)
      kernel->waits = target.hasDependentLaunch();
    return kernel;
  }

  llvm::Expected<TargetCode> generate(llvm::MutableArrayRef<NamedKernel> kernels, const CodegenContext &context) const override {
    std::vector<std::string> texts(kernels.size()), errors(kernels.size()), symbols(kernels.size());
    llvm::DefaultThreadPool pool(llvm::hardware_concurrency(context.threads));
    std::atomic<unsigned> done{0};
    size_t total = llvm::count_if(kernels, [](const NamedKernel &k) { return !k.kernel.library; });
    for (size_t i = 0; i < kernels.size(); ++i) {
      if (kernels[i].kernel.library)
        continue;
      pool.async([&, i] {
        symbols[i] = "k" + kernels[i].digest;
        auto text = context.cache.get(cacheKey(kernels[i].digest), [&] { return compileOne(kernels[i], symbols[i]); });
        kernels[i].kernel.module = nullptr;
        if (text)
          texts[i] = std::move(*text);
        else
          errors[i] = llvm::toString(text.takeError());
        if (context.progress)
          context.progress(arch + " kernels", ++done, total);
      });
    }
    pool.wait();
    std::vector<PtxPart> parts;
    for (size_t i = 0; i < kernels.size(); ++i) {
      if (!errors[i].empty())
        return llvm::createStringError(arch + " kernel " + kernels[i].name + ": " + errors[i]);
      if (kernels[i].kernel.waits && texts[i].find("griddepcontrol.wait") == std::string::npos)
        return llvm::createStringError(arch + " kernel " + kernels[i].name + " nowhere waits for the launches before it, as the plan says: its template lacks wait_for_launches()");
      if (!kernels[i].kernel.library)
        parts.push_back({texts[i], symbols[i], kernels[i].name});
    }
    TargetCode code;
    code.kind = target.forward ? TargetCode::Kind::Ptx : TargetCode::Kind::Cubin;
    code.ranges.resize(kernels.size());
    if (parts.empty())
      return code;
    auto ptx = mergePtx(parts, target);
    if (!ptx)
      return ptx.takeError();
    if (!context.asmFolder.empty())
      if (auto error = saveText(context.asmFolder + "/" + arch + ".ptx", *ptx))
        return std::move(error);
    if (target.forward) {
      code.bytes = std::move(*ptx);
      return code;
    }
    // The driver's counterpart of a text is a function of the text and the assembler alone.
    std::string digest = llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(*ptx)), /*LowerCase=*/true);
    auto text = context.cache.get("assembly " + digest + "\n" + arch + "\n" + toolchain->version(), [&]() -> llvm::Expected<std::string> {
      auto assembly = toolchain->assemble(*ptx, target, pool.getMaxConcurrency());
      return assembly ? llvm::Expected<std::string>(assembly->text()) : assembly.takeError();
    });
    if (!text)
      return text.takeError();
    Assembly assembly = Assembly::parse(std::move(*text));
    if (auto error = judge(kernels, assembly, code.warnings))
      return std::move(error);
    code.bytes = std::move(assembly.code);
    code.ptx = std::move(*ptx);
    return code;
  }

private:
  /// What the assembler says of templates: candidates with a fault are refused, those without another one are a warning, or an error when there is no code.
  llvm::Error judge(llvm::ArrayRef<NamedKernel> kernels, const Assembly &assembly, std::vector<std::string> &warnings) const {
    auto refused = std::make_unique<RefusedKernels>();
    for (const NamedKernel &k : kernels) {
      auto usage = assembly.usages.find(k.name);
      if (usage == assembly.usages.end() || k.kernel.source.empty())
        continue;
      std::string fault = usage->second.fault(k.kernel.sharedBytes, target.sharedBytes);
      if (fault.empty())
        continue;
      std::string text = arch + " kernel " + k.name + " " + fault;
      if (k.kernel.isOnly)
        warnings.push_back(text + ", and has no other candidate");
      else
        refused->kernels.emplace_back(k.kernel.source, text);
    }
    if (!refused->kernels.empty())
      return llvm::Error(std::move(refused));
    if (assembly.code.empty())
      return llvm::createStringError("ptxas made no code: " + llvm::join(warnings, "; "));
    return llvm::Error::success();
  }

  llvm::Expected<std::string> compileOne(const NamedKernel &k, const std::string &symbol) const {
    if (k.kernel.module)
      return compileToPtx(k.kernel.module.get(), symbol, k.kernel.threads, target);
    std::string source = k.kernel.source;
    for (size_t at = 0; (at = source.find("MLC_KERNEL", at)) != std::string::npos; at += symbol.size())
      source.replace(at, 10, symbol);
    return toolchain->compile(source, k.name, target);
  }

  /// Everything but LLVM that a kernel's PTX depends on.
  std::string cacheKey(StringRef digest) const { return ("ptx " + digest + "\n" + codegenIdentity() + "\n" + arch + "\n" + toolchain->version()).str(); }

  static llvm::Error saveText(const std::string &path, StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream os(path, error);
    os << text;
    return error ? llvm::createStringError("cannot write " + path + ": " + error.message()) : llvm::Error::success();
  }

  CudaTarget target;
  std::shared_ptr<const Toolchain> toolchain;
  std::shared_ptr<const Tuning> tuning;
};

} // namespace

llvm::Error addBuiltInTuning(Tuning &tuning) { return tuning.addBuiltIn(kTunedSm90, "tuned/sm_90a.tsv"); }

std::shared_ptr<const Backend> makeBackend(const CudaTarget &target, std::shared_ptr<const Toolchain> toolchain, std::shared_ptr<const Tuning> tuning) {
  return std::make_shared<CudaBackend>(target, std::move(toolchain), std::move(tuning));
}

} // namespace mlc::cuda

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#include "backends/host/HostBackend.h"
#include "backends/ElementTypes.h"
#include "backends/host/choose/Passes.h"
#include "backends/host/codegen/Codegen.h"
#include "backends/host/emit/Kernel.h"
#include "backends/llvm/Module.h"
#include "llvm/Support/ThreadPool.h"

using namespace mlir;

namespace mlc::host {
namespace {

/// Optimising a kernel takes 3 to 8 ms, and code that was not optimised up to ten times as long as its estimate.
constexpr double kBriefNanoseconds = 300e3;

class HostBackend : public Backend {
public:
  explicit HostBackend(const HostTarget &target) : target(target) {
    arch = target.arch;
    triple = target.triple;
    features = target.features;
    rank = target.rank;
  }

  LogicalResult checkTypes(func::FuncOp func) const override { return checkElementTypes(func, "host"); }

  void addChoosePasses(OpPassManager &func) const override { func.addPass(createHostPackOperands()); }

  FailureOr<Kernel> emit(graph::RegionOp region, graph::ShapeFacts &facts, const Placements &placements, bool reference, const RefusedSources &) const override {
    return emitKernel(region, facts, {target, reference, placements});
  }

  llvm::Expected<TargetCode> generate(llvm::MutableArrayRef<NamedKernel> kernels, const CodegenContext &context) const override {
    std::vector<std::string> objects(kernels.size()), errors(kernels.size()), symbols;
    llvm::DefaultThreadPool pool(llvm::hardware_concurrency(context.threads));
    std::atomic<unsigned> done{0};
    for (size_t i = 0; i < kernels.size(); ++i)
      pool.async([&, i] {
        objects[i] = compileOne(kernels[i], context, errors[i]);
        if (context.progress)
          context.progress("kernels", ++done, kernels.size());
      });
    pool.wait();
    for (size_t i = 0; i < kernels.size(); ++i) {
      if (!errors[i].empty())
        return llvm::createStringError("kernel " + kernels[i].name + ": " + errors[i]);
      symbols.push_back("k" + kernels[i].digest);
    }
    TargetCode code;
    if (kernels.empty())
      return code;
    auto image = linkImage(objects, symbols);
    if (!image)
      return image.takeError();
    code.bytes = std::move(image->bytes);
    for (const Image::Entry &e : image->entries)
      code.ranges.push_back({e.offset, e.size});
    return code;
  }

private:
  /// The kernel's object. Its symbol is the same in every model, so that models share cached objects.
  std::string compileOne(NamedKernel &k, const CodegenContext &context, std::string &error) const {
    Effort effort = context.runsOnce && isBrief(k.kernel) ? Effort::Least : context.optLevel > 0 ? Effort::Full : Effort::Less;
    CodegenOptions codegen{target, effort, /*contract=*/context.optLevel > 0};
    if (!context.asmFolder.empty())
      error = saveAssembly(k, codegen, context.asmFolder);
    auto object = context.cache.get(cacheKey(k.digest, codegen), [&] { return compileKernel(*k.kernel.module, "k" + k.digest, codegen); });
    k.kernel.module = nullptr;
    if (object)
      return std::move(*object);
    error += llvm::toString(object.takeError());
    return "";
  }

  /// Whether it runs for less time, by its estimate, than optimising it would take.
  static bool isBrief(const Kernel &k) {
    auto grid = k.grid.constant();
    return grid && static_cast<double>(*grid) * k.taskNanoseconds < kBriefNanoseconds;
  }

  /// Everything but LLVM that an object's bytes depend on.
  static std::string cacheKey(StringRef digest, const CodegenOptions &o) {
    return (digest + "\n" + codegenIdentity() + "\n" + o.target.triple + "\n" + llvm::join(o.target.features, ",") + "\n" + llvm::Twine(o.target.vectorBits) + "\n" + llvm::Twine(static_cast<int>(o.effort)) + "\n" + llvm::Twine(o.contract)).str();
  }

  /// Writes <folder>/<kernel>.s; returns what went wrong.
  static std::string saveAssembly(const NamedKernel &k, const CodegenOptions &codegen, const std::string &folder) {
    OwningOpRef<ModuleOp> copy(k.kernel.module.get().clone());
    auto text = assemblyOf(*copy, k.name, codegen);
    if (!text)
      return llvm::toString(text.takeError());
    std::error_code error;
    llvm::raw_fd_ostream os(folder + "/" + k.name + ".s", error);
    os << *text;
    return error ? "cannot write into " + folder + ": " + error.message() : "";
  }

  HostTarget target;
};

} // namespace

std::shared_ptr<const Backend> makeBackend(const HostTarget &target) { return std::make_shared<HostBackend>(target); }

} // namespace mlc::host

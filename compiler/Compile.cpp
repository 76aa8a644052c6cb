// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// 1. put preprocessing in front, normalise once, and a clone for each bucket; 2. per target, for the generic module and each bucket: clone, fuse, emit each region's kernel, share equal ones,
// lower to the plan dialect; 3. generate machine code in parallel, link one image per target; 4. write the plan.
#include "compiler/Compile.h"
#include "compiler/Accuracy.h"
#include "compiler/Calibrate.h"
#include "compiler/Evaluate.h"
#include "compiler/Pipeline.h"
#include "compiler/PlanFile.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Recognise/Patterns.h"
#include "passes/Schedule/Passes.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "llvm/Support/InterleavedRange.h"
#include "llvm/Support/SHA256.h"
#include <set>

using namespace mlir;

namespace mlc {

char ModelError::ID = 0;
char OptionError::ID = 0;

void registerCompilerDialects(DialectRegistry &registry) {
  registry.insert<graph::GraphDialect, plan_ir::PlanDialect, func::FuncDialect, arith::ArithDialect, math::MathDialect, scf::SCFDialect, cf::ControlFlowDialect, vector::VectorDialect,
                  LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

namespace {

llvm::Error modelError() { return llvm::make_error<ModelError>(); }

/// Kernels of one target: equal ones are compiled once.
class KernelSet {
public:
  /// The name of the kernel, which is a new one unless an equal one was added.
  std::string add(Kernel kernel, graph::RegionOp region) {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (kernel.module)
      kernel.module->print(os, OpPrintingFlags().printGenericOpForm(false).enableDebugInfo(false));
    os << kernel.source << region.getNumOperands() << ' ' << region.getNumResults() << ' ' << kernel.workspaces.size();
    if (kernel.library) // one for each problem, which mlc-tune measures
      os << ' ' << kernel.library->str() << ' ' << kernel.library->left << ' ' << kernel.library->right << ' ' << kernel.library->bias.value_or(0) << ' ' << kernel.library->addend.value_or(0) << ' ' << kernel.problem;
    if (kernel.threads)
      os << ' ' << kernel.threads << ' ' << kernel.sharedBytes << ' ' << kernel.cluster << ' ' << kernel.waits;
    for (const TensorMap &map : kernel.tensorMaps) {
      os << " map " << map.buffer << map.isBf16;
      for (const auto &numbers : {map.dims, map.strides, map.box, map.steps})
        os << '/' << llvm::interleaved(numbers);
      os << '/' << llvm::interleaved(map.lower) << '/' << llvm::interleaved(map.upper);
    }
    auto [it, fresh] = byText.try_emplace(text, entries.size());
    if (fresh) {
      std::string name = "k" + std::to_string(entries.size()) + "_" + kernel.kind;
      std::string digest = llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(text)), /*LowerCase=*/true);
      entries.push_back({name, digest, std::move(kernel), static_cast<unsigned>(region.getNumOperands()), static_cast<unsigned>(region.getNumResults())});
    }
    return entries[it->second].name;
  }

  std::vector<NamedKernel> entries;

private:
  llvm::StringMap<size_t> byText;
};

class Compilation {
public:
  Compilation(ModuleOp module, const CompileOptions &options) : module(module), options(options), cache(options.cacheFolder) {}

  llvm::Expected<CompileReport> run(const std::string *path, std::string *bytes) {
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main) {
      module.emitError() << "has no function 'main'";
      return modelError();
    }
    isFused = !main.getOps<graph::RegionOp>().empty();
    if (isFused && (!options.buckets.empty() || !options.preprocess.empty() || !options.ioLayout.empty()))
      return llvm::make_error<OptionError>("--bucket, --preprocess and --io-layout are for models, not for a module that is fused already (it has graph.region ops)");
    for (const auto &target : options.targets)
      if (failed(target->checkTypes(main)))
        return modelError();
    if (!options.dumpAfter.empty())
      module.getContext()->disableMultithreading(); // which printing asks for
    main.walk([&](Operation *op) { report.graphOps += isa<graph::GraphDialect>(op->getDialect()) && !isa<graph::ConstantOp, graph::YieldOp>(op); });
    if (!options.preprocess.empty() || !options.ioLayout.empty())
      if (auto error = passes(module, [&](OpPassManager &pm) { buildSignaturePipeline(pm, options.preprocess, options.ioLayout); })) {
        llvm::consumeError(std::move(error));
        return llvm::make_error<OptionError>();
      }
    if (auto error = normalize())
      return std::move(error);
    if (options.stopAfter == "normalize")
      return stopped();
    for (size_t i = 0; i < options.targets.size(); ++i)
      if (auto error = compileTarget(i))
        return std::move(error);
    if (report.stopped)
      return report;
    if (!options.dumpAfter.empty() && !passesSeen.count(options.dumpAfter))
      return llvm::make_error<OptionError>("--dump-after: no pass '" + options.dumpAfter + "' ran; these did: " + llvm::join(passesSeen, ", "));
    if (!options.takeCode)
      if (auto error = write(path, bytes))
        return std::move(error);
    cache.prune();
    report.cacheHits = cache.hits;
    report.cacheMisses = cache.misses;
    report.cacheWarning = cache.warning();
    return report;
  }

private:
  llvm::Error write(const std::string *path, std::string *bytes) {
    // The first clone, a generic one, carries the signature; all others agree on it.
    PlanParts parts{clones[0]->lookupSymbol<func::FuncOp>("main"), module, programs, std::move(code), &constants, facts[0].get()};
    StageTimer timer(report.times, "write-plan");
    auto size = writePlan(parts, options, path, bytes);
    if (!size)
      return size.takeError();
    report.planBytes = *size;
    return llvm::Error::success();
  }

  llvm::Error passes(ModuleOp on, llvm::function_ref<void(OpPassManager &)> build) {
    PassManager pm(on.getContext());
    build(pm);
    auto isWanted = [&](Pass *pass, Operation *) {
      if (!pass->getArgument().empty())
        passesSeen.insert(pass->getArgument().str());
      return pass->getArgument() == options.dumpAfter;
    };
    if (!options.dumpAfter.empty())
      pm.enableIRPrinting([](Pass *, Operation *) { return false; }, isWanted, /*printModuleScope=*/true, /*printAfterOnlyOnChange=*/false, false, llvm::errs(),
                          OpPrintingFlags().elideLargeElementsAttrs(64).elideLargeResourceString(1024));
    pm.addInstrumentation(std::make_unique<PassTimes>(report.times));
    return failed(pm.run(on)) ? modelError() : llvm::Error::success();
  }

  /// The module, and a specialised clone of it for each bucket.
  llvm::Error normalize() {
    ConstantEvaluator evaluator = options.foldConstants ? compilingEvaluator(options.optLevel, options.threads, options.cacheFolder) : ConstantEvaluator();
    if (!isFused) {
      if (auto error = passes(module, [&](OpPassManager &pm) { buildNormalizePipeline(pm, options.optLevel, evaluator, options.explainFusion); }))
        return error;
      report.recognised = countPatterns(module.lookupSymbol<func::FuncOp>("main"));
    }
    for (const Bucket &bucket : options.buckets) {
      specialized.push_back(OwningOpRef<ModuleOp>(module.clone()));
      if (auto error = passes(*specialized.back(), [&](OpPassManager &pm) { buildSpecializePipeline(pm, bucketText(bucket), options.optLevel, evaluator); }))
        return doesNotFit(bucket, std::move(error));
    }
    return llvm::Error::success();
  }

  CompileReport stopped() {
    module.print(llvm::outs());
    for (auto &variant : specialized)
      variant->print(llvm::outs());
    report.stopped = true;
    return report;
  }

  llvm::Error doesNotFit(const Bucket &bucket, llvm::Error error) {
    module.emitError() << "has no program for --bucket " << bucketText(bucket) << ": leave the bucket out or change it";
    return error;
  }

  /// Once, and again while candidates turn out not to be worth running: with others in their place.
  llvm::Error compileTarget(unsigned number) {
    RefusedSources refused;
    for (;;) {
      size_t before = programs.size();
      size_t known = refused.size();
      auto error = llvm::handleErrors(tryTarget(number, refused), [&](const RefusedKernels &e) {
        for (const auto &[source, why] : e.kernels) {
          refused.insert(source);
          report.refused.push_back(why);
        }
      });
      if (error || refused.size() == known)
        return error;
      programs.resize(before); // NOTE: their clones stay, constants of the plan may lie in them
    }
  }

  llvm::Error tryTarget(unsigned number, const RefusedSources &refused) {
    const Backend &target = *options.targets[number];
    KernelSet kernels;
    if (auto error = compileProgram(module, number, nullptr, refused, kernels))
      return error;
    CompileReport::Target summary;
    if (!report.stopped)
      summarize(programs.back().op, clones.back()->lookupSymbol<func::FuncOp>("main"), summary);
    for (auto [variant, bucket] : llvm::zip(specialized, options.buckets))
      if (auto error = compileProgram(*variant, number, &bucket, refused, kernels))
        return doesNotFit(bucket, std::move(error));
    if (report.stopped) {
      printKernels(kernels.entries);
      return llvm::Error::success();
    }
    summary.arch = target.arch;
    StageTimer timer(report.times, "generate-code");
    auto compiled = target.generate(kernels.entries, {options.optLevel, options.runsOnce, options.threads, cache, options.asmFolder, options.progress});
    if (!compiled)
      return compiled.takeError();
    if (options.takeCode)
      if (auto error = options.takeCode(target, *compiled))
        return error;
    summary.kernels = kernels.entries.size();
    for (const NamedKernel &k : kernels.entries)
      if (!k.kernel.problem.empty())
        summary.choices.push_back({k.name, k.kernel.problem, k.kernel.config});
    summary.codeBytes = compiled->bytes.size();
    llvm::append_range(report.warnings, compiled->warnings);
    report.targets.push_back(summary);
    code.push_back({&target, std::move(*compiled), std::move(kernels.entries)});
    return llvm::Error::success();
  }

  /// Behind the programs of --stop-after=plan: what a launch of each kernel needs, where it is more than a range of tasks.
  static void printKernels(llvm::ArrayRef<NamedKernel> kernels) {
    for (const NamedKernel &k : kernels)
      if (k.kernel.library)
        llvm::outs() << "// kernel \"" << k.name << "\": cuBLASLt, " << k.kernel.library->str() << '\n';
      else if (k.kernel.threads)
        llvm::outs() << "// kernel \"" << k.name << "\": blocks of " << k.kernel.threads << " threads, " << k.kernel.sharedBytes << " bytes of dynamic shared memory, clusters of " << k.kernel.cluster << '\n';
  }

  /// Adds the program of a normalised module, generic when `bucket` is null.
  llvm::Error compileProgram(ModuleOp normalized, unsigned target, const Bucket *bucket, const RefusedSources &refused, KernelSet &kernels) {
    clones.push_back(OwningOpRef<ModuleOp>(normalized.clone()));
    ModuleOp clone = *clones.back();
    if (auto error = passes(clone, [&](OpPassManager &pm) { isFused ? buildFusedPipeline(pm) : buildFusePipeline(pm, options.optLevel, options.explainFusion, *options.targets[target], options.precision); }))
      return error;
    if (auto error = convertPrecision(clone, *options.targets[target]))
      return error;
    auto func = clone.lookupSymbol<func::FuncOp>("main");
    facts.push_back(std::make_unique<graph::ShapeFacts>(func));
    graph::ShapeFacts &shapes = *facts.back();
    if (!shapes.valid())
      return modelError();
    if (options.stopAfter == "fuse") {
      clone.print(llvm::outs());
      report.stopped = true;
      return llvm::Error::success();
    }
    if (auto error = emitKernels(func, shapes, *options.targets[target], refused, kernels))
      return error;
    if (auto error = passes(clone, [&](OpPassManager &pm) { buildSchedulePipeline(pm, {.optLevel = options.optLevel, .rematerialize = options.rematerialize ? &shapes : nullptr, .streams = options.streams, .concurrency = options.targets[target]->concurrency, .explain = options.explainFusion}); }))
      return error;
    auto program = [&] {
      StageTimer timer(report.times, "lower-to-plan");
      return lowerToPlan(func, shapes, constants, clone, options.targets[target]->arch);
    }();
    if (failed(program))
      return modelError();
    programs.push_back({*program, target, bucket});
    if (options.stopAfter == "plan") {
      program->print(llvm::outs());
      llvm::outs() << '\n';
      report.stopped = true;
    }
    return llvm::Error::success();
  }

  llvm::Error convertPrecision(ModuleOp fused, const Backend &target) {
    if (options.samples.count && !options.precision.empty())
      if (auto error = measure(fused, target))
        return error;
    return passes(fused, [&](OpPassManager &pm) { buildPrecisionPipeline(pm, {options.precision, options.keepF32, options.narrowIo}, options.optLevel, target); });
  }

  /// Lets the samples decide which regions stay f32.
  llvm::Error measure(ModuleOp fused, const Backend &target) {
    StageTimer timer(report.times, "calibrate");
    std::vector<std::string> lines;
    if (options.precision == "f16") {
      auto found = calibration.apply(fused, options);
      if (!found)
        return found.takeError();
      lines = std::move(*found);
    }
    auto chosen = accuracy.apply(fused, options, target);
    if (!chosen)
      return chosen.takeError();
    llvm::append_range(lines, chosen->kept);
    for (std::string &line : lines)
      if (!llvm::is_contained(report.keptF32, line))
        report.keptF32.push_back(std::move(line));
    if (llvm::none_of(report.accuracy, [&](const CompileReport::Accuracy &known) { return known.arch == target.arch; })) // else another attempt's
      report.accuracy.push_back(chosen->figures);
    return llvm::Error::success();
  }

  static void summarize(plan_ir::ProgramOp program, func::FuncOp func, CompileReport::Target &summary) {
    if (auto peaks = func->getAttrOfType<DenseI64ArrayAttr>(kPeaksAttr))
      summary.peaks = peaks.asArrayRef().vec();
    if (auto copies = func->getAttrOfType<DenseI64ArrayAttr>(kRematerializedAttr))
      summary.rematerialized = copies.asArrayRef().vec();
    DimExpr flops = 0, traffic = 0;
    program.walk([&](plan_ir::LaunchOp launch) {
      ++summary.launches;
      Dims work = launch.getWork().getDims();
      flops = flops + work[0];
      traffic = traffic + work[1];
    });
    program.walk([&](plan_ir::CopyOp) { ++summary.launches; });
    summary.flops = flops.str();
    summary.bytes = traffic.str();
  }

  llvm::Error emitKernels(func::FuncOp func, graph::ShapeFacts &shapes, const Backend &target, const RefusedSources &refused, KernelSet &kernels) {
    StageTimer timer(report.times, "emit-kernels");
    Placements placements(func, shapes);
    SmallVector<graph::RegionOp> regions;
    func.walk([&](graph::RegionOp region) { regions.push_back(region); });
    for (auto [i, region] : llvm::enumerate(regions)) {
      auto kernel = target.emit(region, shapes, placements, options.optLevel == 0, refused);
      if (failed(kernel))
        return modelError();
      OpBuilder b(region.getContext());
      auto dims = [&](ArrayRef<DimExpr> d) { return graph::DimsAttr::get(b.getContext(), d); };
      region->setAttr(kernel_attr::kScalars, dims(kernel->scalars));
      region->setAttr(kernel_attr::kGrid, dims(kernel->grid));
      region->setAttr(kernel_attr::kScratch, dims(kernel->scratchBytes));
      region->setAttr(kernel_attr::kWorkspaces, dims(kernel->workspaces));
      region->setAttr(kernel_attr::kTaskNs, b.getF64FloatAttr(kernel->taskNanoseconds));
      if (kernel->inPlace)
        region->setAttr(kernel_attr::kInPlace, b.getUnitAttr());
      region->setAttr(kernel_attr::kKernel, b.getStringAttr(kernels.add(std::move(*kernel), region)));
    }
    return llvm::Error::success();
  }

  ModuleOp module;
  bool isFused = false; // it came with regions
  const CompileOptions &options;
  KernelCache cache;
  CompileReport report;
  std::vector<OwningOpRef<ModuleOp>> specialized; // of each bucket, normalised
  std::vector<OwningOpRef<ModuleOp>> clones;      // of each program
  std::vector<std::unique_ptr<graph::ShapeFacts>> facts;
  std::vector<PlanParts::Program> programs;
  std::vector<PlanParts::Target> code;
  ConstantTable constants;
  Calibration calibration;
  Accuracy accuracy;
  std::set<std::string> passesSeen;
};

} // namespace

llvm::Expected<CompileReport> compileToFile(ModuleOp module, const CompileOptions &options, const std::string &path) { return Compilation(module, options).run(&path, nullptr); }

llvm::Expected<CompileReport> compileToBytes(ModuleOp module, const CompileOptions &options, std::string &plan) { return Compilation(module, options).run(nullptr, &plan); }

} // namespace mlc
